// Whatever happens on the way, the cache ends the same: a hundred kills, reorganisations to depth 64,
// a node that lies in one answer of a hundred. What faulty networks do is in sync.test.mjs.
//   node --test tests/interop/robust.test.mjs     (SOUK_KILLS=1000 for more, SOUK_SEED to do it again)

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Prng } from '../../assets/devnet/lib/prng.mjs';
import { Activity } from './activity.mjs';
import { liars, Proxy } from './proxy.mjs';
import { configure, digest, newHome, run, start, startWorld, sync } from './world.mjs';

const SIZES = { models: 120, payments: 900, inferences: 900, authors: 30, days: 20, end: 1795219200 };
const KILLS = Number(process.env.SOUK_KILLS ?? 100);
const SEED = Number(process.env.SOUK_SEED ?? Date.now() % 100000);

/** What a cache says that nothing disturbed. */
async function undisturbed(status, config = '') {
    const home = configure(newHome(), status, config);
    await sync(home);
    return digest(home);
}

/** One sync that is killed after so many milliseconds. True: it got through alive. */
async function killed(home, ms, ...args) {
    const s = start(home, 'sync', '--quiet', ...args);
    const timer = setTimeout(() => s.child.kill('SIGKILL'), ms);
    const r = await s.done;
    clearTimeout(timer);
    assert.ok(r.signal === 'SIGKILL' || r.code === 0, r.err);
    return r.signal === null;
}

describe('kills', () => {
    let w, good, took;
    const r = new Prng(SEED, 'kills');
    before(async () => {
        w = await startWorld({ seed: 31, ...SIZES });
        good = await undisturbed(w.status);
        const began = Date.now();
        await sync(configure(newHome(), w.status));
        took = Date.now() - began;
    });
    after(() => w.stop());

    test(`${KILLS} of them, at moments of chance, lose nothing and count nothing twice`, async () => {
        let [hits, whole, home] = [0, 0, configure(newHome(), w.status)];
        for (let tries = 0; hits < KILLS; tries++) {
            assert.ok(tries < 4 * KILLS, 'kills came too late');
            const full = r.chance(10) ? ['--full'] : [];
            const through = await killed(home, r.below(Math.ceil(took * (r.chance(50) ? 0.4 : 1))), ...full);
            hits += through ? 0 : 1;
            if (!through && hits % 25 !== 0) continue;
            await sync(home);
            assert.deepEqual(await digest(home), good, `seed ${SEED}`);
            whole++;
            home = configure(newHome(), w.status);
        }
        assert.ok(whole >= 4);
    });
});

describe('reorganisations', () => {
    let w, home, r, busy;
    before(async () => {
        w = await startWorld({ seed: 31, ...SIZES });
        home = configure(newHome(), w.status);
        await sync(home);
        r = new Prng(SEED, 'reorgs');
        busy = new Activity(w, r);
    });
    after(() => w.stop());

    test('of any depth to 64, with other payments on the branch that won', async () => {
        for (const depth of [1, 64, ...Array.from({ length: 6 }, () => r.between(2, 63))]) {
            const snapshot = await w.chains.payment.rpc.call('evm_snapshot');
            await busy.blocks(depth);
            if (r.chance(50)) await sync(home);
            else await killed(home, r.below(150));
            await sync(home);
            await w.chains.payment.rpc.call('evm_revert', snapshot);
            await busy.blocks(Math.max(1, depth + r.between(-3, 3)));
            if (r.chance(30)) await killed(home, r.below(150));
            await sync(home);
            assert.deepEqual(await digest(home), await undisturbed(w.status), `depth ${depth}, seed ${SEED}`);
        }
    });

    test('of blocks without their payments', async () => {
        const { rpc } = w.chains.payment;
        await busy.blocks(40);
        await sync(home);
        await rpc.call('anvil_reorg', 33, []);
        const said = await run(home, 'sync');
        assert.equal(said.code, 0, said.err);
        assert.match(said.err, /the chain reorganised: \d+ blocks? w(as|ere) read again/);
        assert.deepEqual(await digest(home), await undisturbed(w.status));
    });
});

describe('a node', () => {
    let w, payment, inference, good;
    const CONFIG = '[network.devnet]\npayment_max_range = 8\ninference_max_range = 8\n';
    before(async () => {
        w = await startWorld({ seed: 31, ...SIZES });
        payment = await new Proxy(w.status.payment_chain.rpc).listen();
        inference = await new Proxy(w.status.inference_chain.rpc).listen();
        good = await undisturbed(w.status);
    });
    after(async () => {
        await Promise.all([payment.close(), inference.close()]);
        await w.stop();
    });
    /** The faulty nodes first, then the honest ones, where there are two. */
    const spoiled = (fault, two) => {
        for (const p of [payment, inference]) Object.assign(p, { fault, n: 0, seen: [] });
        const both = (proxy, chain) => ({ ...chain, rpc: two ? `${proxy.url} ${chain.rpc}` : proxy.url });
        return configure(newHome(), { ...w.status, payment_chain: both(payment, w.status.payment_chain),
            inference_chain: both(inference, w.status.inference_chain) }, CONFIG);
    };

    for (const [name, lie] of Object.entries(liars)) {
        test(`that lies in one answer of a hundred is found out by another: ${name}`, async () => {
            const home = spoiled(lie(100), true);
            await sync(home);
            assert.ok(payment.lies > 0 || inference.lies > 0, 'it did lie');
            assert.deepEqual(await digest(home), good);
        });
    }

    test('that always says something else than another is reported, not averaged', async () => {
        const home = spoiled(liars['a log is missing'](1), true);
        const said = await run(home, 'sync', '--quiet');
        assert.equal(said.code, 3, said.err);
        assert.match(said.err, /disagree|differ/);
    });
});
