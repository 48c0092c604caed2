// Buying from the real peers: every way a call is paid, and what is kept of it.
//   node --test tests/interop/purchase.test.mjs

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createServer, request as client } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../assets/devnet/lib/chain.mjs';
import { ask, flip, pemOf, serveHostile } from '../../assets/devnet/lib/harness.mjs';
import { configure, json, newHome, startWorld, sync } from './world.mjs';
import { call, head, limits, lock, openWallet, peers, quote, receipts, runWith, saidJson, someModel, spent, startWith, token } from './money.mjs';

const { createPublicClient, http, parseAbi } = peers('viem');
const SIZES = { seed: 41, models: 160, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200 };
const PERMIT2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3';
const ERC20 = parseAbi(['function allowance(address, address) view returns (uint256)']);

let w, home, wallet, rpc, hostile, ca, marks;
const proven = (l) => marks.get(`${l.author}/${l.name}`) === true;
const unproven = (l) => marks.get(`${l.author}/${l.name}`) === false;

before(async () => {
    w = await startWorld({ ...SIZES, seller: `http://127.0.0.1:${await freePort()}` });
    rpc = w.chains.payment.rpc;
    home = configure(newHome(), w.status);
    await sync(home);
    const { models } = await json(home, 'models', '--window', 'all');
    marks = new Map(models.filter((m) => m.listed).map((m) => [`${m.author}/${m.name}`, m.proven]));
    wallet = await openWallet(home, w, { limits: { USDC: ['1', '100', '500'], OPG: ['50', '1000', '5000'] } });
    hostile = await serveHostile(w.dir, w.status.facilitator);
    ca = await certificate();
});
after(async () => {
    if (home) await lock(home);
    await hostile?.stop();
    await w?.stop();
});

/** What the registry pins the gateway by, for the test's own requests to it. */
async function certificate() {
    const client = createPublicClient({ transport: http(w.chains.inference.rpc.url) });
    const tee = '(address owner, address paymentAddress, string endpoint, bytes publicKey, bytes tlsCertificate, bytes32 pcrHash, uint8 teeType, bool enabled, uint256 registeredAt, uint256 lastHeartbeatAt)';
    const [t] = await client.readContract({ address: w.contracts.contracts.tee_registry, functionName: 'getActiveTEEs', args: [0],
        abi: parseAbi([`function getActiveTEEs(uint8) view returns (${tee}[])`]) });
    return pemOf(Buffer.from(t.tlsCertificate.slice(2), 'hex'));
}

const allowance = (symbol) => createPublicClient({ transport: http(rpc.url) })
    .readContract({ address: token(w, symbol), abi: ERC20, functionName: 'allowance', args: [wallet.account.address, PERMIT2] });
const transactions = () => rpc.call('eth_getTransactionCount', wallet.account.address, 'latest').then(Number);

/** Runs something, and answers what the payer's tokens did meanwhile: [{symbol, value, to, tx}]. */
async function watching(act) {
    const since = await head(rpc); // a range that begins behind the head is an error to a node
    const result = await act();
    const moved = [];
    for (const symbol of ['USDC', 'OPG'])
        for (const t of await spent(rpc, token(w, symbol), wallet.account.address, since))
            if (t.block > since) moved.push({ symbol, ...t });
    return { result, moved };
}

/** A call that must be served, paid once, and settled: the receipt. */
async function bought(what, input, amount, ...args) {
    const { result: r, moved } = await watching(() => call(home, what, input, ...args));
    assert.equal(r.code, 0, r.err);
    assert.equal(r.doc.state, 'settled', r.err);
    assert.equal(moved.length, 1, 'one transfer');
    assert.equal(moved[0].value, BigInt(amount));
    assert.equal(r.doc.charged.amount, String(amount));
    assert.equal(r.doc.by_chain, true);
    assert.equal(r.doc.tx, moved[0].tx);
    assert.equal(r.doc.status, 200);
    return r.doc;
}

const elsewhere = (url, place) => url.replace('/v1/', `/${place}/`);
const attack = (name) => `${hostile.hostile}/a/${name}`;

