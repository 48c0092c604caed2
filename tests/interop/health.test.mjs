// Every figure souk publishes, raw and genuine, against what the generator's ledger implies; and how
// well each rule tells the planted patterns apart.   node --test tests/interop/health.test.mjs

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { expectAuthors, expectModels, readWorld, saidAuthors, saidModels, WINDOWS } from './expect.mjs';
import { expectHealth, saidHealth } from './expect_health.mjs';
import { expectGenuine, expectGenuineHealth, genuine, judge, RULES, saidGenuine, saidGenuineHealth } from './expect_genuine.mjs';
import { configure, json, newHome, startWorld, sync } from './world.mjs';

const END = 1795219200;
const WORLDS = [
    { seed: 11, models: 260, payments: 2500, inferences: 3000, authors: 50, days: 40, end: END },
    { seed: 12, models: 260, payments: 2500, inferences: 3000, authors: 50, days: 40, end: END },
    { seed: 41, models: 140, payments: 700, inferences: 600, authors: 24, days: 17, end: END - 5 * 86400 },
    { seed: 42, models: 400, payments: 4000, inferences: 1500, authors: 90, days: 75, end: END },
];

/** Of which labels a rule speaks the truth, and which were planted for it to find. */
const TRUE_OF = { self: ['owner-test'], funded: ['wash', 'farm', 'return'], shared: ['farm', 'cohort', 'fleet', 'wash', 'hop'], return: ['return'],
    cycle: ['ring', 'cycle', 'return'], cohort: ['cohort'], burst: ['burst'] };
const PLANTED = { self: ['owner-test'], funded: ['wash', 'farm'], shared: ['farm', 'cohort'], return: ['return'], cycle: ['ring', 'cycle'],
    cohort: ['cohort'], burst: ['burst'], dust: ['dust'], one: ['single'] };
const HONEST = ['honest', 'single', 'fleet', 'launch', 'burst', 'dust', 'impostor'];
const EXCLUDING = ['self', 'funded', 'return', 'cycle', 'cohort'];
/** No less than this of what was planted is found, over all worlds, in parts of a hundred. */
const RECALL = { self: 100, funded: 95, shared: 85, return: 75, cycle: 75, cohort: 95, burst: 95, dust: 100 };

const found = new Map(); // label -> rule -> payments, over all worlds
const sizes = new Map();

function remember(judged) {
    for (const p of judged) {
        sizes.set(p.label, (sizes.get(p.label) ?? 0) + 1);
        const row = found.get(p.label) ?? found.set(p.label, new Map()).get(p.label);
        for (const rule of p.bits) row.set(rule, (row.get(rule) ?? 0) + 1);
        if (EXCLUDING.some((rule) => p.bits.has(rule))) row.set('out', (row.get('out') ?? 0) + 1);
    }
}

const bySomebody = (rule, labels) => labels.reduce((n, l) => n + (found.get(l)?.get(rule) ?? 0), 0);
const percent = (k, n) => (n === 0 ? '-' : `${((100 * k) / n).toFixed(1)}`);

for (const params of WORLDS) {
    describe(`seed ${params.seed}: ${params.payments} payments in ${params.days} days`, () => {
        let w, home, world, asOf, verdict;
        before(async () => {
            w = await startWorld(params);
            home = configure(newHome(), w.status);
            await sync(home);
            world = readWorld(w.ledger());
            asOf = Number((await w.chains.payment.rpc.call('eth_getBlockByNumber', 'latest', false)).timestamp);
            verdict = judge(world);
            remember(verdict.judged);
        });
        after(() => w.stop());

        for (const window of Object.keys(WINDOWS)) {
            test(`what happened, ${window}`, async () => {
                const models = await json(home, 'models', '--window', window);
                assert.equal(models.as_of, asOf, 'as_of is the time of the newest block');
                assert.deepEqual(saidModels(models), expectModels(world, window, asOf));
                assert.deepEqual(saidAuthors(await json(home, 'authors', '--window', window)), expectAuthors(world, window, asOf));
                assert.deepEqual(saidHealth(await json(home, 'health', '--window', window)), expectHealth(world, window, asOf));
            });

            test(`what of it is genuine, ${window}`, async () => {
                const g = genuine(world, verdict, window, asOf);
                assert.deepEqual(saidGenuine(await json(home, 'models', '--window', window), 'models'), expectGenuine(world, g, 'models'));
                assert.deepEqual(saidGenuine(await json(home, 'authors', '--window', window), 'authors'), expectGenuine(world, g, 'authors'));
                assert.deepEqual(saidGenuineHealth(await json(home, 'health', '--window', window)), expectGenuineHealth(world, verdict, window, asOf));
            });
        }
    });
}

