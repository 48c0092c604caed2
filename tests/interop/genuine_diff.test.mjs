// The rules of genuine spending against the same rules written again (expect_genuine.mjs): random
// markets, random thresholds, random lists of known addresses, no difference in any bit or amount.
//
//   SOUK_DIFF_CASES=100000 SOUK_DIFF_SEED=7 ETHDIFF=build/san/tests/diff/ethdiff node --test tests/interop/genuine_diff.test.mjs

import assert from 'node:assert/strict';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { DEFAULTS, RULES, genuine, judge } from './expect_genuine.mjs';
import { keyOf, readWorld } from './expect.mjs';

const program = path.resolve(process.env.ETHDIFF ?? new URL('../../build/san/tests/diff/ethdiff', import.meta.url).pathname);
const WORLDS = Math.ceil(Number(process.env.SOUK_DIFF_CASES ?? 2000) / 100);
const FIXED = 10; // the first markets are always the same: in them every rule has something to find
const SEED = Number(process.env.SOUK_DIFF_SEED ?? Date.now() % 1_000_000_007);
const [HOUR, DAY, ZERO] = [3600, 86400, `0x${'0'.repeat(40)}`];
const START = 20000 * DAY, AS_OF = START + 95 * DAY;
const WINDOWS = ['7d', '30d', '90d', 'all'], KINDS = ['author', 'hub', 'trusted'];
const SCHEMES = { exact: 1, upto: 3, channel: 4, escrow: 5 };

class Dice {
    constructor(seed) {
        this.s = BigInt(seed) * 7919n + 1n;
    }

