// souk get and souk library against Walrus servers that do what they like: never a wrong file under a
// right name, nothing lost that came, and the right words and exit codes.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { metadata } from '../../assets/devnet/lib/walrus.mjs';
import { always200, changed, cut, dead, either, endless, every, first, hold, HostileWalrus, noRange, otherLength, otherRange, otherTotal,
    slow, status } from './hostile_walrus.mjs';
import { configure, json, newHome, run, souk, start, startWorld, sync } from './world.mjs';
import { deadPort } from './proxy.mjs';

const SEED = Number(process.env.SOUK_GET_SEED ?? 20261125);

/** Reproducible noise. */
function noise(n, seed) {
    const words = new Uint32Array(Math.ceil(n / 4));
    let x = seed >>> 0 || 1;
    for (let i = 0; i < words.length; i++) {
        x ^= x << 13;
        x >>>= 0;
        x ^= x >>> 17;
        x ^= x << 5;
        x >>>= 0;
        words[i] = x;
    }
    return Buffer.from(words.buffer, 0, n);
}

let dice = SEED;
const random = (below) => {
    dice = (Math.imul(dice, 1664525) + 1013904223) >>> 0;
    return dice % below;
};

const a = new HostileWalrus();
const b = new HostileWalrus();
const c = new HostileWalrus();
const servers = [a, b, c];
let small; // {id, bytes, bcs}: by the reference implementation
let medium; // the whole is encoded in the end
let big; // proved row by row
let gone; // an ID that nobody has

/** By souk, which other tests hold against the reference: that takes a quarter of a minute for 40 MB. */
async function bigBlob() {
    const bytes = noise(40_000_123, 99);
    const home = newHome();
    fs.mkdirSync(home, { recursive: true });
    fs.writeFileSync(`${home}/big`, bytes);
    const r = await run(home, 'blob-id', `${home}/big`, '--metadata', `${home}/bcs`);
    assert.equal(r.code, 0, r.err);
    return { id: r.out.trim(), bytes, bcs: fs.readFileSync(`${home}/bcs`) };
}

const named = (bytes) => {
    const bcs = metadata(bytes);
    return { id: bcs.subarray(0, 32).toString('base64url'), bytes, bcs };
};

before(async () => {
    await Promise.all(servers.map((s) => s.listen()));
    small = named(noise(61_001, 5));
    medium = named(noise(3_000_017, 6));
    gone = named(Buffer.from('nobody has this')).id;
    big = await bigBlob();
    for (const s of servers) for (const x of [small, medium, big]) s.put(x.id, x.bytes, x.bcs);
});

after(() => Promise.all(servers.map((s) => s.close())));

beforeEach(() => servers.forEach((s) => s.reset()));

/** A home whose aggregators, and storage nodes if any, are these. */
function home(aggregators, nodes = [], config = '') {
    const urls = (list) => list.map((s) => s.url ?? s).join(' ');
    return configure(newHome(), { running: true, walrus: urls(aggregators), walrus_nodes: urls(nodes), walrus_epoch_hours: 24 }, config);
}

const models = (h) => path.join(h, 'data', 'models');
const entries = (h) => (fs.existsSync(models(h)) ? fs.readdirSync(models(h)).sort() : []);
const content = (h, x, part = '') => path.join(models(h), `${x.id}${part}`, 'content');

/** What lies under the ID's name is the right file, or there is none. */
function neverWrong(h, x) {
    if (fs.existsSync(content(h, x))) assert.ok(fs.readFileSync(content(h, x)).equals(x.bytes), 'a wrong file under a right name');
}

async function right(h, x, ...args) {
    const r = await run(h, 'get', x.id, '--json', ...args);
    assert.equal(r.code, 0, r.err);
    const doc = JSON.parse(r.out);
    assert.equal(doc.path, content(h, x));
    assert.ok(fs.readFileSync(doc.path).equals(x.bytes));
    assert.equal(doc.size, x.bytes.length);
    assert.deepEqual(entries(h), [x.id]);
    return doc;
}

