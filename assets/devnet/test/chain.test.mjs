// The ledger against the chains: what was put in, is it what a client finds?

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { decodeEventLog } from 'viem';
import { build, openChains, readJson, readLedger, scratch, SMALL, start } from '../lib/harness.mjs';

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const USED = '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5';
const SETTLED = '0x97088ec3606cfe8cc112180570d03fcde05f9b8e1bfef8e27784eaf5dd5691b6';
const CHANNEL_SETTLED = '0x7337b4386b690fdb8ba66905b92b9d45d33bc6626ee2620c905fb150ec0cc47d';
const REFUNDED = '0x1bf415371b303ca6b8bbb4ce479b177cba5ad15dbe0c9a7750a588aa6bcd25b2';
const root = scratch();
const dir = `${root}/a`;
let chains;
let contracts;
let ledger;
let logs;

before(async () => {
    const { code, err } = await build(dir);
    assert.equal(code, 0, err);
    contracts = readJson(`${dir}/contracts.json`);
    ledger = readLedger(dir);
    chains = await openChains(dir);
    const all = { fromBlock: '0x0', toBlock: 'latest' };
    logs = { payment: await chains.payment.rpc.call('eth_getLogs', all), inference: await chains.inference.rpc.call('eth_getLogs', all) };
});

after(async () => {
    await chains?.stop();
    fs.rmSync(root, { recursive: true, force: true });
});

const of = (kind) => ledger.filter((l) => l.kind === kind);
const at = (log) => `${Number(log.blockNumber)}/${Number(log.logIndex)}/${log.transactionHash}`;
const where = (l) => `${l.block}/${l.log}/${l.tx}`;
const address = (topic) => `0x${topic.slice(26)}`;

/** Every payment that its transaction's logs prove, found without the ledger: place -> what is known of it. */
function proved() {
    const { exact_proxy, upto_proxy, channel, escrow } = contracts.contracts;
    const tokens = new Set(contracts.tokens.map((t) => t.address));
    const found = new Map();
    const infos = new Map();
    const abi = readJson(`${dir}/abi.json`);
    const put = (log, scheme, payer) => found.set(at(log), [scheme, payer, address(log.topics[2]), log.address, BigInt(log.data).toString()]);
    const own = (log, name) => decodeEventLog({ abi: abi[name].abi, data: log.data, topics: log.topics });
    logs.payment.forEach((log, i) => {
        if (log.address === escrow) {
            const { eventName, args } = own(log, 'Escrow');
            if (args.paymentInfo) infos.set(args.paymentInfoHash, args.paymentInfo);
            if (eventName !== 'PaymentCaptured' && eventName !== 'PaymentCharged') return;
            const { payer, receiver } = infos.get(args.paymentInfoHash);
            const net = args.amount - (args.amount * BigInt(args.feeBps)) / 10000n;
            const out = logs.payment.slice(i + 1, i + 6).find((x) => x.topics[0] === TRANSFER && address(x.topics[2]) === receiver.toLowerCase());
            assert.equal(BigInt(out.data), net);
            put(out, 'escrow', payer.toLowerCase());
        }
        if (log.address === channel && log.topics[0] === CHANNEL_SETTLED) put(logs.payment[i - 1], 'channel', null);
        if (log.topics[0] !== TRANSFER || !tokens.has(log.address)) return;
        const [prev, next] = [logs.payment[i - 1], logs.payment[i + 1]];
        // Money that an authorisation brings to a collector, on its way into a channel or the escrow.
        const passes = [channel, escrow].includes(logs.payment[i - 2]?.address) && logs.payment[i - 2].transactionHash === log.transactionHash &&
            next?.topics[1] === log.topics[2] && next.data === log.data;
        if (prev?.topics[0] === USED && prev.address === log.address && prev.topics[1] === log.topics[1] && prev.transactionHash === log.transactionHash) {
            if (!passes) put(log, 'exact-eip3009', address(log.topics[1]));
        } else if (next?.topics[0] === SETTLED && next.transactionHash === log.transactionHash) {
            if (next.address === exact_proxy) put(log, 'exact-permit2', address(log.topics[1]));
            if (next.address === upto_proxy) put(log, 'upto', address(log.topics[1]));
        }
    });
    return found;
}

