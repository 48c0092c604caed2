// souk against a real devnet: faults on the way, and chains that change under it. Figures are in
// health.test.mjs, kills and deep reorganisations in robust.test.mjs.
//   node --test tests/interop/     (SOUK=path of the binary)

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { WINDOWS } from './expect.mjs';
import { configure, json, newHome, picture, run, startWorld, sync } from './world.mjs';
import { deadPort, hubLasting, lasting, passing, Proxy } from './proxy.mjs';

const SIZES = { models: 260, payments: 2500, inferences: 3000, authors: 50, days: 40, end: 1795219200 };
const SEEDS = [11, 12];

/** No byte of a stranger's reaches the terminal raw. */
function assertClean(text, what) {
    assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/, `${what} has control characters`);
}

test('stays the same when there is nothing new, and after --full', async () => {
    const w = await startWorld({ seed: SEEDS[0], ...SIZES });
    try {
        const home = configure(newHome(), w.status);
        await sync(home);
        const once = await picture(home);
        await sync(home);
        assert.deepEqual(await picture(home), once);
        await sync(home, '--full');
        assert.deepEqual(await picture(home), once);
    } finally {
        await w.stop();
    }
});

describe('a busy token', () => {
    let w;
    before(async () => (w = await startWorld({ seed: SEEDS[0], ...SIZES })));
    after(() => w.stop());

    test('is read by payee and receipt, and gives the same income', async () => {
        const whole = configure(newHome(), w.status);
        const [usdc, opg] = w.contracts.tokens;
        const byPayee = configure(newHome(), w.status,
            `[network.devnet]\ntoken = USDC ${usdc.address} 6\ntoken = OPG ${opg.address} 18 whole\npayment_max_range = 150\n`);
        // Who funds a hundred that never pay is not seen of a busy token: that these are exchanges must be said.
        const { exchanges } = w.ledger().find((l) => l.kind === 'meta');
        for (const home of [whole, byPayee]) fs.writeFileSync(`${home}/config/known`, exchanges.map((a) => `${a} hub an exchange\n`).join(''));
        await sync(whole);
        await sync(byPayee);
        const [a, b] = [await picture(whole), await picture(byPayee)];
        for (const window of Object.keys(WINDOWS)) {
            assert.deepEqual(b[`models ${window}`], a[`models ${window}`]);
            assert.deepEqual(b[`authors ${window}`], a[`authors ${window}`]);
        }
    });
});

describe('faults', () => {
    let w, hub, payment, inference, home, good;
    before(async () => {
        w = await startWorld({ seed: SEEDS[0], ...SIZES });
        hub = await new Proxy(w.status.hub).listen();
        payment = await new Proxy(w.status.payment_chain.rpc).listen();
        inference = await new Proxy(w.status.inference_chain.rpc).listen();
        home = spoiledHome();
        await sync(home);
        good = await picture(home);
    });
    after(async () => {
        await Promise.all([hub.close(), payment.close(), inference.close()]);
        await w.stop();
    });
    const spoiledHome = (more = {}) => configure(newHome(), { ...w.status, hub: hub.url,
        payment_chain: { ...w.status.payment_chain, rpc: payment.url },
        inference_chain: { ...w.status.inference_chain, rpc: inference.url }, ...more });
    const stored = async (of) => (await json(of, 'health')).models.stored;
    const spoil = (faults) => {
        for (const p of [hub, payment, inference]) Object.assign(p, { fault: null, n: 0, seen: [] });
        if (faults.hub) hub.fault = faults.hub;
        if (faults.rpc) payment.fault = inference.fault = faults.rpc;
    };

    for (const [name, make] of Object.entries(passing)) {
        test(`are got over: ${name}`, async () => {
            const fresh = spoiledHome();
            spoil({ rpc: make() });
            await sync(fresh);
            assert.ok(payment.n > 2 && inference.n > 2);
            spoil({});
            assert.deepEqual(await picture(fresh), good);
        });
    }

    for (const [name, [fault, words]] of Object.entries(lasting)) {
        test(`are reported, the cache kept, from a node: ${name}`, async () => {
            const fresh = spoiledHome();
            spoil({ rpc: fault });
            const r = await run(fresh, 'sync');
            spoil({});
            assert.equal(r.code, 3, r.err);
            assert.match(r.err, words);
            assertClean(r.err, 'the message');
            spoil({ rpc: fault });
            const again = await run(home, 'sync', '--quiet', '--full', '--only', 'payments');
            spoil({});
            assert.equal(again.code, 3, again.err);
            assert.equal(again.err.trim().split('\n').length, 1, again.err);
            assert.deepEqual(await picture(home), good);
        });
    }

    for (const [name, [fault, words]] of Object.entries(hubLasting)) {
        test(`are reported, the cache kept, from the Hub: ${name}`, async () => {
            spoil({ hub: fault });
            const r = await run(home, 'sync', '--quiet', '--full', '--only', 'hub');
            spoil({});
            assert.equal(r.code, 3, r.err);
            assert.match(r.err, words);
            assertClean(r.err, 'the message');
            assert.deepEqual(await picture(home), good);
        });
    }

    test('nobody at home: one line, the cache kept', async () => {
        const url = `http://127.0.0.1:${await deadPort()}`;
        const deaf = configure(newHome(), { ...w.status, hub: url, bazaar: url,
            payment_chain: { ...w.status.payment_chain, rpc: url }, inference_chain: { ...w.status.inference_chain, rpc: url } });
        fs.cpSync(`${home}/cache`, `${deaf}/cache`, { recursive: true });
        const r = await run(deaf, 'sync', '--quiet');
        assert.equal(r.code, 3);
        assert.match(r.err, /refused/);
        assert.equal(r.err.trim().split('\n').length, 1, r.err);
        assert.deepEqual(await picture(deaf), good);
    });

    test('a Hub that fails half-way keeps what it told, and its models stay', async () => {
        const fresh = spoiledHome();
        spoil({ hub: (x) => (/page=[1-9]/.test(x.request.url) ? x.response.destroy() ?? true : false) });
        const r = await run(fresh, 'sync', '--quiet', '--only', 'hub');
        assert.equal(r.code, 3);
        spoil({});
        assert.equal(await stored(fresh), 100);
        await sync(fresh, '--only', 'hub');
        const pages = hub.seen.map((x) => x.request.url).filter((u) => u.includes('page='));
        assert.ok(!pages.some((u) => /page=0\b/.test(u)), 'goes on at the next page');
        assert.equal(await stored(fresh), SIZES.models);
    });

    test('the Hub is asked conditionally', async () => {
        spoil({});
        await sync(home, '--only', 'hub');
        const pages = hub.seen.filter((x) => /page=/.test(x.request.url));
        assert.ok(pages.some((x) => x.request.headers['if-none-match']));
        assert.deepEqual(await picture(home), good);
    });

    test('models that left the Hub are gone after a whole listing, not after a broken one', async () => {
        const fresh = spoiledHome();
        await sync(fresh, '--only', 'hub');
        const fewer = (x) => (/page=0&/.test(x.request.url) ? (d) => ({ models: d.models.slice(0, 100).map((m, i) => (i < 7 ? { ...m, name: `${m.name} (renamed)` } : m)) }) : false);
        spoil({ hub: (x) => (/page=2/.test(x.request.url) ? x.response.destroy() ?? true : fewer(x)) });
        await run(fresh, 'sync', '--quiet', '--full', '--only', 'hub');
        assert.equal(await stored(fresh), SIZES.models + 7);
        spoil({ hub: fewer });
        await sync(fresh, '--full', '--only', 'hub');
        spoil({});
        assert.equal(await stored(fresh), SIZES.models);
    });
});