async function refused(h, x, code, words, ...args) {
    const r = await run(h, 'get', x.id ?? x, ...args);
    assert.equal(r.code, code, `${r.code} ${r.err}`);
    assert.match(r.err, words);
    assert.equal(r.err.trimEnd().split('\n').length, 1, r.err);
    if (x.id) {
        neverWrong(h, x);
        assert.ok(!fs.existsSync(content(h, x)));
    }
    return r;
}

/** Bytes asked for of a server, but for probes of the size. */
const asked = (s) => s.seen.filter((q) => q.range && q.range[1] > 0).reduce((n, q) => n + q.range[1] - q.range[0] + 1, 0);

describe('an honest server', () => {
    test('a small file, a medium one, and one proved row by row', async () => {
        const h = home([a], [b]);
        let doc = await right(h, small);
        assert.deepEqual([doc.verified, doc.was_here, doc.source], ['strict', false, new URL(a.url).host]);
        assert.deepEqual(doc.stored, { is: 'until', end_epoch: 61, epoch: 20, end: doc.stored.end, reported_by: new URL(b.url).host });
        assert.equal((await run(h, 'library', 'rm', small.id)).code, 0);
        doc = await right(h, medium);
        assert.equal(doc.verified, 'strict');
        assert.equal((await run(h, 'library', 'rm', medium.id)).code, 0);
        doc = await right(h, big);
        assert.equal(doc.verified, 'rows');
        assert.ok(b.asked.some((p) => p.endsWith('/metadata')));
        assert.ok(a.seen.every((q) => q.range), 'explicit ranges only');
        assert.equal(asked(a), small.bytes.length + medium.bytes.length + big.bytes.length);
    });

    test('--strict encodes the whole all the same', async () => {
        assert.equal((await right(home([a], [a]), big, '--strict')).verified, 'strict');
    });

    test('a file that is here is said, without a request', async () => {
        const h = home([a]);
        await right(h, small);
        a.reset();
        const doc = await right(h, small);
        assert.equal(doc.was_here, true);
        assert.equal(a.seen.length, 0);
        const r = await run(h, 'get', small.id, '--path', '--offline');
        assert.deepEqual([r.code, r.out], [0, `${content(h, small)}\n`]);
        assert.match(r.err, /here already/);
    });

    test('the file is read-only, and an empty one can be got', async () => {
        const h = home([a]);
        await right(h, small);
        assert.equal(fs.statSync(content(h, small)).mode & 0o777, 0o444);
        const empty = named(Buffer.alloc(0));
        a.put(empty.id, empty.bytes, empty.bcs);
        await right(home([a]), empty);
    });
});

describe('faults that are got over, in one server', () => {
    const passing = {
        'cut now and then': every(2, cut((x) => x.bytes.length >> 1)),
        'cut before the first byte': every(2, cut(() => 0)),
        'ranges ignored': always200(),
        'ranges ignored, length unsaid': always200(false),
        'ranges ignored, and cut': either(first(2, (x) => cut(() => random(x.whole.length))({ ...x, bytes: x.whole, range: null })), always200()),
        'ranges refused': (x) => (x.range ? status(416)(x) : false),
        'ranges refused with 400': (x) => (x.range ? status(400)(x) : false),
        'slow': slow(4096),
        '429 at first': first(1, status(429, { 'retry-after': '0' })),
        '503 at first': first(2, status(503, { 'retry-after': '0' })),
        '500 at first': first(1, status(500)),
        'dead at first': first(2, dead),
        'shorter ranges than asked': (x) => x.whole && x.range && x.range[1] > x.range[0] + 9999 && x.range[1] < x.whole.length
            ? (otherTotal(x.whole.length)({ ...x, range: [x.range[0], x.range[0] + 9999] })) : false,
    };
    for (const [name, fault] of Object.entries(passing)) {
        test(name, async () => {
            a.fault = fault;
            await right(home([a]), name === 'slow' ? small : medium);
        });
    }

    test('cut at random points, many times: every byte is asked for once', async () => {
        for (let round = 0; round < 8; round++) {
            a.reset();
            a.fault = cut((x) => 1 + random(medium.bytes.length >> 2));
            const h = home([a]);
            await right(h, medium);
            let at = 0;
            for (const q of a.seen.filter((s) => s.range[1] > 0)) { // each goes on where bytes had come to
                assert.ok(q.range[0] >= at, `${q.range} after ${at}`);
                at = q.range[0];
            }
            assert.ok(a.seen.length > 4);
        }
    });
});