/** Other settings than the built-in ones, and a file of addresses the user knows something about. */
describe('rules of one\'s own', () => {
    const CONFIG = '[genuine]\noff = cohort burst\nfunded_share = 0.9\nwindow_days = 3\nreturn_trips = 1\ncycle_margin = 0.3\nshared_hours = 100\n' +
        'one_share = 0.5\none_payments = 5\nstrict_days = 1\nstrict_prices = 3\ndust_micro = 5000\n';
    const own = { thresholds: { funded_share: 900, window_days: 3, return_trips: 1, cycle_margin: 300, shared_hours: 100, one_share: 500, one_payments: 5,
        strict_days: 1, strict_prices: 3, dust_micro: 5000 }, off: ['cohort', 'burst'] };
    let w, home, world, asOf;
    before(async () => {
        w = await startWorld(WORLDS[0]);
        home = configure(newHome(), w.status);
        await sync(home);
        world = readWorld(w.ledger());
        asOf = Number((await w.chains.payment.rpc.call('eth_getBlockByNumber', 'latest', false)).timestamp);
    });
    after(() => w.stop());

    const same = async (rules) => {
        await sync(home);
        const verdict = judge(world, rules);
        for (const window of ['7d', 'all'])
            assert.deepEqual(saidGenuineHealth(await json(home, 'health', '--window', window)), expectGenuineHealth(world, verdict, window, asOf, rules.thresholds));
    };

    test('switches and thresholds', async () => {
        configure(home, w.status, CONFIG);
        await same(own);
    });

    test('known addresses: another author\'s wallet, a hub, somebody trusted', async () => {
        const paid = (label) => world.payments.find((p) => p.label === label);
        const known = [{ address: paid('single').payer, kind: 'author', words: paid('single').author },
            { address: world.meta.exchanges[0], kind: 'hub', words: 'an exchange' },
            { address: paid('wash').listing_owner, kind: 'hub', words: 'a shop' },
            { address: paid('return').payer, kind: 'trusted', words: 'we spoke' },
            { address: paid('farm').payer, kind: 'trusted', words: 'we spoke' }];
        fs.writeFileSync(`${home}/config/known`, known.map((k) => `${k.address} ${k.kind} ${k.words}\n`).join(''));
        configure(home, w.status, '');
        await same({ known });
        configure(home, w.status, CONFIG);
        await same({ ...own, known });
    });
});

describe('the rules', () => {
    test('find what they are for, and leave the honest alone', () => {
        const labels = [...sizes.keys()].sort();
        console.table(Object.fromEntries(labels.map((l) => [l, { payments: sizes.get(l), excluded: percent(found.get(l).get('out') ?? 0, sizes.get(l)),
            ...Object.fromEntries(RULES.map((rule) => [rule, found.get(l).get(rule) ?? 0])) }])));
        const rate = (rule, of) => [bySomebody(rule, of), of.reduce((n, l) => n + sizes.get(l), 0)];
        console.table(Object.fromEntries(Object.entries(PLANTED).map(([rule, planted]) => [rule, { planted: planted.join(' '),
            precision: TRUE_OF[rule] ? percent(bySomebody(rule, TRUE_OF[rule]), bySomebody(rule, labels)) : '-', recall: percent(...rate(rule, planted)) }])));
        for (const [rule, of] of Object.entries(TRUE_OF)) assert.equal(bySomebody(rule, labels), bySomebody(rule, of), `${rule} is said of nobody else`);
        for (const label of HONEST) assert.equal(bySomebody('out', [label]), 0, `${label} payments are not taken out`);
        for (const [rule, floor] of Object.entries(RECALL)) {
            const [k, n] = rate(rule, PLANTED[rule]);
            assert.ok(100 * k >= floor * n, `${rule} finds ${k} of ${n}`);
        }
        assert.equal(bySomebody('out', ['hop']), 0, 'money by way of one more address is not seen: a known blind spot');
        assert.ok(bySomebody('out', ['return']) >= 0.95 * sizes.get('return'));
    });
});
