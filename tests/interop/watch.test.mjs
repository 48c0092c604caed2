// `souk watch` on a real node: a payment is told as it lands, by polling and by subscription.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Payer } from './payer.mjs';
import { configure, json, newHome, run, start, startWorld, sync } from './world.mjs';

const SIZES = { models: 120, payments: 900, inferences: 600, authors: 20, days: 30, end: 1795219200 };

describe('watch', () => {
    let w, payer, model;
    before(async () => {
        w = await startWorld({ seed: 41, ...SIZES });
        payer = new Payer(w);
        await payer.pass(1); // from the history into the present
        const home = configure(newHome(), w.status);
        await sync(home);
        const { models } = await json(home, 'models', '--limit', '200');
        model = models.find((m) => m.proven && m.price?.symbol === 'USDC' && models.filter((x) => x.pay_to === m.pay_to).length === 1);
    });
    after(() => w.stop());

    /** Starts watching, and resolves when it says how it is told. */
    async function watching(home, how, ...args) {
        const child = start(home, 'watch', ...args, '--json');
        const lines = [];
        const news = () => new Promise((resolve) => {
            const look = () => (lines.length ? resolve(JSON.parse(lines.shift())) : child.child.stdout.once('data', () => setImmediate(look)));
            look();
        });
        let kept = '';
        child.child.stdout.on('data', (d) => {
            const parts = (kept + d).split('\n');
            kept = parts.pop();
            lines.push(...parts);
        });
        let said = '';
        await new Promise((resolve, reject) => {
            child.child.stderr.on('data', (d) => how.test((said += d)) && resolve());
            child.child.once('close', () => reject(new Error(`souk watch ended: ${said}`)));
        });
        const stop = async () => {
            child.child.kill('SIGINT');
            assert.equal((await child.done).code, 130);
        };
        return { news, stop };
    }

    const pay = async (amount) => payer.settle(await payer.sign('eip3009', { amount, to: model.pay_to }));

    for (const [name, config, how] of [
        ['by polling', 'poll_seconds = 1', /polling every 1 s/],
        ['by subscription', () => `poll_seconds = 3600\npayment_ws = ${w.status.payment_chain.rpc.replace('http', 'ws')}`, /subscribed/],
    ]) {
        test(`tells of each payment once, ${name}`, async () => {
            const home = configure(newHome(), w.status, `[network.devnet]\n${typeof config === 'function' ? config() : config}\n`);
            await sync(home);
            const souk = await watching(home, how, model.author);
            for (const amount of [1234n, 77n]) {
                await pay(amount);
                const n = await souk.news();
                assert.equal(n.kind, 'payment');
                assert.equal(n.amount.amount, String(amount));
                assert.equal(n.author, model.author);
                assert.equal(n.model, model.name);
                assert.equal(n.payer.toLowerCase(), payer.account.address.toLowerCase());
            }
            await souk.stop();
        });
    }

    test('what landed since the cache was filled comes first', async () => {
        const home = configure(newHome(), w.status, '[network.devnet]\npoll_seconds = 1\n');
        await sync(home);
        await pay(99n);
        const souk = await watching(home, /polling/, model.pay_to);
        assert.equal((await souk.news()).amount.amount, '99');
        await souk.stop();
    });

    test('refuses what it cannot watch in one line', async () => {
        const home = configure(newHome(), w.status);
        const refused = async (code, words, ...args) => {
            const r = await run(home, 'watch', ...args);
            assert.equal(r.code, code, r.err);
            assert.match(r.err, words);
            assert.equal(r.err.trim().split('\n').length, 1, r.err);
        };
        await refused(2, /nobody is watched yet/);
        await refused(2, /offline/, 'mira', '--offline');
        await sync(home);
        await refused(7, /no author "\\x1b\[31mnobody"|no author ".*nobody"/, '\u001b[31mnobody');
    });
});