describe('one of several servers is bad', () => {
    const bad = {
        'dead': dead,
        '404': status(404),
        '403': status(403),
        '451': status(451),
        '429': status(429),
        '500': status(500),
        '503': status(503),
        'a redirect': status(302, { location: 'http://127.0.0.1:1/' }),
        'another status': status(204),
        'a changed byte': changed([1234]),
        'many changed bytes': changed([0, 5000, 60000]),
        'a smaller total': otherTotal(30_000),
        'a larger total': otherTotal(90_000),
        'an absurd total': otherTotal('99999999999999'),
        'a total that grows': otherTotal((x) => x.range[1] + 2),
        'a total of nonsense': otherTotal('*'),
        'Content-Length too large': otherLength(500),
        'Content-Length too small': otherLength(-500),
        'another range': otherRange(3),
        'no Content-Range': noRange(),
        'an empty answer': status(200, {}, ''),
        'something else entirely': status(200, {}, 'hello'),
        'an endless body': endless(),
        'cut, and then dead': either(first(1, cut(() => 20_000)), dead),
    };
    for (const [name, fault] of Object.entries(bad)) {
        test(name, async () => {
            a.fault = fault;
            const h = home([a, b]);
            const doc = await right(h, small);
            assert.equal(doc.verified, 'strict');
            if (!/Content-Length too small/.test(name)) assert.equal(doc.source, new URL(b.url).host);
        });
    }

    test('two liars of different kinds, and an honest one', async () => {
        a.fault = changed([10]);
        b.fault = otherTotal(small.bytes.length + 1);
        await right(home([a, b, c]), small);
    });

    test('a liar that others finished for: the whole is had again, of one alone', async () => {
        a.fault = either(first(2, (x) => (x.n === 2 ? changed([10])({ ...x, bytes: x.bytes.subarray(0, 1000), range: [x.range[0], x.range[0] + 999] }) : false)), dead);
        await right(home([a, b]), small);
    });
});

describe('nobody gives it', () => {
    test('all say that there is no such blob', async () => {
        const h = home([a, b]);
        const r = await refused(h, gone, 7, /no longer stored, or never was/);
        assert.match(r.err, /all aggregators/);
        assert.deepEqual(entries(h), []);
    });

    test('some say so, and others cannot be reached', async () => {
        const h = home([a, `http://127.0.0.1:${await deadPort()}`]);
        await refused(h, gone, 3, /1 of 2 aggregators do not have it/);
        assert.deepEqual(entries(h), []);
    });

    test('nobody can be reached', async () => {
        await refused(home([`http://127.0.0.1:${await deadPort()}`]), small, 3, /could not be reached/);
        await refused(home([`http://127.0.0.1:${await deadPort()}`, `http://127.0.0.1:${await deadPort()}`]), small, 3, /none of 2 aggregators/);
    });

    for (const [name, fault] of Object.entries({ 'a changed byte': changed([77]), 'the wrong length': otherTotal(60_000), 'nothing': status(200, {}, '') })) {
        test(`all lie: ${name}`, async () => {
            for (const s of servers) s.fault = fault;
            const h = home(servers);
            await refused(h, small, 4, /not what the blob ID names/);
            assert.deepEqual(entries(h), [], 'nothing of it is left');
        });
    }

    for (const [code, words] of [[403, /size/], [429, /no time/], [451, /will not hand it out/], [503, /no time/], [302, /follows nobody/], [416, /refuses/]]) {
        test(`${code} from the only one`, async () => {
            a.fault = status(code, code === 302 ? { location: b.url } : {});
            await refused(home([a]), small, 3, words);
            assert.equal(b.seen.length, 0);
        });
    }

    test('an error page does not reach the terminal', async () => {
        a.fault = status(503, {}, '{"error":{"message":"\u001b]0;owned\u0007 busy"}}');
        const r = await refused(home([a]), small, 3, /busy/);
        assert.ok(!r.err.includes('\u001b'));
    });

    test('endless, from the only one', async () => {
        a.fault = endless();
        const h = home([a]);
        await refused(h, small, 3, /goes on and on/);
    });
});