test('payments found by protocol proof alone are exactly those of the ledger', () => {
    const found = proved();
    const expected = of('payment').filter((p) => p.scheme !== 'list');
    for (const p of expected) assert.deepEqual(found.get(where(p)), [p.scheme, p.payer, p.pay_to, p.asset, p.amount]);
    assert.equal(found.size, expected.length);
    for (const scheme of ['channel', 'escrow']) assert.ok(expected.some((p) => p.scheme === scheme));
});

test('transfers known by their sender alone are that facilitator\'s transactions', async () => {
    const listed = of('payment').filter((p) => p.scheme === 'list');
    assert.ok(listed.length >= 2);
    const txs = await chains.payment.rpc.batch(listed.map((p) => ['eth_getTransactionByHash', p.tx]));
    for (const tx of txs) assert.equal(tx.from, contracts.contracts.facilitators);
    assert.equal(of('payment').length, SMALL.payments);
});

test('what the escrow gives back is told apart, and nothing forged comes from where it would count', () => {
    const refunds = logs.payment.filter((l) => l.address === contracts.contracts.escrow && l.topics[0] === REFUNDED);
    assert.deepEqual(refunds.map(at), of('refund').map(where));
    const forged = of('transfer').filter((t) => t.why === 'forged');
    assert.ok(forged.length >= 3);
    const known = new Set([...Object.values(contracts.contracts), ...contracts.tokens.map((t) => t.address)]);
    const others = logs.payment.filter((l) => !known.has(l.address));
    assert.deepEqual([...new Set(others.map((l) => l.address))], [forged[0].from]);
    assert.equal(others.length, 5 * forged.length);
});

test('every transfer is in the ledger, and balances on chain are what it says', async () => {
    const tokens = new Set(contracts.tokens.map((t) => t.address));
    const transfers = logs.payment.filter((l) => l.topics[0] === TRANSFER && tokens.has(l.address));
    const expected = [...of('payment'), ...of('transfer')];
    assert.equal(transfers.length, expected.length);
    assert.deepEqual(new Set(transfers.map(at)), new Set(expected.map(where)));
    const balance = new Map();
    const add = (asset, who, n) => balance.set(`${asset} ${who}`, (balance.get(`${asset} ${who}`) ?? 0n) + n);
    for (const e of expected) {
        add(e.asset, e.from, -BigInt(e.amount));
        add(e.asset, e.to ?? e.pay_to, BigInt(e.amount));
    }
    const rows = [...balance].filter(([k]) => !k.endsWith(` 0x${'0'.repeat(40)}`));
    assert.ok(rows.length > 100);
    const calls = rows.map(([k]) => {
        const [to, who] = k.split(' ');
        return ['eth_call', { to, data: `0x70a08231${who.slice(2).padStart(64, '0')}` }, 'latest'];
    });
    const answers = await chains.payment.rpc.batch(calls);
    rows.forEach(([k, n], i) => assert.equal(BigInt(answers[i]), n, k));
});

test('listings decode to what the ledger says', () => {
    const abi = readJson(`${dir}/abi.json`).ModelListings.abi;
    const events = logs.payment.filter((l) => l.address === contracts.contracts.listings);
    const expected = [...of('listing'), ...of('delisted')].sort((a, b) => a.block - b.block || a.log - b.log);
    assert.equal(events.length, expected.length);
    events.forEach((log, i) => {
        const e = expected[i];
        assert.equal(at(log), where(e));
        const { eventName, args } = decodeEventLog({ abi, data: log.data, topics: log.topics });
        assert.equal(args.id, e.id);
        assert.equal(args.owner.toLowerCase(), e.owner);
        if (e.kind === 'delisted') return assert.equal(eventName, 'Delisted');
        return assert.deepEqual([args.author, args.name, args.blobId, args.price.toString(), args.asset.toLowerCase(),
            args.payTo.toLowerCase(), args.endpoint], [e.author, e.name, e.blob_id, e.price, e.asset, e.pay_to, e.endpoint]);
    });
    assert.ok(of('listing').some((l) => l.impostor) && of('listing').some((l) => !l.proven && !l.impostor));
});

