// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "./DevToken.sol";

/// A double of the OPG token: 18 decimals, EIP-2612; paid through Permit2.
contract Opg is DevToken {
    address public constant EXACT_PROXY = 0x402085c248EeA27D92E8b30b2C58ed07f9E20001;
    address public constant UPTO_PROXY = 0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002;

    constructor() DevToken("OpenGradient", "1", "OPG", 18) {}

    /// Kind 1: settled by the exact proxy. Kind 2: by the upto proxy.
    function _replay(uint8 kind, address from, address to, uint256 value, uint256) internal override {
        require(kind == 1 || kind == 2, "devnet: no such kind");
        _transfer(from, to, value);
        ISettledMark(kind == 1 ? EXACT_PROXY : UPTO_PROXY).mark();
    }
}
