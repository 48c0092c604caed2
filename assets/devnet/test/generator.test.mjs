// What the generator promises without a chain.

import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import crypto from 'node:crypto';
import { Prng, Weighted } from '../lib/prng.mjs';
import { modelFile } from '../lib/onnx.mjs';
import { DEFAULTS, refuse } from '../lib/params.mjs';
import { makeWorld } from '../lib/world.mjs';
import { blobId } from '../lib/walrus.mjs';
import { cacheKey } from '../key.mjs';

const END = 1759968000;
const PINNED = [837194798, 3839192027, 617021607];
const FILE0 = 'c7cf38fc9af37e28b0cde145a293241d197f18c5e03c4cf3b7e6fa5e68db7a9a';
const DAY = 24;
const LABELS = ['honest', 'wash', 'ring', 'dust', 'farm', 'fleet', 'single', 'owner-test', 'impostor', 'cycle', 'return', 'hop', 'launch', 'cohort', 'burst'];
const blobs = fs.readFileSync(new URL('../blobs.txt', import.meta.url), 'utf8').trimEnd().split('\n');
const world = makeWorld({ ...DEFAULTS, end: END });

test('the generator of chance is pinned', () => {
    const r = new Prng(1, 'x');
    assert.deepEqual([r.u32(), r.u32(), r.u32()], PINNED);
    const w = new Weighted([0, 3, 0, 1]);
    const seen = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) seen[w.draw(r)]++;
    assert.equal(seen[0] + seen[2], 0);
    assert.ok(seen[1] > 2800 && seen[1] < 3200);
});

test('model files: small, distinct, and a function of the index alone', () => {
    const seen = new Set();
    for (let i = 0; i < blobs.length; i++) {
        const f = modelFile(i);
        assert.ok(f.length < 1300);
        seen.add(crypto.createHash('sha256').update(f).digest('hex'));
    }
    assert.equal(seen.size, blobs.length);
    assert.equal(crypto.createHash('sha256').update(modelFile(0)).digest('hex'), FILE0);
});