describe('row by row', () => {
    const rowOf = (offset) => Math.floor(offset / (667 * 180)); // 40,000,123 bytes: symbols of 180
    test('one changed byte: that row alone is asked for again, of another', async () => {
        a.fault = changed([12_345_678]);
        const h = home([a, b], [c]);
        const doc = await right(h, big);
        assert.deepEqual([doc.verified, doc.refetched_parts], ['rows', 1]);
        const row = rowOf(12_345_678) * 667 * 180;
        assert.deepEqual(b.seen.map((q) => q.range), [[row, row + 667 * 180 - 1]]);
    });

    test('of the only one, once more, when it was chance', async () => {
        let once = true;
        a.fault = (x) => {
            if (!once || !x.range || x.range[0] > 25_000_000 || x.range[1] < 25_000_000) return false;
            once = false;
            return changed([25_000_000])(x);
        };
        assert.equal((await right(home([a], [a]), big)).refetched_parts, 1);
    });

    test('of nobody: refused, and what was right is kept', async () => {
        for (const s of [a, b]) s.fault = changed([25_000_000]);
        const h = home([a, b], [c]);
        await refused(h, big, 4, /not what the blob ID names, from any aggregator/);
        assert.deepEqual(entries(h), [`${big.id}.part`]);
        a.reset();
        b.reset();
        assert.equal((await right(h, big)).refetched_parts, 1); // found again in what is here
        assert.ok(asked(a) + asked(b) <= 667 * 180);
    });

    test('a server of nothing but noise is left after a few rows', async () => {
        const other = noise(big.bytes.length, 4);
        a.fault = (x) => (x.range ? otherTotal(big.bytes.length)({ ...x, whole: other }) : false);
        const h = home([a, b], [c]);
        await right(h, big);
        assert.ok(asked(a) < big.bytes.length);
    });

    test('a length that metadata refutes', async () => {
        a.fault = otherTotal(50_000_000);
        await right(home([a, b], [c]), big);
    });

    for (const [name, fault] of Object.entries({
        'of another blob': (x) => (x.request.url.endsWith('metadata') ? (x.response.end(small.bcs), true) : false),
        'with a changed hash': (x) => {
            if (!x.request.url.endsWith('metadata')) return false;
            const wrong = Buffer.from(big.bcs);
            wrong[5000] ^= 1;
            x.response.end(wrong);
            return true;
        },
        'with another length': (x) => {
            if (!x.request.url.endsWith('metadata')) return false;
            const wrong = Buffer.from(big.bcs);
            wrong.writeBigUInt64LE(1000n, 34);
            x.response.end(wrong);
            return true;
        },
        'of noise': (x) => (x.request.url.endsWith('metadata') ? (x.response.end(noise(66044, 3)), true) : false),
        'too long': (x) => (x.request.url.endsWith('metadata') ? (x.response.end(noise(1 << 20, 3)), true) : false),
        'that breaks off': (x) => (x.response.destroy(), true),
    })) {
        test(`metadata ${name}: another node is asked; without any, the whole is encoded`, async () => {
            a.nodeFault = fault;
            assert.equal((await right(home([b], [a, c]), big)).verified, 'rows');
            assert.equal((await right(home([b], [a]), big)).verified, 'strict');
        });
    }

    test('no metadata, and a changed byte: thrown away, and had of the next', async () => {
        a.fault = changed([12_345_678]);
        assert.equal((await right(home([a, b]), big)).verified, 'strict');
    });

    test('cut often', async () => {
        a.fault = cut((x) => 1_000_000 + random(6_000_000));
        b.fault = cut((x) => 1_000_000 + random(6_000_000));
        assert.equal((await right(home([a, b], [c]), big)).verified, 'rows');
    });
});