    below(n) {
        this.s = (this.s * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
        return Number((this.s >> 33n) % BigInt(n));
    }

    pick(list) {
        return list[this.below(list.length)];
    }
}

const address = (i) => `0x${(0xaa0000 + i).toString(16).padStart(40, '0')}`;
const [USDC, OPG, ESCROW] = [address(900), address(901), address(902)];
const AUTHORS = ['ann', 'bob', 'cat', 'dan'];
const payTo = (i) => address(10 + i), owner = (i) => address(20 + i), wallet = (i) => address(100 + i);

/** Thresholds that such small worlds reach. */
function thresholds(d) {
    const t = { ...DEFAULTS };
    const set = (key, from, n) => (t[key] = from + d.below(n));
    set('window_days', 1, 12);
    set('funded_share', 100, 800);
    set('hub_fundees', 3, 12);
    set('shared_payers', 2, 3);
    set('shared_hours', 1, 60);
    set('return_ratio', 300, 700);
    set('return_trips', 1, 3);
    set('cycle_margin', 0, 700);
    set('cycle_times', 1, 4);
    set('cohort_payers', 2, 6);
    set('cohort_minutes', 30, 600);
    set('cohort_linked', 0, 600);
    set('cohort_cv', 300, 900);
    set('burst_per_minute', 1, 3);
    set('burst_minutes', 1, 3);
    set('burst_cv', 0, 1500);
    set('one_share', 300, 700);
    set('one_payments', 2, 9);
    set('strict_days', 1, 3);
    set('strict_prices', 1, 4);
    return t;
}

/** The ledger of a market in which everybody pays everybody, some of them in patterns. */
function market(d) {
    const lines = [{ kind: 'meta', tokens: [{ address: USDC, symbol: 'USDC', decimals: 6 }, { address: OPG, symbol: 'OPG', decimals: 18 }] }];
    let log = 0;
    AUTHORS.forEach((author, i) => {
        for (const name of i === 0 ? ['one', 'two'] : ['one']) { // ann has two models at one address
            lines.push({ kind: 'model', author, name: `${author}-${name}` });
            lines.push({ kind: 'listing', id: `${author} ${name}`, author, name: `${author}-${name}`, owner: owner(i), pay_to: payTo(i), asset: USDC,
                price: name === 'one' ? '1000000' : '1000', proven: true, block: 1, log: log++, time: START });
        }
    });
    const wallets = 6 + d.below(40);
    const everybody = [...AUTHORS.flatMap((_, i) => [payTo(i), owner(i)]), ...Array.from({ length: wallets }, (_, i) => wallet(i))];
    let time = START + DAY;
    const row = (l) => lines.push({ ...l, amount: String(l.amount), time, block: 100 + time - START, log: log++ });
    const pay = (payer, i, asset, amount, scheme = 'exact') => payer !== payTo(i) && row({ kind: 'payment', scheme, payer, pay_to: payTo(i), asset, amount });
    const give = (from, to, asset, amount) => from !== to && row({ kind: 'transfer', from, to, asset, amount, why: 'plain' });
    const patterns = [
        (asset, x) => give(d.pick(everybody), d.pick(everybody), asset, 3 * x),
        (asset, x) => give(ZERO, d.pick(everybody), asset, x),
        (asset, x) => row({ kind: 'transfer', from: d.pick(everybody), to: ESCROW, asset, amount: x, why: 'deposit' }),
        (asset, x) => row({ kind: 'transfer', from: ESCROW, to: d.pick(everybody), asset, amount: x, why: 'taken back' }),
        (asset, x, i) => { // there and back
            for (let k = 0; k < 3; k++) {
                const w = wallet(d.below(4));
                pay(w, i, asset, x);
                give(payTo(i), w, asset, x);
            }
        },
        (asset, x) => { // round and round
            const hops = 1 + d.below(4);
            for (let k = 0; k < hops; k++) {
                pay(wallet(k), k, asset, x);
                give(payTo(k), wallet((k + 1) % hops), asset, x - d.below(2) * Math.floor(x / 10));
            }
        },
        (asset, x, i) => { // a family
            const head = wallet(d.below(wallets));
            for (let k = 2 + d.below(6); k > 0; k--, time++) {
                const w = wallet(d.below(wallets));
                give(head, w, asset, x);
                pay(w, i, asset, x);
            }
        },
        (asset, x, i) => { // a machine
            const w = wallet(d.below(wallets));
            for (let k = 2 + d.below(30); k > 0; k--, time += 10 + d.below(2)) pay(w, i, asset, x);
        },
        (asset, x, i) => pay(d.pick(everybody), i, asset, x, d.pick(['exact', 'escrow', 'upto'])),
        (asset, x, i) => pay(null, i, asset, x, 'channel'),
        (asset, x) => row({ kind: 'refund', scheme: 'escrow', payer: d.pick(everybody), pay_to: payTo(1 + d.below(3)), asset, amount: x }),
    ];
    for (let n = 150 + d.below(300); n > 0; n--) {
        time += d.pick([0, 1, 5, 20, 30, 1800, HOUR, 5 * HOUR, 20 * HOUR]);
        const x = (d.below(5) === 0 ? 1 : 1000) * (1 + d.below(3) * 500) + d.below(2);
        d.pick(patterns)(d.below(6) ? USDC : OPG, x, d.below(4));
    }
    return lines;
}

function knownList(d) {
    const list = [];
    const put = (a, kind, words) => list.push({ address: a, kind, words });
    if (d.below(2)) put(wallet(d.below(6)), 'author', d.pick(AUTHORS));
    if (d.below(2)) put(wallet(7), 'hub', 'x');
    if (d.below(2)) put(wallet(8), 'trusted', 'x');
    if (d.below(4) === 0) put(owner(1), 'hub', 'x');
    if (d.below(4) === 0) put(owner(2), 'author', 'dan');
    return list;
}

/** What ethdiff must be told to hold the same market. */
function questions(lines, t, off, known) {
    const place = (l) => `${l.block} ${l.log} ${l.time}`;
    const asks = [`gen.open ${AS_OF}`, `gen.asset ${USDC} USDC 6`, `gen.asset ${OPG} OPG 18`];
    for (const l of lines) {
        if (l.kind === 'model') asks.push(`gen.model ${l.author} ${l.name} ${owner(AUTHORS.indexOf(l.author))}`);
        if (l.kind === 'listing') asks.push(`gen.listing ${l.author} ${l.name} ${l.owner} ${l.pay_to} ${l.asset} ${l.price} ${place(l)}`);
        if (l.kind === 'payment') asks.push(`gen.pay ${SCHEMES[l.scheme]} 3 ${l.payer ?? ZERO} ${l.pay_to} ${l.asset} ${l.amount} ${place(l)}`);
        if (l.kind === 'refund') asks.push(`gen.pay 6 3 ${l.payer} ${l.pay_to} ${l.asset} ${l.amount} ${place(l)}`);
        if (l.kind === 'transfer') {
            const kind = l.why === 'deposit' ? 2 : l.why === 'taken back' ? 3 : 1;
            asks.push(`gen.flow ${kind} ${l.from} ${l.to} ${l.asset} ${l.amount} ${place(l)}`);
        }
    }
    for (const [key, value] of Object.entries(t)) asks.push(`gen.set ${key} ${value}`);
    for (const rule of off) asks.push(`gen.set off ${rule}`);
    for (const k of known) asks.push(`gen.known ${k.address} ${KINDS.indexOf(k.kind)} ${k.words}`);
    return [...asks, 'gen.judge'];
}

function answers(lines) {
    return new Promise((resolve, reject) => {
        const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] });
        let out = '', err = '';
        child.on('error', reject);
        child.stdin.on('error', () => { /* it ended early: its exit code tells */ });
        child.stdout.setEncoding('utf8').on('data', (s) => (out += s));
        child.stderr.setEncoding('utf8').on('data', (s) => (err += s));
        child.on('close', (code) => (code === 0 ? resolve(out.split('\n').slice(0, -1)) : reject(new Error(`ethdiff: ${code} ${err}`))));
        child.stdin.end(lines.map((l) => `${l}\n`).join(''));
    });
}