describe('reorganisations', () => {
    let w, home;
    before(async () => {
        w = await startWorld({ seed: SEEDS[1], ...SIZES });
        home = configure(newHome(), w.status);
        await sync(home);
    });
    after(() => w.stop());

    const sameAsFresh = async () => {
        const fresh = configure(newHome(), w.status);
        await sync(fresh);
        assert.deepEqual(await picture(home), await picture(fresh));
    };

    test('payments of a branch that lost are forgotten', async () => {
        const { rpc } = w.chains.payment;
        const snapshot = await rpc.call('evm_snapshot');
        const before = (await json(home, 'health', '--window', 'all')).unlisted_payments;
        const to = `${'aa'.padStart(64, '0')}${'1'.padStart(64, '0')}`;
        await transfer(rpc, await tokenHolder(w), w.contracts.tokens[0].address, `0xa9059cbb${to}`);
        await rpc.call('anvil_mine', '0x2');
        await sync(home);
        assert.equal((await json(home, 'health', '--window', 'all')).unlisted_payments, before, 'a plain transfer is no payment');
        await rpc.call('evm_revert', snapshot);
        await sync(home);
        await sameAsFresh();
        await rpc.call('anvil_mine', '0x5');
        await sync(home);
        await sameAsFresh();
    });

    test('another chain under the same name is read from its start', async () => {
        const old = await picture(home);
        const other = await startWorld({ seed: SEEDS[0], ...SIZES });
        try {
            const status = { ...other.status, hub: w.status.hub };
            configure(home, status);
            await sync(home);
            const fresh = configure(newHome(), status);
            await sync(fresh);
            assert.deepEqual(await picture(home), await picture(fresh));
            assert.notDeepEqual(await picture(home), old);
        } finally {
            await other.stop();
        }
    });
});

/** Somebody who was paid in the first token, and has not spent it all. */
async function tokenHolder(w) {
    return w.ledger().filter((l) => l.kind === 'payment' && l.asset === w.contracts.tokens[0].address).at(-1).pay_to;
}

/** A transaction of anybody's, in a block of its own. */
async function transfer(rpc, from, to, data) {
    await rpc.call('anvil_impersonateAccount', from);
    await rpc.call('anvil_setBalance', from, '0xde0b6b3a7640000');
    const hash = await rpc.call('eth_sendTransaction', { from, to, data });
    let receipt;
    while (!(receipt = await rpc.call('eth_getTransactionReceipt', hash)));
    assert.equal(receipt.status, '0x1');
}
