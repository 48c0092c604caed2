// ModelListings in the EVM: what it takes and refuses, its events to the last field, its gas; and
// that the creation code in the sources is what the pinned compiler makes of the contract.

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { decodeErrorResult, decodeEventLog, encodeAbiParameters, encodeFunctionData, getAddress, getContractAddress, keccak256, numberToHex } from 'viem';
import { anvilBinary, startAnvil } from '../lib/chain.mjs';
import { compile } from '../lib/compile.mjs';
import { account } from '../lib/replay.mjs';
import { listingsCode } from '../listings_code.mjs';

const PROXY = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
const SALT = `0x${'0'.repeat(64)}`;
const TOKEN = '0x1111111111111111111111111111111111111111';
const PAYEE = '0x2222222222222222222222222222222222222222';
const ZERO = '0x0000000000000000000000000000000000000000';
const BLOB = 'KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A';
const [ALICE, BOB] = [account(0).address, account(1).address];

const contract = compile().ModelListings;
const { abi } = contract;
const at = getContractAddress({ opcode: 'CREATE2', from: PROXY, salt: SALT, bytecode: contract.bytecode });
let chain;
let deployment;

/** Sends; the receipt, whatever its status. */
async function send(from, to, data, more = {}) {
    const hash = await chain.rpc.call('eth_sendTransaction', { from, to, data, gas: numberToHex(5_000_000), ...more });
    await chain.rpc.call('evm_mine');
    return chain.rpc.call('eth_getTransactionReceipt', hash);
}

const listing = (more = {}) => ({ author: 'mira', name: 'eth-volatility', blobId: BLOB, price: 1000n, asset: TOKEN, payTo: PAYEE,
    endpoint: 'https://api.example/v1', ...more });
const call = (functionName, args) => encodeFunctionData({ abi, functionName, args });
const listData = (l) => call('list', [l.author, l.name, l.blobId, l.price, l.asset, l.payTo, l.endpoint]);
const list = (l, from = ALICE) => send(from, at, listData(l));
const delist = (name, from = ALICE) => send(from, at, call('delist', [name]));
const idOf = (owner, name) => keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'string' }], [owner, name]));
const view = (data) => chain.rpc.call('eth_call', { to: at, data }, 'latest');
const active = async (id) => BigInt(await view(call('active', [id]))) === 1n;

/** One log, decoded strictly: no byte more than the event has. */
function event(receipt) {
    assert.equal(receipt.status, '0x1');
    assert.equal(receipt.logs.length, 1);
    const [log] = receipt.logs;
    assert.equal(getAddress(log.address), at);
    return decodeEventLog({ abi, data: log.data, topics: log.topics, strict: true });
}

/** Why a call is refused, by name and arguments; nothing is written and no event made. */
async function refused(from, data) {
    const receipt = await send(from, at, data);
    assert.equal(receipt.status, '0x0');
    assert.equal(receipt.logs.length, 0);
    const answer = await fetch(chain.rpc.url, { method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: [{ from, to: at, data }, 'latest'] }) });
    const { error } = await answer.json();
    const { errorName, args } = decodeErrorResult({ abi, data: error.data });
    return [errorName, ...(args ?? [])];
}

before(async () => {
    chain = await startAnvil(anvilBinary(), ['--chain-id', '84532', '--no-mining']);
    deployment = await send(BOB, PROXY, `${SALT}${contract.bytecode.slice(2)}`);
});

after(() => chain?.stop());

test('the creation code in the sources is what the compiler makes', () => {
    assert.equal(fs.readFileSync(new URL('../../../src/eth/listings_code.c', import.meta.url), 'utf8'), listingsCode(contract));
});

test('anyone can put it at the one address that follows from its code, once', async () => {
    assert.equal(deployment.status, '0x1');
    assert.equal(await chain.rpc.call('eth_getCode', at, 'latest'), contract.deployed);
    const again = await send(ALICE, PROXY, `${SALT}${contract.bytecode.slice(2)}`);
    assert.equal(again.status, '0x0');
    assert.equal(await chain.rpc.call('eth_getCode', at, 'latest'), contract.deployed);
});

test('it has nothing but what it needs: no owner, no coin, no call out', async () => {
    assert.deepEqual(abi.filter((x) => x.type === 'function').map((f) => `${f.name} ${f.stateMutability}`).sort(),
        ['active view', 'delist nonpayable', 'list nonpayable', 'listingId pure']);
    assert.equal((await send(ALICE, at, listData(listing()), { value: '0x1' })).status, '0x0');
    // By opcode, immediates skipped: CALL, CALLCODE, DELEGATECALL, CREATE, CREATE2, SELFDESTRUCT.
    const code = Buffer.from(contract.deployed.slice(2), 'hex');
    for (let i = 0; i < code.length; i += code[i] >= 0x60 && code[i] <= 0x7f ? code[i] - 0x5e : 1)
        assert.ok(![0xf0, 0xf1, 0xf2, 0xf4, 0xf5, 0xff].includes(code[i]), `opcode ${code[i].toString(16)} at ${i}`);
});