/** Asks and what must be answered, for one market. */
function compare(lines, t, off, known, models) {
    const world = readWorld(lines);
    const verdict = judge(world, { thresholds: t, off, known });
    const cases = verdict.judged.map((p) => {
        const bits = RULES.reduce((b, r, i) => b | (p.bits.has(r) ? 1 << i : 0), 0);
        return [`gen.row ${p.block} ${p.log}`, `${bits} ${p.excluded}`];
    });
    WINDOWS.forEach((window, w) => {
        const all = genuine(world, verdict, window, AS_OF, t);
        const put = (who, f) => [USDC, OPG].forEach((asset) => cases.push([`gen.sum ${w} ${who} ${asset}`, f
            ? [f.low[asset] ?? 0, f.high[asset] ?? 0, f.strict, f.loose, f.clusters, f.payments, ...RULES.map((r) => f.bits[r])].join(' ')
            : Array(6 + RULES.length).fill(0).join(' ')]));
        put('-', all.market);
        for (const author of AUTHORS) put(author, all.authors.get(author));
        for (const [key, id] of models) put(id, all.models.get(key));
    });
    return { cases, found: verdict.judged.flatMap((p) => [...p.bits]) };
}

test(`the rules, written twice: ${WORLDS} markets, seed ${SEED}`, async () => {
    const found = new Set();
    for (let n = 0; n < WORLDS; n++) {
        const seed = n < FIXED ? n : SEED + n;
        const d = new Dice(seed);
        const [lines, t, known] = [market(d), thresholds(d), knownList(d)];
        const off = d.below(3) === 0 ? [d.pick(RULES)] : [];
        const models = lines.filter((l) => l.kind === 'model').map((l, i) => [keyOf(l.author, l.name), i + 1]);
        const asks = questions(lines, t, off, known);
        const { cases, found: bits } = compare(lines, t, off, known, models);
        const said = (await answers([...asks, ...cases.map(([ask]) => ask), 'gen.close'])).slice(asks.length, -1);
        assert.equal(said.length, cases.length, 'one answer each');
        cases.forEach(([ask, want], i) => assert.equal(said[i], want, `seed ${seed}: ${ask}`));
        bits.forEach((b) => found.add(b));
    }
    assert.deepEqual(RULES.filter((r) => !found.has(r)), [], 'every rule had something to find');
});