test('inferences decode with the precompile\'s own ABI', () => {
    const abi = readJson(`${dir}/abi.json`).Inference.abi;
    const expected = of('inference');
    assert.equal(expected.length, SMALL.inferences);
    assert.equal(logs.inference.length, expected.length);
    logs.inference.forEach((log, i) => {
        assert.equal(log.address, '0x00000000000000000000000000000000000000f4');
        assert.equal(log.topics[0], '0x1b283af3452f3718585ce100f80d9aa81fc60924db4a582a36db6aae3b109d87');
        const { args } = decodeEventLog({ abi, data: log.data, topics: log.topics });
        assert.equal(args.request.modelCID, expected[i].cid);
        assert.equal(args.response.is_simulation_result, expected[i].simulation);
        assert.equal(at(log), where(expected[i]));
    });
});

test('blocks kept their times through saving and loading', async () => {
    const lines = [...of('payment').slice(0, 20), ...of('payment').slice(-20)];
    const blocks = await chains.payment.rpc.batch(lines.map((l) => ['eth_getBlockByNumber', `0x${l.block.toString(16)}`, false]));
    lines.forEach((l, i) => assert.equal(Number(blocks[i].timestamp), l.time));
    const { first_block: a, last_block: b, last_time: t } = contracts.history.payment_chain;
    assert.equal(b - a + 1, SMALL.days * 24, 'a block an hour');
    assert.ok(t < SMALL.end && t > SMALL.end - 3600);
});

test('Permit2 and Multicall3 are the real ones, at their addresses', async () => {
    const { permit2, multicall3 } = contracts.contracts;
    const [p, m, separator] = await chains.payment.rpc.batch([['eth_getCode', permit2, 'latest'], ['eth_getCode', multicall3, 'latest'],
        ['eth_call', { to: permit2, data: '0x3644e515' }, 'latest']]);
    assert.equal((p.length - 2) / 2, 9152);
    assert.ok(m.length > 5000);
    assert.match(separator, /^0x010f27a9.*26592c$/, 'the domain separator known for chain 84532');
});

test('the same parameters give the same ledger and the same logs', async () => {
    const again = `${root}/b`;
    assert.equal((await build(again)).code, 0);
    assert.ok(fs.readFileSync(`${dir}/ledger.jsonl`).equals(fs.readFileSync(`${again}/ledger.jsonl`)));
    const other = await openChains(again);
    try {
        // Block hashes differ: anvil draws prevrandao by chance.
        const bare = (list) => list.map(({ blockHash, ...rest }) => rest);
        const all = { fromBlock: '0x0', toBlock: 'latest' };
        assert.deepEqual(bare(await other.payment.rpc.call('eth_getLogs', all)), bare(logs.payment));
        assert.deepEqual(bare(await other.inference.rpc.call('eth_getLogs', all)), bare(logs.inference));
    } finally {
        await other.stop();
    }
});

test('a build that is killed leaves nothing behind', async () => {
    const half = `${root}/half`;
    const b = start('build.mjs', ['--dir', half, ...Object.entries(SMALL).flatMap(([k, v]) => [`--${k}`, v])]);
    await new Promise((resolve) => b.child.stderr.on('data', () => b.said.err.includes('payments ') && resolve()));
    b.child.kill('SIGTERM');
    const { code, err } = await b.done;
    assert.equal(code, 130);
    assert.match(err, /devnet build: stopped/);
    assert.deepEqual(fs.readdirSync(root).filter((f) => f.startsWith('half')), []);
});

test('not even a build killed outright leaves an anvil', async () => {
    const b = start('build.mjs', ['--dir', `${root}/dead`, ...Object.entries(SMALL).flatMap(([k, v]) => [`--${k}`, v])]);
    await new Promise((resolve) => b.child.stderr.on('data', () => b.said.err.includes('payments ') && resolve()));
    const children = fs.readFileSync(`/proc/${b.child.pid}/task/${b.child.pid}/children`, 'utf8').trim().split(' ');
    assert.equal(children.length, 2);
    b.child.kill('SIGKILL');
    await b.done;
    const alive = (pid) => fs.existsSync(`/proc/${pid}/exe`) && fs.readlinkSync(`/proc/${pid}/exe`).includes('anvil');
    while (children.some((pid) => { try { return alive(pid); } catch { return false; } })) await new Promise((r) => setTimeout(r, 20));
});

test('a build that cannot be is refused in one line', async () => {
    const { code, err } = await build(`${root}/c`, { ...SMALL, models: 5000 });
    assert.equal(code, 2);
    assert.match(err, /^devnet build: --models must be .*\n$/);
});