test('listing says everything in one event', async () => {
    const l = listing();
    const { eventName, args } = event(await list(l));
    const id = idOf(ALICE, l.name);
    assert.equal(eventName, 'Listed');
    assert.deepEqual(args, { owner: ALICE, id, ...l });
    assert.equal(await view(call('listingId', [ALICE, l.name])), id);
    assert.equal(await active(id), true);
});

test('the same name again replaces it; another owner\'s is another listing', async () => {
    const first = listing({ name: 'replaced' });
    const second = { ...first, price: 5n, payTo: TOKEN, asset: PAYEE, endpoint: '', blobId: '' };
    const a = event(await list(first)).args;
    const b = event(await list(second)).args;
    const other = event(await list(first, BOB)).args;
    assert.equal(a.id, b.id);
    assert.deepEqual(b, { owner: ALICE, id: a.id, ...second });
    assert.notEqual(other.id, a.id);
    assert.equal(other.owner, BOB);
});

test('withdrawn, it is out of force, and can be listed again', async () => {
    const l = listing({ name: 'comes and goes' });
    const id = idOf(ALICE, l.name);
    assert.deepEqual(await refused(ALICE, call('delist', [l.name])), ['NotListed', id]);
    await list(l);
    assert.deepEqual(await refused(BOB, call('delist', [l.name])), ['NotListed', idOf(BOB, l.name)]);
    assert.equal(await active(id), true);
    assert.deepEqual(event(await delist(l.name)), { eventName: 'Delisted', args: { owner: ALICE, id } });
    assert.equal(await active(id), false);
    assert.deepEqual(await refused(ALICE, call('delist', [l.name])), ['NotListed', id]);
    assert.equal(event(await list(l)).args.id, id);
    assert.equal(await active(id), true);
});

test('texts are bytes: Unicode, control characters, nothing at all', async () => {
    for (const name of ['模型-\u{1F9EA}', 'o\u0308\u202Eevil', '\u0000\n\t', ' ', 'a'.repeat(31), 'b'.repeat(32), 'c'.repeat(33)]) {
        const l = listing({ name, author: name, endpoint: name });
        const { args } = event(await list(l));
        assert.deepEqual(args, { owner: ALICE, id: idOf(ALICE, name), ...l });
    }
    assert.deepEqual(event(await list(listing({ name: 'bare', author: '', blobId: '', endpoint: '' }))).args.author, '');
});

test('what no reader could make sense of is refused', async () => {
    assert.deepEqual(await refused(ALICE, listData(listing({ name: '' }))), ['NoName']);
    assert.deepEqual(await refused(ALICE, listData(listing({ payTo: ZERO }))), ['NobodyToPay']);
    assert.deepEqual(await refused(ALICE, listData(listing({ asset: ZERO }))), ['NobodyToPay']);
    event(await list(listing({ name: 'free', price: 0n, payTo: ZERO, asset: ZERO })));
    event(await list(listing({ name: 'dear', price: 2n ** 256n - 1n })));
});

test('texts have bounds, in bytes, and may reach them', async () => {
    const most = { author: 256, name: 512, blobId: 128, endpoint: 512 };
    const full = listing(Object.fromEntries(Object.entries(most).map(([k, n]) => [k, k[0].repeat(n)])));
    assert.deepEqual(event(await list(full)).args, { owner: ALICE, id: idOf(ALICE, full.name), ...full });
    for (const k of Object.keys(most)) {
        assert.deepEqual(await refused(ALICE, listData({ ...full, [k]: `${full[k]}x` })), ['TooLong'], k);
        // Half as many characters of two bytes each are as many bytes.
        assert.deepEqual(await refused(ALICE, listData({ ...full, [k]: `${'\u00e9'.repeat(most[k] / 2)}x` })), ['TooLong'], k);
    }
});

test('call data that is cut or points outside is refused', async () => {
    const whole = listData(listing());
    for (const n of [10, 10 + 64, whole.length - 64]) assert.equal((await send(ALICE, at, whole.slice(0, n))).status, '0x0', `${n}`);
    const wild = `${whole.slice(0, 10)}${'f'.repeat(64)}${whole.slice(74)}`;
    assert.equal((await send(ALICE, at, wild)).status, '0x0');
    assert.equal((await send(ALICE, at, '0xdeadbeef')).status, '0x0');
    assert.equal((await send(ALICE, at, '0x')).status, '0x0');
});

test('gas', async (t) => {
    const l = listing({ name: 'gas' });
    const used = { deploy: deployment, list: await list(l), 'new price': await list({ ...l, price: 2000n }), delist: await delist('gas'),
        'list again': await list(l) };
    // Figures for the README; the bounds have a quarter of room.
    const bounds = { deploy: 460_000, list: 70_000, 'new price': 45_000, delist: 31_000, 'list again': 70_000 };
    for (const [what, receipt] of Object.entries(used)) {
        t.diagnostic(`${what}: ${Number(receipt.gasUsed)} gas`);
        assert.ok(Number(receipt.gasUsed) < bounds[what], `${what}: ${Number(receipt.gasUsed)}`);
    }
});
