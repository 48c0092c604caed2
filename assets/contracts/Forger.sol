// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IForgedToken {
    function transfer(address to, uint256 value) external returns (bool);
}

/// Emits what real settlements emit, from an address that settles nothing, around a transfer of its own
/// money. Whoever believes an event without looking at who emitted it counts payments that never were.
contract Forger {
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Settled();
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);
    event PaymentCaptured(bytes32 indexed paymentInfoHash, uint256 amount, uint16 feeBps, address feeReceiver);

    address private immutable historian = msg.sender;

    function forge(address token, address payTo, uint128 value) external {
        require(msg.sender == historian, "devnet: only the deployer");
        emit AuthorizationUsed(address(this), keccak256(abi.encode(payTo, value)));
        emit Transfer(address(this), payTo, value * 1000);
        IForgedToken(token).transfer(payTo, value);
        emit Settled();
        emit Settled(payTo, token, address(this), value);
        emit PaymentCaptured(keccak256(abi.encode(payTo)), value, 0, address(0));
    }
}
