// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "./DevToken.sol";

/// A double of the auth-capture escrow (commerce payments, V1.0). Its code is put at the canonical
/// address, and it writes history alone: the same events and movements, in the same order.
contract Escrow {
    struct PaymentInfo {
        address operator;
        address payer;
        address receiver;
        address token;
        uint120 maxAmount;
        uint48 preApprovalExpiry;
        uint48 authorizationExpiry;
        uint48 refundExpiry;
        uint16 minFeeBps;
        uint16 maxFeeBps;
        address feeReceiver;
        uint256 salt;
    }

    event PaymentCharged(
        bytes32 indexed paymentInfoHash,
        PaymentInfo paymentInfo,
        uint256 amount,
        address tokenCollector,
        uint16 feeBps,
        address feeReceiver
    );
    event PaymentAuthorized(
        bytes32 indexed paymentInfoHash, PaymentInfo paymentInfo, uint256 amount, address tokenCollector
    );
    event PaymentCaptured(bytes32 indexed paymentInfoHash, uint256 amount, uint16 feeBps, address feeReceiver);
    event PaymentVoided(bytes32 indexed paymentInfoHash, uint256 amount);
    event PaymentRefunded(bytes32 indexed paymentInfoHash, uint256 amount, address tokenCollector);

    bytes32 public constant PAYMENT_INFO_TYPEHASH = keccak256(
        "PaymentInfo(address operator,address payer,address receiver,address token,uint120 maxAmount,uint48 preApprovalExpiry,uint48 authorizationExpiry,uint48 refundExpiry,uint16 minFeeBps,uint16 maxFeeBps,address feeReceiver,uint256 salt)"
    );
    address public constant COLLECTOR = 0x0E3dF9510de65469C4518D7843919c0b8C7A7757;
    address public constant REFUND_COLLECTOR = 0x934907bffd0901b6A21e398B9C53A4A38F02fa5d;
    uint256 private constant SIZE = 87;

    address private immutable historian = msg.sender;
    address private immutable operator;
    address private immutable feeReceiver;
    /// Where an operator's money lies: a clone of its own, not the escrow.
    address private immutable tokenStore;

    constructor(address operator_, address feeReceiver_, address tokenStore_) {
        (operator, feeReceiver, tokenStore) = (operator_, feeReceiver_, tokenStore_);
    }

    /// Records: op(1) payer(20) receiver(20) token(20) max(10) amount(10) feeBps(2) salt(4). Ops:
    /// 1 authorize, 2 capture, 3 charge, 4 void, 5 refund.
    function replay(bytes calldata records) external {
        require(msg.sender == historian, "devnet: only the deployer");
        require(records.length % SIZE == 0, "devnet: bad records");
        for (uint256 at = 0; at < records.length; at += SIZE) _one(records[at:at + SIZE]);
    }

    function _one(bytes calldata r) private {
        PaymentInfo memory p;
        p.operator = operator;
        p.payer = address(bytes20(r[1:21]));
        p.receiver = address(bytes20(r[21:41]));
        p.token = address(bytes20(r[41:61]));
        p.maxAmount = uint80(bytes10(r[61:71]));
        p.preApprovalExpiry = p.authorizationExpiry = p.refundExpiry = type(uint48).max;
        p.maxFeeBps = 1000;
        p.salt = uint32(bytes4(r[83:87]));
        uint256 amount = uint80(bytes10(r[71:81]));
        uint16 fee = uint16(bytes2(r[81:83]));
        bytes32 hash = keccak256(abi.encode(block.chainid, address(this), keccak256(abi.encode(PAYMENT_INFO_TYPEHASH, p))));
        uint8 op = uint8(r[0]);
        if (op == 1) {
            emit PaymentAuthorized(hash, p, amount, COLLECTOR);
            _collect(p, amount);
        } else if (op == 2) {
            emit PaymentCaptured(hash, amount, fee, feeReceiver);
            _distribute(p, amount, fee);
        } else if (op == 3) {
            emit PaymentCharged(hash, p, amount, COLLECTOR, fee, feeReceiver);
            _collect(p, amount);
            _distribute(p, amount, fee);
        } else if (op == 4) {
            emit PaymentVoided(hash, amount);
            IMover(p.token).move(false, tokenStore, p.payer, amount);
        } else {
            emit PaymentRefunded(hash, amount, REFUND_COLLECTOR);
            IMover(p.token).move(false, operator, tokenStore, amount);
            IMover(p.token).move(false, tokenStore, p.payer, amount);
        }
    }

    /// By the collector for EIP-3009: what looks like a payment to it is none.
    function _collect(PaymentInfo memory p, uint256 amount) private {
        IMover(p.token).move(true, p.payer, COLLECTOR, amount);
        IMover(p.token).move(false, COLLECTOR, tokenStore, amount);
    }

    function _distribute(PaymentInfo memory p, uint256 amount, uint16 feeBps) private {
        uint256 fee = (amount * feeBps) / 10_000;
        if (fee > 0) IMover(p.token).move(false, tokenStore, feeReceiver, fee);
        if (amount > fee) IMover(p.token).move(false, tokenStore, p.receiver, amount - fee);
    }
}