describe('exact', () => {
    test('by EIP-3009, a model by its name', async () => {
        const m = await someModel(w, 'exact-eip3009', proven);
        const doc = await bought(m.model, m.input, m.listing.price);
        assert.equal(doc.subject, m.model);
        assert.ok(JSON.parse(doc.answer).output, 'the model answered');
    });

    test('through Permit2, the permit sponsored', async () => {
        const m = await someModel(w, 'exact-permit2', proven);
        const [n, before_] = [await transactions(), await allowance('OPG')];
        assert.equal(before_, 0n);
        await bought(m.model, m.input, m.listing.price);
        assert.equal(await transactions(), n, 'the payer sent no transaction');
        assert.equal(await allowance('OPG'), 0n, 'nothing is left of the allowance');
    });

    test('through Permit2, after an approval of exactly the amount', async () => {
        const no = await call(home, attack('approval-demanded'), {});
        assert.equal(no.code, 5, no.err);
        const n = await transactions();
        const { result: r, moved } = await watching(() => saidJson(runWith(home, { '--password-fd': 'a password of the tests\n'.repeat(2) },
            'call', attack('approval-demanded'), '--input', '{}', '--yes', '--accept', 'approve', '--json')));
        assert.equal(r.code, 0, r.err);
        assert.equal(r.doc.state, 'settled');
        assert.deepEqual(moved.map((t) => t.value), [10n ** 16n]);
        assert.equal(await transactions(), n + 1, 'one transaction: the approval');
        assert.equal(await allowance('OPG'), 0n, 'it was for this payment alone');
    });

    test('in version 1', async () => {
        const m = await someModel(w, 'exact-eip3009');
        await bought(elsewhere(m.url, 'v1legacy'), m.input, m.listing.price);
    });

    test('with a payment-identifier', async () => {
        const m = await someModel(w, 'exact-eip3009');
        await bought(elsewhere(m.url, 'idempotent'), m.input, m.listing.price);
    });

    test('the cheapest of several offers, not the first', async () => {
        const m = await someModel(w, 'exact-eip3009');
        const url = elsewhere(m.url, 'multi');
        const q = await quote(home, url, m.input);
        assert.equal(q.code, 0, q.err);
        assert.equal(q.doc.offers.length, 3);
        assert.equal(q.doc.chosen, 3);
        await bought(url, m.input, m.listing.price);
    });
});

describe('upto', () => {
    test('is charged what the call cost, and the rest is free again', async () => {
        const m = await someModel(w, 'upto', proven);
        const symbol = m.listing.asset;
        const before_ = (await limits(home)).doc.limits.find((l) => l.per_call.symbol === symbol);
        const doc = await bought(m.model, m.input, m.listing.price);
        assert.ok(BigInt(doc.signed.amount) > BigInt(m.listing.price));
        const now = (await limits(home)).doc.limits.find((l) => l.per_call.symbol === symbol);
        assert.equal(BigInt(now.spent_day.amount) - BigInt(before_.spent_day.amount), BigInt(m.listing.price));
    });

    test('of one who takes all of it, says so', async () => {
        const { result: r } = await watching(() => call(home, attack('overcharge'), {}));
        assert.equal(r.code, 0, r.err);
        assert.match(r.doc.words, /all that the signature allowed/);
        const again = await call(home, attack('overcharge'), {});
        assert.match(again.err, /charged all that a signature allowed, 1 time/);
    });
});

test('what is free is answered and not paid', async () => {
    const m = await someModel(w, 'exact-eip3009');
    const { result: r, moved } = await watching(() => runWith(home, {}, 'call', elsewhere(m.url, 'free'), '--input', JSON.stringify(m.input), '--yes'));
    assert.equal(r.code, 0, r.err);
    assert.ok(JSON.parse(r.out).output);
    assert.deepEqual(moved, []);
});