test('blob IDs: the table is whole, and the reference WASM agrees on a sample', async () => {
    assert.equal(blobs.length, 2200);
    assert.equal(new Set(blobs).size, 2200);
    for (const id of blobs) assert.match(id, /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
    for (let n = 0; n < 3; n++) {
        const i = crypto.randomInt(blobs.length);
        assert.equal(await blobId(modelFile(i)), blobs[i], `entry ${i}`);
    }
});

test('one seed, one world; another seed, another', () => {
    const small = { ...DEFAULTS, models: 100, payments: 500, inferences: 500, authors: 30, days: 14, end: END };
    const digest = (p) => {
        const w = makeWorld(p);
        return JSON.stringify([w.models.map((m) => [m.name, m.description]), w.payments.map((x) => [x.slot, x.payer, String(x.amount)])]);
    };
    assert.equal(digest(small), digest(small));
    assert.notEqual(digest(small), digest({ ...small, seed: 2 }));
});

test('the default world has the size it was asked for', () => {
    assert.equal(world.models.length, 2000);
    assert.equal(world.authors.length, 300);
    assert.equal(world.payments.length, 30000);
    assert.equal(world.inferences.length, 60000);
    const own = world.listings.filter((l) => !l.impostor);
    assert.equal(own.length, 640);
    const recent = world.slots - 30 * DAY;
    const called = new Set([...world.payments.filter((p) => p.l?.m && p.slot >= recent).map((p) => p.l.m),
        ...world.inferences.filter((e) => e.m?.listing && !e.simulation && e.slot >= recent).map((e) => e.m)]);
    assert.ok(called.size > 190 && called.size < 230, `${called.size} listed models called in the last 30 days`);
    const days = new Array(world.params.days).fill(0);
    for (const p of world.payments) days[Math.floor(p.slot / DAY)]++;
    const sum = (a, b) => days.slice(a, b).reduce((x, y) => x + y, 0);
    const growth = sum(90, 120) / sum(0, 30);
    assert.ok(growth > 1.6 && growth < 3, `demand roughly doubles: ${growth}`);
    const per = [...world.payments.reduce((m, p) => m.set(p.l, (m.get(p.l) ?? 0) + 1), new Map()).values()].sort((a, b) => b - a);
    assert.ok(per.slice(0, 40).reduce((a, b) => a + b) > 15000 && per.at(-1) < 10, 'a long tail');
});

test('everything that must be in it is in it', () => {
    const labels = new Set(world.payments.map((p) => p.label));
    for (const l of LABELS) assert.ok(labels.has(l), l);
    for (const s of ['exact-eip3009', 'exact-permit2', 'upto', 'channel', 'escrow', 'list']) assert.ok(world.payments.filter((p) => p.scheme === s).length > 100, s);
    const own = world.listings.filter((l) => !l.impostor);
    assert.ok(own.filter((l) => l.shared).length >= 20);
    assert.ok(own.some((l) => l.shared && world.attributable(l, l.versions[0].price)));
    assert.ok(own.some((l) => l.shared && !world.attributable(l, l.versions[0].price)));
    assert.ok(own.filter((l) => l.versions.length > 1).length >= 30, 'price changes');
    assert.ok(own.filter((l) => !l.proven).length >= 30, 'listings without proof');
    assert.ok(own.filter((l) => l.delisted !== null).length >= 10, 'delisted');
    assert.ok(world.listings.filter((l) => l.impostor).length >= 5, 'impostors');
    for (const store of ['stored', 'expired', 'ipfs', 'tampered', 'none']) assert.ok(world.models.some((m) => m.store === store), store);
    assert.ok(world.inferences.some((e) => e.simulation) && world.inferences.some((e) => e.m === null));
    const texts = world.models.map((m) => m.description);
    assert.ok(texts.some((t) => t === null) && texts.filter((t) => t?.length > 20000).length >= 10);
    assert.ok(world.models.some((m) => m.author === null) && world.models.some((m) => m.task === null));
    assert.ok(world.models.some((m) => m.name.length > 10000) && world.models.some((m) => m.name.includes('\u001b]52')));
});

test('a small world has some of everything too', () => {
    const small = { ...DEFAULTS, models: 260, payments: 2500, inferences: 3000, authors: 50, days: 40, end: END };
    for (const seed of [11, 12, 13]) {
        const w = makeWorld({ ...small, seed });
        assert.equal(w.payments.length, 2500);
        for (const l of LABELS) assert.ok(w.payments.filter((p) => p.label === l).length >= 4, `${l} of seed ${seed}`);
    }
});

test('what goes round leaves nobody richer, and what is paid back was paid', () => {
    const onward = world.plain.filter((t) => t.why === 'onward');
    const net = new Map();
    const add = (who, n) => net.set(who, (net.get(who) ?? 0n) + n);
    for (const t of onward) (add(t.from, -t.amount), add(t.to, t.amount));
    for (const p of world.payments.filter((x) => x.label === 'cycle' || x.label === 'ring')) (add(p.payer, -p.amount), add(p.payTo, p.amount));
    assert.ok(net.size >= 18 && [...net.values()].every((n) => n === 0n));
    const paid = (label, why) => [world.payments.filter((p) => p.label === label).reduce((n, p) => n + p.amount, 0n),
        world.plain.filter((t) => t.why === why).reduce((n, t) => n + t.amount, 0n)];
    const [there, back] = paid('return', 'paid back');
    assert.ok(there > 0n && there === back);
});

test('an author can have many addresses', () => {
    const most = Math.max(...world.listings.map((l) => new Set(l.versions.map((v) => v.payTo)).size));
    assert.equal(most, 50);
});

test('what goes into the escrow comes out of it', () => {
    const kinds = (op) => world.escrowOps.filter((e) => e.op === op);
    const sum = (list) => list.reduce((n, e) => n + e.amount, 0n);
    assert.equal(sum(kinds('authorize')), sum(kinds('capture')) + sum(kinds('void')));
    for (const op of ['charge', 'refund', 'void']) assert.ok(kinds(op).length > 10, op);
    const moved = (op) => world.channelOps.filter((e) => e.op === op);
    assert.equal(sum(moved('deposit')), sum(moved('settle')) + sum(moved('refund')));
    assert.equal(sum(moved('claim')), sum(moved('settle')));
});

test('a proven listing is named on a line of its model\'s description, and only a proven one', () => {
    for (const l of world.listings) {
        const text = (l.m ?? l.victim.m).description ?? '';
        const named = text.split('\n').some((line) => line.toLowerCase() === `souk-listing: ${l.owner}`);
        assert.equal(named, l.proven, l.name);
    }
});

test('parameters out of bounds are refused in words', () => {
    assert.match(refuse({ ...DEFAULTS, end: END, models: 2001 }), /--models .* 2000/);
    assert.match(refuse({ ...DEFAULTS, end: END, payments: 1.5 }), /--payments/);
    assert.equal(refuse({ ...DEFAULTS, end: END }), null);
});

test('the cache key depends on every parameter', () => {
    const base = { ...DEFAULTS, end: END };
    const keys = [base, { ...base, seed: 2 }, { ...base, days: 121 }, { ...base, end: END + 86400 }].map(cacheKey);
    assert.equal(new Set(keys).size, 4);
    assert.equal(cacheKey({ ...base }), keys[0]);
});