describe('stopped, and gone on with', () => {
    const sizeOf = (file) => (fs.existsSync(file) ? fs.statSync(file).size : 0);
    /** Until the file on the disk has so many bytes. */
    async function until(file, bytes) {
        while (sizeOf(file) < bytes) await new Promise((resolve) => setTimeout(resolve, 5));
    }

    test('killed at any moment: the next one asks for what is missing, and no more', async () => {
        for (let round = 0; round < 6; round++) {
            const at = 2_000_000 + random(36_000_000);
            const h = home([a], [b]);
            a.reset();
            a.fault = (x) => (x.range && x.range[0] <= at && x.range[1] > at ? hold(at - x.range[0])(x) : false);
            const s = start(h, 'get', big.id);
            await until(content(h, big, '.part'), at - (1 << 20)); // all but what was not handed to the disk
            s.child.kill('SIGKILL');
            await s.done;
            assert.deepEqual(entries(h), [`${big.id}.part`]);
            const kept = sizeOf(content(h, big, '.part'));
            const listed = (await json(h, 'library')).models;
            assert.deepEqual(listed.map((m) => [m.blob_id, m.partial, m.size, m.path]), [[big.id, true, kept, null]]);
            a.reset();
            await right(h, big);
            assert.equal(asked(a), big.bytes.length - kept);
            assert.equal(a.seen.find((q) => q.range[1] > 0).range[0], kept);
        }
    });

    test('Ctrl-C: 130, what came is kept to the last byte, and gone on with', async () => {
        const h = home([a]);
        a.fault = (x) => (x.range && x.range[1] > 0 ? hold(1_500_000)(x) : false);
        const s = start(h, 'get', medium.id);
        await until(content(h, medium, '.part'), 1 << 20);
        s.child.kill('SIGINT');
        const r = await s.done;
        assert.equal(r.code, 130);
        assert.match(r.err, /kept/);
        const kept = sizeOf(content(h, medium, '.part'));
        assert.ok(kept >= 1 << 20);
        a.reset();
        await right(h, medium);
        assert.equal(asked(a), medium.bytes.length - kept);
    });

    test('what lies there and is not it does no harm', async () => {
        const h = home([a]);
        fs.mkdirSync(path.dirname(content(h, medium, '.part')), { recursive: true });
        fs.writeFileSync(content(h, medium, '.part'), noise(1_000_000, 77));
        await right(h, medium);
        const g = home([a], [b]);
        fs.mkdirSync(path.dirname(content(g, big, '.part')), { recursive: true });
        fs.writeFileSync(content(g, big, '.part'), noise(50_000_000, 77)); // longer than the file
        await right(g, big);
    });

    test('two at once: one gets it, the other says so', async () => {
        const h = home([a]);
        let held;
        const reached = new Promise((resolve) => (held = resolve));
        a.fault = (x) => (x.range && x.range[1] > 0 ? hold(1000, held)(x) : false);
        const s = start(h, 'get', medium.id);
        await reached;
        await refused(h, medium, 1, /another souk is getting it/);
        const r = await run(h, 'library', 'rm', medium.id);
        assert.equal(r.code, 1);
        assert.match(r.err, /another souk/);
        s.child.kill('SIGINT');
        assert.equal((await s.done).code, 130);
        a.reset();
        await right(h, medium);
    });
});