describe('a gateway', () => {
    const chat = (...args) => saidJson(runWith(home, {}, 'call', 'gateway:gpt-5-mini', '--prompt', 'What is six times seven?', '--yes', '--json', ...args));
    const first = ['--accept', 'approve', '--password-fd', '3'];
    const approved = () => saidJson(runWith(home, { '--password-fd': 'a password of the tests\n'.repeat(3) },
        'call', 'gateway:gpt-5-mini', '--prompt', 'What is six times seven?', '--yes', '--accept', 'approve', '--json'));
    const gateway = (switches) => flip(w.urls.gateway, switches, ca);

    test('three calls, one signature, one settlement', async () => {
        const { result, moved } = await watching(async () => {
            const docs = [];
            for (const ask_ of [approved, chat, chat]) {
                const r = await ask_();
                assert.equal(r.code, 0, r.err);
                assert.equal(r.doc.state, 'answered');
                assert.equal(r.doc.tee, 'verified', 'the enclave signed this answer to this request');
                assert.match(r.doc.answer, /six times seven/);
                docs.push(r.doc);
            }
            await gateway({ end_sessions: true });
            return docs;
        });
        const [own, ...drawn] = result;
        assert.ok(own.signed);
        for (const d of drawn) {
            assert.equal(d.session, own.id);
            assert.equal(d.signed, null);
        }
        const cost = result.reduce((sum, d) => sum + BigInt(d.cost.amount), 0n);
        assert.deepEqual(moved.map((t) => t.value), [cost], 'one settlement, of what the calls cost');
        const { doc } = await receipts(home);
        for (const d of result) assert.equal(doc.receipts.find((r) => r.id === d.id).state, 'settled');
        assert.equal(doc.receipts.find((r) => r.id === own.id).charged.amount, String(cost));
    });

    test('a session that is over: a new signature, asked for once', async () => {
        const one = await approved();
        assert.equal(one.code, 0, one.err);
        await gateway({ end_sessions: true });
        const two = await approved();
        assert.equal(two.code, 0, two.err);
        assert.ok(two.doc.signed, 'its own signature');
        assert.equal(two.doc.state, 'answered');
        await gateway({ end_sessions: true });
        assert.equal((await receipts(home, String(two.doc.id))).doc.state, 'settled');
    });

    test('payment channels are refused with words', async () => {
        await gateway({ batch_only: true });
        try {
            const { result: r, moved } = await watching(approved);
            assert.equal(r.code, 5, r.err);
            assert.match(r.err, /batch-settlement/);
            assert.deepEqual(moved, []);
        } finally {
            await gateway({ batch_only: false });
        }
    });

    for (const what of ['signature', 'request', 'output'])
        test(`an answer with another ${what} is not verified`, async () => {
            await gateway({ tamper: what });
            try {
                const r = await approved();
                assert.ok(r.doc, r.err);
                assert.notEqual(r.doc.tee, 'verified');
                assert.notEqual(r.doc.tee, '');
            } finally {
                await gateway({ tamper: '' });
            }
        });

    test('a stream that breaks off is kept as far as it came', async () => {
        await gateway({ stream_cut: 3 });
        try {
            const r = await approved();
            assert.ok(r.doc, r.err);
            assert.ok(r.doc.answer.length > 0);
            assert.notEqual(r.doc.tee, 'verified');
        } finally {
            await gateway({ stream_cut: 0 });
        }
    });

    test('a stream may settle at its end', async () => {
        await gateway({ sse_settlement: true, end_sessions: true });
        try {
            const r = await approved();
            assert.equal(r.code, 0, r.err);
            assert.equal(r.doc.state, 'settled');
            assert.equal(r.doc.charged.amount, r.doc.cost.amount);
        } finally {
            await gateway({ sse_settlement: false });
        }
    });

    test('another certificate: no connection, no payment', async () => {
        await gateway({ other_certificate: true });
        try {
            const { result: r, moved } = await watching(approved);
            assert.equal(r.code, 4, r.err);
            assert.match(r.err, /certificate/);
            assert.deepEqual(moved, []);
        } finally {
            await flip(w.urls.gateway, { other_certificate: false }, await other());
        }
    });

    /** The certificate it shows now, which is not the registry's. */
    async function other() {
        const tls = await import('node:tls');
        const { port } = new URL(w.urls.gateway);
        return new Promise((resolve, reject) => {
            const s = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
                resolve(pemOf(s.getPeerX509Certificate().raw));
                s.end();
            });
            s.once('error', reject);
        });
    }
});

