// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "./DevToken.sol";

/// A double of the x402 payment channels (batch-settlement). Its code is put at the canonical address,
/// and it writes history alone: the same events and movements, in the same order, without vouchers.
contract Channels {
    struct ChannelConfig {
        address payer;
        address payerAuthorizer;
        address receiver;
        address receiverAuthorizer;
        address token;
        uint40 withdrawDelay;
        bytes32 salt;
    }

    event ChannelCreated(bytes32 indexed channelId, ChannelConfig config);
    event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance);
    event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed);
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);
    event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount);

    address public constant COLLECTOR = 0x4020806089470a89826cB9fB1f4059150b550004;
    uint256 private constant SIZE = 82;

    address private immutable historian = msg.sender;

    /// Records: op(1) payer(20) receiver(20) token(20) amount(10) total(10) first(1). Ops: 1 deposit,
    /// `total` the balance after it; 2 claim, `total` all that was claimed; 3 settle; 4 refund.
    function replay(bytes calldata records) external {
        require(msg.sender == historian, "devnet: only the deployer");
        require(records.length % SIZE == 0, "devnet: bad records");
        for (uint256 at = 0; at < records.length; at += SIZE) _one(records[at:at + SIZE]);
    }

    function _one(bytes calldata r) private {
        ChannelConfig memory c;
        c.payer = c.payerAuthorizer = address(bytes20(r[1:21]));
        c.receiver = c.receiverAuthorizer = address(bytes20(r[21:41]));
        c.token = address(bytes20(r[41:61]));
        c.withdrawDelay = 1 days;
        bytes32 id = keccak256(abi.encode(c));
        uint128 amount = uint80(bytes10(r[61:71]));
        uint128 total = uint80(bytes10(r[71:81]));
        uint8 op = uint8(r[0]);
        if (op == 1) {
            if (r[81] != 0) emit ChannelCreated(id, c);
            emit Deposited(id, msg.sender, amount, total);
            // By the collector for EIP-3009: what looks like a payment to it is none.
            IMover(c.token).move(true, c.payer, COLLECTOR, amount);
            IMover(c.token).move(false, COLLECTOR, address(this), amount);
        } else if (op == 2) {
            emit Claimed(id, msg.sender, amount, total);
        } else if (op == 3) {
            IMover(c.token).move(false, address(this), c.receiver, amount);
            emit Settled(c.receiver, c.token, msg.sender, amount);
        } else {
            emit Refunded(id, msg.sender, amount);
            IMover(c.token).move(false, address(this), c.payer, amount);
        }
    }
}
