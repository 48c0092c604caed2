// `souk health --prove` against real nodes: an honest one proves everything; one that drops, alters or
// invents, a cache that was tampered with, and a node that forgot its past are told apart.
//   node --test tests/interop/prove.test.mjs     (SOUK=path of the binary)

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { configure, newHome, run, start, startWorld, sync } from './world.mjs';
import { Proxy } from './proxy.mjs';

const { keccak256, toRlp } = createRequire(new URL('../../assets/devnet/', import.meta.url).pathname)('viem');
const SIZES = { models: 60, payments: 500, inferences: 500, authors: 20, days: 20, end: 1795219200 };
const CROWD = 140; // transfers in one block, so that its receipts' keys are of three lengths

const hex = (n) => `0x${n.toString(16)}`;

async function rpc(url, method, ...params) {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
    const { result, error } = await answer.json();
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
}

/** One block with many plain transfers, and an empty one after it. */
async function crowd(url) {
    const [from] = await rpc(url, 'eth_accounts');
    await rpc(url, 'evm_setAutomine', false);
    for (let i = 0; i < CROWD; i++) await rpc(url, 'eth_sendTransaction', { from, to: from, gas: hex(21000), value: '0x1' });
    await rpc(url, 'evm_mine');
    const block = Number(await rpc(url, 'eth_blockNumber'));
    await rpc(url, 'evm_mine');
    await rpc(url, 'evm_setAutomine', true);
    assert.equal((await rpc(url, 'eth_getBlockReceipts', hex(block))).length, CROWD);
    return block;
}

/** Changes answers of one method: change(result, params) gives another result, or throws to refuse. */
const answering = (method, change) => (x) => (x.calls.some((c) => c.method === method) ? (good) => {
    const list = [good].flat().map((a) => {
        const call = x.calls.find((c) => c.id === a.id);
        if (call?.method !== method) return a;
        try {
            return { jsonrpc: '2.0', id: a.id, result: change(a.result, call.params) };
        } catch (e) {
            return { jsonrpc: '2.0', id: a.id, error: { code: e.code ?? -32000, message: e.message } };
        }
    });
    return Array.isArray(good) ? list : list[0];
} : false);

/** A header's hash, by another program than the one that is tested. */
function hashOf(b) {
    const bytes = (v) => v;
    const number = (v) => (BigInt(v) === 0n ? '0x' : (h => (h.length % 2 ? `0x0${h}` : `0x${h}`))(BigInt(v).toString(16)));
    const fields = [[bytes, 'parentHash', 'sha3Uncles', 'miner', 'stateRoot', 'transactionsRoot', 'receiptsRoot', 'logsBloom'],
        [number, 'difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp'], [bytes, 'extraData', 'mixHash', 'nonce'],
        [number, 'baseFeePerGas'], [bytes, 'withdrawalsRoot'], [number, 'blobGasUsed', 'excessBlobGas'],
        [bytes, 'parentBeaconBlockRoot', 'requestsHash']];
    return keccak256(toRlp(fields.flatMap(([as, ...keys]) => keys.filter((k) => b[k] !== undefined).map((k) => as(b[k])))));
}