describe('when it goes wrong', () => {
    test('a settlement that is pending is waited for', async () => {
        const m = await someModel(w, 'exact-eip3009');
        await flip(w.status.facilitator, { pending: 1 });
        try {
            const { result: r, moved } = await watching(() => call(home, m.url, m.input));
            assert.equal(moved.length, 1, 'charged once');
            assert.equal(r.doc.charged.amount, String(m.listing.price));
            assert.equal(r.doc.by_chain, true);
            assert.ok(['settled', 'disputed'].includes(r.doc.state), r.doc.state);
        } finally {
            await flip(w.status.facilitator, { pending: 0 });
        }
    });

    test('a price that rose since the quote is not paid', async () => {
        const { result: r, moved } = await watching(() => call(home, attack('price-raised-when-paid'), {}));
        assert.equal(r.code, 1, r.err);
        assert.equal(r.doc.state, 'refused');
        assert.match(r.err, /it now asks 0\.009 USDC/);
        assert.deepEqual(moved, []);
    });

    test('one that asks again and again is paid once, and told apart', async () => {
        const { result: r, moved } = await watching(() => call(home, attack('again-and-again'), {}));
        assert.equal(moved.length, 1);
        assert.equal(r.doc.state, 'disputed');
        assert.equal(r.code, 4, r.err);
        const log = JSON.parse((await ask(`${hostile.hostile}/log`)).body);
        assert.equal(log.filter((l) => l.path === '/a/again-and-again').length, 1, 'one payment header');
    });

    test('an answer dropped after the settlement is known to be paid', async () => {
        const { result: r, moved } = await watching(() => call(home, attack('dropped-after-settlement'), {}));
        assert.equal(moved.length, 1);
        assert.equal(r.doc.state, 'disputed');
        assert.match(r.doc.words, /paid and not served/);
    });

    test('with a payment-identifier the same bytes bring the answer', async () => {
        const m = await someModel(w, 'exact-eip3009');
        const relay = await dropping(w.urls.seller);
        try {
            const url = elsewhere(m.url, 'idempotent').replace(w.urls.seller, relay.url);
            const { result: r, moved } = await watching(() => call(home, url, m.input));
            assert.equal(r.code, 0, r.err);
            assert.equal(r.doc.state, 'settled');
            assert.equal(moved.length, 1, 'charged once');
            assert.equal(relay.headers.length, 2);
            assert.equal(relay.headers[0], relay.headers[1], 'the same bytes');
        } finally {
            relay.server.close();
        }
    });

    test('one that never answers stays unknown until its time is over, and can be gone on with', async () => {
        const { result: r, moved } = await watching(() => call(home, attack('error-unsettled'), {}));
        assert.equal(r.code, 6, r.err);
        assert.match(r.err, /reserved until/);
        assert.equal(r.doc.state, 'sent');
        assert.deepEqual(moved, []);
        const again = await saidJson(runWith(home, {}, 'receipts', String(r.doc.id), '--resume', '--json'));
        assert.equal(again.code, 6, again.err);
        const log = JSON.parse((await ask(`${hostile.hostile}/log`)).body).filter((l) => l.path === '/a/error-unsettled');
        assert.ok(log.length >= 2);
        assert.equal(new Set(log.map((l) => l.value)).size, 1, 'never anything but the same bytes');
    });

    test('stopped at any moment it says what is known, and can be gone on with', async () => {
        const m = await someModel(w, 'exact-eip3009');
        const codes = new Set();
        for (let i = 0; i < 40; i++) {
            const { child, done } = startWith(home, {}, 'call', m.url, '--input', JSON.stringify(m.input), '--yes', '--json');
            setTimeout(() => child.kill('SIGINT'), i * 5);
            const r = await done;
            assert.ok(r.signal === 'SIGINT' || [0, 6, 130].includes(r.code), `${r.code} ${r.signal} ${r.err}`);
            codes.add(r.code);
        }
        assert.ok(codes.has(130) || codes.has(6), 'some were stopped while they waited');
        const { doc } = await receipts(home);
        for (const r of doc.receipts.filter((x) => ['intent', 'signed', 'sent'].includes(x.state) && x.url === m.url))
            await runWith(home, {}, 'receipts', String(r.id), '--resume');
        const left = (await receipts(home)).doc.receipts.filter((x) => x.url === m.url);
        for (const r of left) assert.ok(['settled', 'disputed', 'lapsed'].includes(r.state), r.state);
    });

    test('a listing without proof takes one more question', async () => {
        const m = await someModel(w, 'exact-eip3009', unproven);
        const { result: r, moved } = await watching(() => call(home, m.model, m.input));
        assert.equal(r.code, 5, r.err);
        assert.match(r.err, /--accept unproven/);
        assert.deepEqual(moved, []);
        const doc = await bought(m.model, m.input, m.listing.price, '--accept', 'unproven');
        assert.match(doc.subject, /^0x[0-9a-fA-F]{40} listed as /, 'its payee is not taken for the model\'s');
    });
});

/** A way to a server on which the answer to the first payment gets lost. */
async function dropping(target) {
    const headers = [];
    const server = createServer((request, response) => {
        const header = request.headers['payment-signature'];
        if (header) headers.push(header);
        const lost = header && headers.length === 1;
        const up = client(new URL(request.url, target), { method: request.method, headers: request.headers, agent: false }, (answer) => {
            if (lost) {
                answer.resume().once('end', () => request.socket.destroy());
                return;
            }
            response.writeHead(answer.statusCode, answer.headers);
            answer.pipe(response);
        });
        request.pipe(up);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, headers, url: `http://127.0.0.1:${server.address().port}` };
}

test('every receipt agrees with the chain', async () => {
    const r = await receipts(home);
    assert.equal(r.code, 0, r.err);
    const taken = [];
    for (const symbol of ['USDC', 'OPG']) taken.push(...await spent(rpc, token(w, symbol), wallet.account.address, w.contracts.history.payment_chain.last_block + 1));
    const known = new Set(r.doc.receipts.filter((x) => x.tx).map((x) => x.tx));
    for (const t of taken) assert.ok(known.has(t.tx), `no receipt for ${t.tx}`);
    const own = r.doc.receipts.filter((x) => x.tx && !x.session);
    assert.equal(new Set(own.map((x) => x.tx)).size, own.length, 'no transaction pays for two purchases');
    assert.equal(taken.length, own.length);
});
