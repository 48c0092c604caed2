// Where figures come from, by every way of asking on the command line: --explain, --findings and
// --sensitivity agree with one another, with `souk health`, and with the chain.
//   node --test tests/interop/explain.test.mjs     (SOUK=path of the binary)

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { configure, json, newHome, run, startWorld, sync } from './world.mjs';

const SIZES = { models: 60, payments: 900, inferences: 300, authors: 15, days: 40, end: 1795219200 };
const METRICS = ['stored', 'listed', 'proven', 'called-ever', 'called', 'paid', 'genuine', 'calls', 'payments', 'settlements',
    'inferences', 'payers', 'new-payers', 'returning', 'income', 'spending', 'genuine-payers', 'self-dealing', 'unattributed',
    'unlisted', 'inflow', 'uploads', 'growth', 'retention', 'concentration', 'author-income', 'price'];

const word = (n) => `0x${BigInt(n).toString(16).padStart(64, '0')}`;
const amounts = (list) => Object.fromEntries(list.filter((a) => a.amount !== '0').map((a) => [a.asset, BigInt(a.amount)]));

/** Every line is of 80 columns at most and holds nothing that a terminal would act upon. */
function assertPage(text, what) {
    for (const line of text.split('\n')) {
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/, `${what} has control characters`);
        assert.ok(line.length <= 80, `${what}: ${line.length} columns: ${line}`);
    }
}

describe('a figure', () => {
    let w, home, health;
    before(async () => {
        w = await startWorld({ seed: 43, ...SIZES });
        home = configure(newHome(), w.status);
        await sync(home);
        health = await json(home, 'health');
    });
    after(() => w.stop());

    async function receipt(tx) {
        const answer = await fetch(w.status.payment_chain.rpc, { method: 'POST', headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getTransactionReceipt', params: [tx] }) });
        return (await answer.json()).result;
    }

    test('says what it is made of, whichever it is', async () => {
        const digests = new Map();
        for (const metric of METRICS) {
            const x = await json(home, 'health', '--explain', metric);
            assert.equal(x.metric, metric);
            for (const s of x.sources) {
                const { last_hash: hash } = s.provenance;
                assert.match(s.digest, /^[0-9a-f]{64}$/);
                assert.equal(digests.get(s.filter) ?? s.digest, s.digest, 'the same rows, the same digest');
                digests.set(s.filter, s.digest);
                if (s.filter === 'payments') assert.equal(hash, health.provenance.payments.last_hash);
            }
            assert.equal(x.rules === null, !['genuine', 'spending', 'genuine-payers', 'self-dealing'].includes(metric), metric);
        }
        assert.deepEqual([...digests.keys()].sort(), ['inferences', 'listings', 'payments']);
    });

    test('counts what it says it counts', async () => {
        const counted = async (metric) => (await json(home, 'health', '--explain', metric)).counted;
        assert.equal(await counted('payments'), health.payments);
        assert.equal(await counted('settlements'), health.settlements);
        assert.equal(await counted('inferences'), health.inferences);
        assert.equal(await counted('income'), health.payments + health.settlements);
        assert.equal(await counted('unlisted'), health.unlisted_payments);
        assert.equal(await counted('stored'), health.models.stored);
        const [author] = (await json(home, 'authors', '--limit', '1')).authors;
        const his = await json(home, 'author', author.author, '--explain', 'income');
        assert.equal(his.counted, author.payments + author.settlements);
        const [model] = (await json(home, 'models', '--limit', '1')).models;
        const its = await json(home, 'show', `${model.author}/${model.name}`, '--explain', 'payments');
        assert.equal(its.counted, model.payments);
        assert.equal(its.transactions.length, Math.min(200, model.payments));
    });

    test('shows transactions that are on the chain', async () => {
        const { transactions } = await json(home, 'health', '--explain', 'payments');
        for (const t of transactions.slice(0, 10)) {
            const r = await receipt(t.tx);
            assert.equal(Number(r.blockNumber), t.block);
            const paid = r.logs.find((l) => l.address === t.amount.asset.toLowerCase() && l.data === word(t.amount.amount) &&
                l.topics[1]?.endsWith(t.payer.slice(2).toLowerCase()));
            assert.ok(paid, `${t.tx} moves ${t.amount.amount}`);
        }
    });

    test('of genuine spending opens to what the rules found', async () => {
        const f = await json(home, 'health', '--findings');
        for (const [rule, { payments }] of Object.entries(f.rules)) assert.equal(payments, health.genuine.payments_by_rule[rule], rule);
        assert.equal(f.findings.length, f.total);
        assert.ok(f.findings.length > 0, 'this world has some');
        for (const x of f.findings.slice(0, 12)) {
            assert.ok(x.evidence.length > 0, x.words);
            assert.ok(x.evidence.some((e) => e.kind === 'payment'));
            for (const e of x.evidence.slice(0, 3)) assert.equal(Number((await receipt(e.tx)).blockNumber), e.block);
        }
        for (const author of new Set(f.findings.map((x) => x.author))) {
            const his = await json(home, 'author', author, '--findings');
            assert.deepEqual(his.findings.map((x) => x.id).sort(), f.findings.filter((x) => x.author === author).map((x) => x.id).sort());
        }
    });

    test('of genuine spending says what each threshold does to it', async () => {
        const s = await json(home, 'health', '--sensitivity');
        const low = amounts(health.genuine.low)[s.low.asset] ?? 0n;
        const high = amounts(health.genuine.high)[s.low.asset] ?? 0n;
        assert.equal(BigInt(s.low.amount), low);
        for (const t of s.thresholds) {
            assert.equal(BigInt(t.as_is.low.amount), low, t.name);
            for (const k of ['half', 'half_more']) assert.ok(BigInt(t[k].low.amount) <= high, t.name);
        }
        // What is told is what comes out when it is so configured.
        const other = configure(newHome(), w.status, '[genuine]\nfunded_share = 250\n');
        await sync(other);
        const half = s.thresholds.find((t) => t.name === 'funded_share').half;
        assert.equal(half.value, 250);
        assert.equal((amounts((await json(other, 'health')).genuine.low)[s.low.asset] ?? 0n), BigInt(half.low.amount));
    });

    test('is readable in 80 columns', async () => {
        const asked = [[], ['--findings'], ['--sensitivity'], ['--explain', 'spending'], ['--explain', 'inflow'], ['--prove', '--sample', '2']];
        for (const args of asked) {
            const r = await run(home, 'health', ...args);
            assert.equal(r.code, 0, r.err);
            assertPage(r.out, `health ${args.join(' ')}`);
        }
    });

    test('asked for in a wrong way is one line', async () => {
        const wrong = { 2: [['--explain', 'incme'], ['--explain', 'income', '--findings'], ['--rpc', 'http://127.0.0.1:1/'],
            ['--prove', '--sensitivity'], ['--prove', '--window', '7d'], ['--prove', '--offline'], ['--prove', '--sample', '-1'], ['x']] };
        for (const [code, list] of Object.entries(wrong)) {
            for (const args of list) {
                const r = await run(home, 'health', ...args);
                assert.equal(r.code, Number(code), `health ${args.join(' ')}: ${r.err}`);
                assert.equal(r.out, '');
                assert.match(r.err, /^souk: [^\n]+\n$/);
            }
        }
        const r = await run(home, 'author', 'nobody', '--explain', 'income');
        assert.equal(r.code, 7);
        assert.match((await run(home, 'health', '--explain', 'incme')).err, /there is no metric "incme": income/);
    });
});