describe('a proof', () => {
    let w, home, payment, inference, crowded;
    before(async () => {
        w = await startWorld({ seed: 41, ...SIZES });
        crowded = await crowd(w.status.payment_chain.rpc);
        payment = await new Proxy(w.status.payment_chain.rpc).listen();
        inference = await new Proxy(w.status.inference_chain.rpc).listen();
        home = configure(newHome(), w.status);
        await sync(home);
    });
    after(async () => {
        await Promise.all([payment.close(), inference.close()]);
        await w.stop();
    });

    async function prove(of, ...args) {
        const r = await run(of, 'health', '--prove', '--json', '--quiet', ...args);
        return { code: r.code, err: r.err, ...(r.out ? JSON.parse(r.out) : {}) };
    }
    /** By other nodes, which may lie. */
    async function proveBy(faults, ...args) {
        Object.assign(payment, { fault: faults.payment ?? null, seen: [] });
        Object.assign(inference, { fault: faults.inference ?? null, seen: [] });
        return prove(home, '--rpc', payment.url, '--inference-rpc', inference.url, ...args);
    }
    const not = (list, state) => list.filter((x) => x.state !== state);
    const digest = (p, filter) => p.digests.find((d) => d.filter === filter);
    const counts = (p) => [p.code, p.failed, p.unchecked];
    function tampered(sql) {
        const other = newHome();
        fs.cpSync(home, other, { recursive: true });
        execFileSync('sqlite3', [`${other}/cache/devnet.db`, sql]);
        return other;
    }
    const ask = (sql) => execFileSync('sqlite3', [`${home}/cache/devnet.db`, sql]).toString().trim().split('|').map(Number);
    /** A payment to a listing's payee in a block that will be sampled: [block, log]. */
    async function sampledPayment() {
        const { receipts } = await proveBy({});
        const blocks = receipts.filter((r) => r.chain === w.status.payment_chain.chain_id).map((r) => r.block);
        return ask(`SELECT block, log FROM pay WHERE scheme = 1 AND block IN (${blocks}) AND payee IN (SELECT pay_to FROM listing_event)
            AND 1 < (SELECT count(*) FROM pay q WHERE q.block = pay.block) LIMIT 1`); // without it the block is still one with rows
    }
    const leftovers = (of = home) => fs.readdirSync(`${of}/cache`).filter((f) => f.startsWith('prove-'));

    test('of an honest cache, by another node, proves everything', async () => {
        const p = await proveBy({});
        assert.deepEqual(counts(p), [0, 0, 0], p.err);
        assert.deepEqual(p.digests.map((d) => d.filter), ['listings', 'payments', 'inferences']);
        for (const d of p.digests) {
            assert.ok(d.rows > 40 && d.rows === d.rows_there, d.filter);
            assert.equal(d.digest, d.digest_there);
            assert.equal(d.same_node, false);
        }
        assert.equal(digest(p, 'payments').asked, new URL(payment.url).host);
        assert.ok(p.balances.length > 20 && p.balances.some((b) => b.in.amount !== '0' && b.out.amount !== '0'));
        assert.equal(p.receipts.length, 32);
        for (const chain of [w.status.payment_chain.chain_id, w.status.inference_chain.chain_id]) {
            const blocks = p.receipts.filter((r) => r.chain === chain);
            assert.equal(blocks.length, 16);
            assert.ok(blocks.filter((r) => r.rows > 0).length >= 8 && blocks.some((r) => r.rows === 0));
        }
        assert.deepEqual(leftovers(), []);
        const again = await proveBy({});
        assert.deepEqual(again.receipts, p.receipts, 'the same blocks, whoever repeats it');
    });

    test('by the only node says that it is the same one', async () => {
        const p = await prove(home);
        assert.deepEqual(counts(p), [0, 0, 0], p.err);
        assert.ok(p.digests.every((d) => d.same_node));
    });

    test('takes the second node of the profile', async () => {
        payment.fault = null;
        const two = newHome();
        fs.cpSync(home, two, { recursive: true });
        configure(two, w.status, `[network.devnet]\npayment_rpc = ${w.status.payment_chain.rpc} ${payment.url}\n`);
        const p = await prove(two);
        assert.deepEqual(counts(p), [0, 0, 0], p.err);
        assert.equal(digest(p, 'payments').asked, new URL(payment.url).host);
        assert.equal(digest(p, 'payments').same_node, false);
        assert.equal(digest(p, 'inferences').same_node, true);
    });

    test('checks whole chains: empty blocks, several receipts, more than 128', async () => {
        const p = await proveBy({}, '--sample', '512');
        assert.deepEqual(counts(p), [0, 0, 0], p.err);
        const mine = p.receipts.filter((r) => r.chain === w.status.payment_chain.chain_id);
        const blocks = digest(p, 'payments').last_block + 1;
        assert.ok(mine.length > 0.8 * Math.min(blocks, 512), `${mine.length} of ${blocks}`);
        assert.ok(mine.some((r) => r.receipts === 0) && mine.some((r) => r.receipts > 1 && r.rows > 1));
        if (blocks < 500) assert.equal(mine.find((r) => r.block === crowded)?.receipts, CROWD);
    });

    test('finds the log that a node drops', async () => {
        let block = 0;
        const p = await proveBy({ payment: answering('eth_getLogs', (logs) => {
            const at = logs.findIndex((l) => l.topics[0].startsWith('0xddf2') && Number(l.blockNumber) > 30);
            if (block || at < 0) return logs;
            block = Number(logs[at].blockNumber);
            return logs.filter((_, i) => i !== at);
        }) });
        assert.equal(p.code, 4);
        assert.deepEqual(not(p.digests, 'proved').map((d) => d.filter), ['payments']);
        assert.match(digest(p, 'payments').words, new RegExp(`^block ${block} is the first that differs`));
        assert.deepEqual([not(p.balances, 'proved'), not(p.receipts, 'proved')], [[], []]);
        assert.match(p.err, /1 of the checks failed/);
        assert.deepEqual(leftovers(), []);
    });

    test('finds the amount that a node alters', async () => {
        let block = 0;
        const p = await proveBy({ payment: answering('eth_getLogs', (logs) => logs.map((l) => {
            if (block || !l.topics[0].startsWith('0xddf2') || Number(l.blockNumber) < 30) return l;
            block = Number(l.blockNumber);
            return { ...l, data: `${l.data.slice(0, -1)}${l.data.endsWith('1') ? '2' : '1'}` };
        })) });
        assert.equal(p.code, 4);
        const d = digest(p, 'payments');
        assert.equal(d.state, 'failed');
        assert.equal(d.rows, d.rows_there);
        assert.match(d.words, new RegExp(`^block ${block} is`));
    });

    test('finds the receipt that a node alters, drops or swaps', async () => {
        const lies = {
            altered: (r) => r.map((one, i) => (i ? one : { ...one, cumulativeGasUsed: hex(Number(one.cumulativeGasUsed) + 1) })),
            dropped: (r) => r.slice(1),
            twice: (r) => [...r, r[0]],
            'a log less': (r) => r.map((one) => ({ ...one, logs: one.logs.slice(1) })),
        };
        const { receipts } = await proveBy({});
        const block = receipts.find((r) => r.rows > 1).block;
        for (const [what, lie] of Object.entries(lies)) {
            const p = await proveBy({ payment: answering('eth_getBlockReceipts', (r, [b]) => (Number(b) === block ? lie(r) : r)) });
            assert.equal(p.code, 4, what);
            const bad = not(p.receipts, 'proved');
            assert.deepEqual(bad.map((r) => [r.block, r.state]), [[block, 'failed']], what);
            assert.match(bad[0].words, /receipts root/, what);
            assert.deepEqual(not(p.digests, 'proved'), [], what);
        }
    });

    test('finds the header that is made up, though it hashes well', async () => {
        const { receipts } = await proveBy({});
        const block = receipts.find((r) => r.rows > 1 && !/joined to block (\d+)/.exec(r.words)[1].startsWith(`${r.block}`)).block;
        const forged = (b, change) => ({ ...b, ...change, hash: hashOf({ ...b, ...change }) });
        const sane = await rpc(w.status.payment_chain.rpc, 'eth_getBlockByNumber', hex(block), false);
        assert.equal(hashOf(sane), sane.hash);
        const spoil = (make) => answering('eth_getBlockByNumber', (b, [n]) => (n === hex(block) ? make(b) : b));
        const stateRoot = `0x${'5a'.repeat(32)}`;
        const made = await proveBy({ payment: spoil((b) => forged(b, { stateRoot })) });
        assert.equal(made.code, 4);
        const bad = made.receipts.find((r) => r.block === block && r.state === 'failed');
        assert.match(bad.words, new RegExp(`block ${block + 1} does not follow on it`));
        const wrong = await proveBy({ payment: spoil((b) => ({ ...b, stateRoot })) });
        assert.equal(wrong.code, 4);
        assert.match(wrong.receipts.find((r) => r.block === block && r.state === 'failed').words, /does not make the hash/);
    });

    test('finds the balance that is off by one', async () => {
        const p = await proveBy({ payment: answering('eth_call', (v) => `0x${(BigInt(v) + 1n).toString(16).padStart(64, '0')}`) });
        assert.equal(p.code, 4);
        assert.ok(p.balances.every((b) => b.state === 'failed'));
        assert.match(p.balances[0].words, /0\.000001 USDC came in that no row tells of/);
        const less = await proveBy({ payment: answering('eth_call', (v) => `0x${(BigInt(v) - (BigInt(v) ? 1n : 0n)).toString(16).padStart(64, '0')}`) });
        assert.equal(less.code, 4);
        assert.match(not(less.balances, 'proved')[0].words, /0\.000001 USDC is in the rows alone/);
        assert.deepEqual([not(p.digests, 'proved'), not(p.receipts, 'proved')], [[], []]);
    });

    test('asks about the newest block where no older state is kept, and only while it is the end', async () => {
        const pruned = answering('eth_call', (v, [, block]) => {
            if (block !== 'latest') throw new Error('missing trie node');
            return v;
        });
        assert.deepEqual(counts(await proveBy({ payment: pruned })), [0, 0, 0]);
        const moving = answering('eth_getBlockByNumber', (b, [n]) => (n === 'latest' ? { ...b, number: hex(Number(b.number) + 1) } : b));
        const p = await proveBy({ payment: (x) => {
            const a = pruned(x), b = moving(x);
            return a || b ? (good, y) => (b ? b(a ? a(good, y) : good, y) : a(good, y)) : false;
        } });
        assert.deepEqual([p.code, p.failed], [0, 0]);
        assert.ok(p.unchecked > 0 && p.balances.every((b) => b.state === 'unchecked'));
        assert.match(p.balances[0].words, /tells no balance at block \d+: missing trie node/);
        assert.equal(p.balances[0].after, null);
    });

    test('asks for receipts one by one where it must', async () => {
        const p = await proveBy({ payment: answering('eth_getBlockReceipts', () => {
            throw Object.assign(new Error('the method eth_getBlockReceipts does not exist/is not available'), { code: -32601 });
        }) });
        assert.deepEqual(counts(p), [0, 0, 0], p.err);
        const asked = payment.seen.flatMap((x) => x.calls.map((c) => c.method));
        assert.equal(asked.filter((m) => m === 'eth_getBlockReceipts').length, 1, 'it is not asked again');
        assert.ok(asked.includes('eth_getTransactionReceipt'));
    });

    test('says what it could not check', async () => {
        const p = await proveBy({
            payment: answering('eth_getBlockReceipts', (r, [b]) => (Number(b) % 2 ? null : r)),
            inference: answering('eth_chainId', () => '0x1'),
        });
        assert.deepEqual([p.code, p.failed], [0, 0]);
        const here = p.receipts.filter((r) => r.chain === w.status.payment_chain.chain_id);
        for (const r of here) assert.equal(r.state, r.block % 2 ? 'unchecked' : 'proved');
        assert.match(not(here, 'proved')[0].words, /does not give the receipts of this block/);
        assert.match(digest(p, 'inferences').words, /on chain 1, not \d+/);
        assert.ok(p.receipts.filter((r) => r.chain !== w.status.payment_chain.chain_id).every((r) => r.state === 'unchecked'));
        const behind = await proveBy({ payment: answering('eth_blockNumber', (n) => hex(Number(n) - 50)) });
        assert.deepEqual([behind.code, behind.failed], [0, 0]);
        assert.match(digest(behind, 'payments').words, /gave the blocks up to \d+ of \d+ only/);
        const dead = await proveBy({ payment: (x) => (x.calls.some((c) => c.method === 'eth_getLogs') ? (x.response.destroy(), true) : false) });
        assert.deepEqual([dead.code, dead.failed], [0, 0]);
        assert.equal(digest(dead, 'payments').state, 'unchecked');
        assert.deepEqual([not(dead.balances, 'proved'), not(dead.receipts, 'proved')], [[], []]);
    });

    test('finds a row that was taken out of the cache, everywhere', async () => {
        const [block, log] = await sampledPayment();
        const of = tampered(`DELETE FROM pay WHERE block = ${block} AND log = ${log}`);
        const p = await prove(of);
        assert.equal(p.code, 4);
        assert.match(digest(p, 'payments').words, new RegExp(`^block ${block} is the first`));
        assert.equal(digest(p, 'payments').rows, digest(p, 'payments').rows_there - 1);
        const off = not(p.balances, 'proved');
        assert.ok(off.some((b) => b.state === 'failed' && /no row tells of/.test(b.words)));
        assert.deepEqual(not(p.receipts, 'proved').map((r) => [r.block, r.state]), [[block, 'failed']]);
        assert.match(not(p.receipts, 'proved')[0].words, /lacks the payment of log \d+/);
    });

    test('finds rows that were altered or made up', async () => {
        const [block, log] = await sampledPayment();
        const first = `block = ${block} AND log = ${log}`;
        for (const [sql, words] of [
            [`UPDATE pay SET amount = x'0badcafe' WHERE ${first}`, /another amount for the payment/],
            [`UPDATE pay SET payer = payee WHERE ${first}`, /another payer or payee/],
            [`UPDATE pay SET tx = zeroblob(32) WHERE ${first}`, /another transaction/],
            [`UPDATE pay SET scheme = 3 WHERE ${first}`, /another kind/],
            [`INSERT INTO pay SELECT chain, block, 900, payer, payee, asset, amount, scheme, tier, time, src, tx FROM pay WHERE ${first}`, /at log 900 that the block does not have/],
        ]) {
            const p = await prove(tampered(sql));
            assert.equal(p.code, 4, sql);
            assert.equal(digest(p, 'payments').state, 'failed', sql);
            assert.match(not(p.receipts, 'proved')[0].words, words);
        }
        const unheard = tampered('DELETE FROM infer WHERE block = (SELECT max(block) FROM infer)');
        const q = await prove(unheard);
        assert.deepEqual(not(q.digests, 'proved').map((d) => d.filter), ['inferences']);
    });

    test('leaves nothing behind, stopped or killed', async () => {
        let waiting;
        const stall = new Promise((resolve) => (waiting = resolve));
        payment.fault = (x) => (x.calls.some((c) => c.method === 'eth_getLogs') ? (waiting(), true) : false);
        const stopped = start(home, 'health', '--prove', '--rpc', payment.url);
        await stall;
        assert.equal(leftovers().length > 0, true);
        stopped.child.kill('SIGINT');
        assert.equal((await stopped.done).code, 130);
        assert.deepEqual(leftovers(), []);

        const again = new Promise((resolve) => (waiting = resolve));
        const killed = start(home, 'health', '--prove', '--rpc', payment.url);
        await again;
        killed.child.kill('SIGKILL');
        await killed.done;
        assert.equal(leftovers().length > 0, true);
        assert.deepEqual(counts(await proveBy({})), [0, 0, 0]);
        assert.deepEqual(leftovers(), []);
    });

    test('of a busy token checks what can be, and says what cannot', async () => {
        const [usdc, opg] = w.contracts.tokens;
        const config = `[network.devnet]\ntoken = USDC ${usdc.address} 6\ntoken = OPG ${opg.address} 18 whole\n`;
        const busy = newHome();
        // Read in steps, as the chain grew, and proved by reading it at once.
        configure(busy, { ...w.status, payment_chain: { ...w.status.payment_chain, rpc: payment.url } }, config);
        const whole = Number(await rpc(w.status.payment_chain.rpc, 'eth_blockNumber'));
        for (const head of [0.2, 0.21, 0.5, 0.8].map((part) => hex(Math.floor(whole * part)))) {
            const block = await rpc(w.status.payment_chain.rpc, 'eth_getBlockByNumber', head, false);
            payment.fault = (x) => (good) => {
                const list = [good].flat().map((a) => {
                    const c = x.calls.find((one) => one.id === a.id);
                    if (c.method === 'eth_blockNumber') return { ...a, result: head };
                    return c.method === 'eth_getBlockByNumber' && c.params[0] === 'latest' ? { ...a, result: block } : a;
                });
                return Array.isArray(good) ? list : list[0];
            };
            await sync(busy);
        }
        configure(busy, w.status, config);
        await sync(busy);
        const p = await prove(busy, '--sample', '256');
        assert.deepEqual([p.code, p.failed], [0, 0], p.err);
        assert.deepEqual([not(p.digests, 'proved'), not(p.receipts, 'proved')], [[], []]);
        assert.deepEqual(p.digests.map((d) => d.filter), ['listings', 'payments', 'payees', 'funding', 'inferences']);
        assert.ok(digest(p, 'payees').rows > 100 && digest(p, 'funding').rows > 10);
        for (const b of p.balances) {
            assert.equal(b.state, b.in.symbol === 'OPG' ? 'proved' : 'unchecked', b.words);
            if (b.in.symbol === 'USDC') assert.match(b.words, /^the node tells no balance at block/);
        }
        // A node that remembers: these addresses had nothing before they were listed.
        const end = digest(p, 'payees').last_block;
        payment.fault = (x) => (x.calls.some((c) => c.method === 'eth_call') ? (good, { calls }) => [good].flat().map((a) => {
            const c = calls.find((one) => one.id === a.id);
            return c.method === 'eth_call' && Number(c.params[1]) < end ? { jsonrpc: '2.0', id: a.id, result: `0x${'0'.repeat(64)}` } : a;
        }) : false);
        const r = await prove(busy, '--rpc', payment.url);
        assert.deepEqual(counts(r), [0, 0, 0], JSON.stringify(not(r.balances, 'proved')[0]));
        assert.ok(r.balances.some((b) => b.in.symbol === 'USDC' && b.out.amount !== '0'));
        const [block, log] = execFileSync('sqlite3', [`${busy}/cache/devnet.db`, 'SELECT block, log FROM pay WHERE scheme = 1 ORDER BY block LIMIT 1']).toString().split('|');
        execFileSync('sqlite3', [`${busy}/cache/devnet.db`, `DELETE FROM pay WHERE block = ${block} AND log = ${Number(log)}`]);
        const q = await prove(busy);
        assert.equal(q.code, 4);
        assert.match(digest(q, 'payees').words, new RegExp(`^block ${block} is`));
    });

    test('of nothing is refused', async () => {
        const p = await prove(configure(newHome(), w.status));
        assert.equal(p.code, 7);
        assert.match(p.err, /souk sync/);
    });
});
