// How history is packed for the doubles that write it, and which logs each record leaves behind.

import { keccak256, toHex } from 'viem';
import { movesOf } from './schemes.mjs';

export const EXACT_PROXY = '0x402085c248eea27d92e8b30b2c58ed07f9e20001';
export const UPTO_PROXY = '0x4020a4f3b7b90cca423b9fabcc0ce57c6c240002';

const INFO = '(address,address,address,address,uint120,uint48,uint48,uint48,uint16,uint16,address,uint256)';
const signature = (s) => keccak256(toHex(s));

export const TOPIC = {
    transfer: signature('Transfer(address,address,uint256)'),
    authorizationUsed: signature('AuthorizationUsed(address,bytes32)'),
    settled: signature('Settled()'),
    inference: '0x1b283af3452f3718585ce100f80d9aa81fc60924db4a582a36db6aae3b109d87',
    created: signature('ChannelCreated(bytes32,(address,address,address,address,address,uint40,bytes32))'),
    deposit: signature('Deposited(bytes32,address,uint128,uint128)'),
    claim: signature('Claimed(bytes32,address,uint128,uint128)'),
    settle: signature('Settled(address,address,address,uint128)'),
    refund: signature('Refunded(bytes32,address,uint128)'),
    'escrow authorize': signature(`PaymentAuthorized(bytes32,${INFO},uint256,address)`),
    'escrow capture': signature('PaymentCaptured(bytes32,uint256,uint16,address)'),
    'escrow charge': signature(`PaymentCharged(bytes32,${INFO},uint256,address,uint16,address)`),
    'escrow void': signature('PaymentVoided(bytes32,uint256)'),
    'escrow refund': signature('PaymentRefunded(bytes32,uint256,address)'),
};

const KIND = { 'exact-eip3009': 1, 'exact-permit2': 1, upto: 2, list: 0 };
const CHANNEL_OP = { deposit: 1, claim: 2, settle: 3, refund: 4 };
const ESCROW_OP = { authorize: 1, capture: 2, charge: 3, void: 4, refund: 5 };

const number = (n, bytes) => BigInt(n).toString(16).padStart(2 * bytes, '0');
const bare = (address) => address.slice(2);
const joined = (list, one) => `0x${list.map(one).join('')}`;

/** kind(1) from(20) to(20) value(12): DevToken.sol */
export const packMovements = (list) => joined(list, (e) =>
    number(e.pay ? KIND[e.pay.scheme] : 0, 1) + bare(e.from) + bare(e.to) + number(e.amount, 12));

/** Channels.sol */
export const packChannel = (list, addresses) => joined(list, (e) =>
    number(CHANNEL_OP[e.op], 1) + bare(e.payer) + bare(e.receiver) + bare(addresses[e.asset]) + number(e.amount, 10) + number(e.total, 10) +
    number(e.first ? 1 : 0, 1));

/** Escrow.sol */
export const packEscrow = (list, addresses) => joined(list, (e) =>
    number(ESCROW_OP[e.op], 1) + bare(e.payer) + bare(e.receiver) + bare(addresses[e.asset]) + number(e.max, 10) + number(e.amount, 10) +
    number(e.feeBps, 2) + number(e.salt, 4));

/** Inference.sol */
export function packInferences(list) {
    return `0x${Buffer.concat(list.map((e, i) => {
        const cid = Buffer.from(e.cid);
        // Every fourth event carries its input; all would double the size of the chain.
        return Buffer.concat([Buffer.from([(e.simulation ? 1 : 0) | (i % 4 === 0 ? 2 : 0), cid.length]), cid]);
    })).toString('hex')}`;
}

/** Transfers with what proves them, as the tokens' replay leaves them. */
function* tokenLogs(list, asset, token) {
    for (const e of list) {
        const scheme = e.pay?.scheme;
        if (scheme === 'exact-eip3009') yield { at: token, topic: TOPIC.authorizationUsed };
        yield { at: token, topic: TOPIC.transfer, asset, from: e.from, to: e.to, amount: e.amount, pay: e.pay, why: e.transfer };
        if (scheme === 'exact-permit2' || scheme === 'upto') yield { at: scheme === 'upto' ? UPTO_PROXY : EXACT_PROXY, topic: TOPIC.settled };
    }
}

/** What a channel or the escrow leaves: its own event before the transfers, but for a settled channel. */
function* opLogs(world, e, addresses) {
    const own = { at: world[e.kind], topic: TOPIC[e.kind === 'channel' ? e.op : `escrow ${e.op}`] };
    if (e.kind === 'escrow' && e.op === 'refund')
        own.refund = { payer: e.payer, pay_to: e.receiver, asset: addresses[e.asset], amount: e.amount.toString() };
    if (e.first) yield { at: own.at, topic: TOPIC.created };
    if (e.op !== 'settle') yield own;
    for (const [from, to, amount, why, authorised] of movesOf(world, e)) {
        if (authorised) yield { at: addresses[e.asset], topic: TOPIC.authorizationUsed };
        const pay = e.pay && to === e.receiver ? e.pay : null;
        yield { at: addresses[e.asset], topic: TOPIC.transfer, asset: e.asset, from, to, amount, pay, why };
    }
    if (e.op === 'settle') yield own;
}

/** All logs of one block but those of listings: {at, topic}, and {asset, from, to, amount, pay or why} of what moved. */
export function* stepLogs(world, step, addresses) {
    for (const asset of ['USDC', 'OPG']) yield* tokenLogs(step[asset], asset, addresses[asset]);
    for (const e of [...step.channel, ...step.escrow]) yield* opLogs(world, e, addresses);
    for (const f of step.forged) {
        yield { at: world.forger, topic: TOPIC.authorizationUsed };
        yield { at: world.forger, topic: TOPIC.transfer, from: world.forger, to: f.payTo, amount: f.amount * 1000n };
        yield { at: addresses[f.asset], topic: TOPIC.transfer, asset: f.asset, from: world.forger, to: f.payTo, amount: f.amount, why: 'forged' };
        for (const topic of [TOPIC.settled, TOPIC.settle, TOPIC['escrow capture']]) yield { at: world.forger, topic };
    }
    for (const asset of ['USDC', 'OPG']) yield* tokenLogs(step.clear[asset], asset, addresses[asset]);
}