describe('the library', () => {
    test('listed, checked, named, removed; and nothing is left', async () => {
        const h = home([a], [b]);
        await right(h, small);
        const g = await run(h, 'get', medium.id, '--quiet');
        assert.equal(g.code, 0, g.err);
        let doc = await json(h, 'library');
        assert.deepEqual(doc.models.map((m) => m.blob_id).sort(), [small.id, medium.id].sort());
        assert.equal(doc.bytes, small.bytes.length + medium.bytes.length);
        assert.equal(doc.budget, 20_000_000_000);
        const text = await run(h, 'library');
        assert.match(text.out, /2 files, 3\.0[0-9]* MB of 20\.0 GB|2 files/);
        const csv = await run(h, 'library', '--csv');
        assert.equal(csv.out.trimEnd().split('\n').length, 3);
        assert.equal((await run(h, 'library', 'path', small.id)).out, `${content(h, small)}\n`);
        assert.deepEqual(await json(h, 'library', 'check', small.id), { blob_id: small.id, verified: 'rows' });
        assert.deepEqual(await json(h, 'library', 'check', small.id, '--strict'), { blob_id: small.id, verified: 'strict' });

        fs.chmodSync(content(h, small), 0o600);
        const bytes = Buffer.from(small.bytes);
        bytes[100] ^= 1;
        fs.writeFileSync(content(h, small), bytes);
        let r = await run(h, 'library', 'check', small.id);
        assert.equal(r.code, 4, r.err);
        r = await run(h, 'library', 'check', small.id, '--strict');
        assert.equal(r.code, 4, r.err);
        doc = await json(h, 'library');
        assert.equal(doc.models.find((m) => m.blob_id === small.id).verified, 'no');

        for (const x of [small, medium]) assert.equal((await run(h, 'library', 'rm', x.id)).code, 0);
        assert.deepEqual(entries(h), []);
        for (const verb of ['rm', 'path', 'check']) assert.equal((await run(h, 'library', verb, small.id)).code, 7);
        assert.equal((await run(h, 'library', 'eat', small.id)).code, 2);
        assert.match((await run(h, 'library')).out, /^0 files/);
    });

    test('a budget is kept, before a byte comes', async () => {
        const h = home([a], [], 'library_budget = 1M\n');
        await right(h, small);
        const r = await run(h, 'get', medium.id);
        assert.equal(r.code, 5, r.err);
        assert.match(r.err, /budget/);
        assert.equal(asked(a), small.bytes.length);
        assert.deepEqual(entries(h), [small.id]);
        // The word of one about the size is not the last.
        b.fault = otherTotal(9_000_000_000);
        assert.equal((await run(home([b, a], [], 'library_budget = 1M\n'), 'get', small.id)).code, 0);
    });

    test('an ID that the user gives is kept for the model', async () => {
        const h = home([a]);
        let r = await run(h, 'get', 'mira/tail-risk');
        assert.equal(r.code, 7, r.err);
        r = await run(h, 'get', 'mira/tail-risk@1.02', '--blob-id', small.id, '--path');
        assert.equal(r.code, 0, r.err);
        assert.equal(r.out, `${content(h, small)}\n`);
        const [m] = (await json(h, 'library')).models;
        assert.deepEqual([m.author, m.model, m.version], ['mira', 'tail-risk', '1.02']);
        for (const name of ['mira/tail-risk', 'tail-risk', 'mira/tail-risk@1.02', small.id])
            assert.equal((await run(h, 'library', 'path', name)).out, `${content(h, small)}\n`, name);
        r = await run(h, 'get', 'mira/tail-risk', '--offline', '--path');
        assert.deepEqual([r.code, r.out], [0, `${content(h, small)}\n`]);
        r = await run(h, 'get', 'x/y', '--blob-id', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnuX6x');
        assert.equal(r.code, 8);
        r = await run(h, 'get', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnuX6G');
        assert.equal(r.code, 8);
        assert.match(r.err, /IPFS/);
    });

    test('a symbolic link in the way leads nowhere', async () => {
        const h = home([a]);
        const outside = `${h}/outside`;
        fs.mkdirSync(models(h), { recursive: true });
        fs.mkdirSync(outside);
        fs.writeFileSync(`${outside}/content`, 'mine');
        fs.symlinkSync(outside, `${models(h)}/${small.id}.part`);
        fs.symlinkSync(outside, `${models(h)}/${medium.id}`);
        await run(h, 'get', small.id);
        await run(h, 'get', medium.id);
        assert.equal(fs.readFileSync(`${outside}/content`, 'utf8'), 'mine');
        assert.deepEqual(fs.readdirSync(outside), ['content']);
        neverWrong(h, small);
        assert.ok(fs.lstatSync(`${models(h)}/${medium.id}`).isDirectory());
    });

    test('how long it is stored', async () => {
        const words = async (s) => {
            a.status.set(small.id, s);
            const r = await run(home([a], [a]), 'get', small.id);
            assert.equal(r.code, 0, r.err);
            return /^storage +(.*)$/m.exec(r.out)?.[1];
        };
        assert.match(await words({ permanent: { endEpoch: 61 } }), /^stored until epoch 61 \(about \d{4}-\d\d-\d\d\), reported by 127/);
        assert.match(await words({ deletable: {} }), /^stored, and can be deleted/);
        assert.match(await words('nonexistent'), /^no longer stored/);
        assert.match(await words({ permanent: { endEpoch: 20 } }), /^no longer stored/);
        a.nodeFault = (x) => (x.response.destroy(), true);
        assert.equal(await words({ permanent: { endEpoch: 61 } }), undefined);
    });
});

describe('the devnet', () => {
    let w;
    let h;
    let world;
    before(async () => {
        w = await startWorld({ seed: 12, models: 60, payments: 400, inferences: 400, authors: 12, days: 12, end: 1795219200 });
        h = configure(newHome(), w.status);
        world = JSON.parse(fs.readFileSync(`${w.dir}/world.json`, 'utf8'));
        await sync(h);
    });
    after(() => w?.stop());
    const of = (state) => world.models.find((m) => m.store === state && m.author && /^[\w-]+$/.test(m.name));
    const name = (m) => `${m.author}/${m.name}`;

    test('a model by its name, its versions, and what the Hub says of it', async () => {
        const m = world.models.find((x) => x.store === 'stored' && x.versions.length > 1 && /^[\w-]+$/.test(x.name)) ?? of('stored');
        const doc = await json(h, 'get', name(m));
        assert.deepEqual([doc.blob_id, doc.author, doc.model, doc.was_here], [m.blob, m.author, m.name, false]);
        assert.match(doc.file, /\.onnx$/);
        for (const v of m.versions) assert.equal((await json(h, 'get', `${name(m)}@${v.version}`)).blob_id, v.blob);
        const r = await run(h, 'get', `${name(m)}@99.99`);
        assert.equal(r.code, 7, r.err);
        assert.match(r.err, new RegExp(m.versions[0].version.replace('.', '\\.')));
        const [v] = m.versions;
        assert.equal((await run(h, 'library', 'check', `${name(m)}@${v.version}`.toUpperCase())).code, 0);
        if (m.versions.length > 1) assert.equal((await run(h, 'library', 'path', name(m))).code, 8, 'which of them?');
    });

    test('what was got is inspected by its name, and nothing else is', async () => {
        const other = world.models.find((x) => x.store === 'stored' && x.versions.length === 1 && /^[\w-]+$/.test(x.name));
        let r = await run(h, 'inspect', name(other));
        assert.equal(r.code, 7, r.err);
        assert.match(r.err, /is not on this disk: souk get /);
        assert.equal((await run(h, 'get', name(other))).code, 0);
        const doc = await json(h, 'inspect', name(other));
        assert.deepEqual([doc.label, doc.blob_id, doc.format, doc.runnable], [name(other), other.blob, 'ONNX', true]);
        assert.ok(doc.inputs.length > 0 && doc.outputs.length > 0);
        r = await run(h, 'inspect', other.blob);
        assert.match(r.out, new RegExp(`^blob id {10}${other.blob}, proved`, 'm'));
        assert.equal((await run(h, 'inspect', 'nobody/nothing')).code, 7);
    });

    test('expired, served wrong, IPFS, and an entry without a file', async () => {
        let r = await run(h, 'get', name(of('expired')));
        assert.equal(r.code, 7, r.err);
        assert.match(r.err, /no longer stored/);
        const bad = world.models.find((m) => m.store === 'tampered');
        r = await run(h, 'get', bad.blob);
        assert.equal(r.code, 4, r.err);
        const ipfs = of('ipfs');
        if (ipfs) {
            r = await run(h, 'get', name(ipfs));
            assert.equal(r.code, 8, r.err);
            assert.match(r.err, /IPFS/);
        }
        r = await run(h, 'get', name(of('none')));
        assert.equal(r.code, 7, r.err);
    });
});

test('souk is there', () => assert.ok(fs.existsSync(souk)));
