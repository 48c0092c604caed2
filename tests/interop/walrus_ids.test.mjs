// souk blob-id and souk verify as a user meets them, and the IDs against the network's own encoder.
//   node --test tests/interop/walrus_ids.test.mjs
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { blobId, metadata } from '../../assets/devnet/lib/walrus.mjs';

globalThis.crypto ??= crypto.webcrypto; // the encoder's glue wants it; Node 18 hides it
const souk = path.resolve(process.env.SOUK ?? './souk');
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-walrus-'));
process.on('exit', () => fs.rmSync(home, { recursive: true, force: true }));

function run(...args) {
    const r = spawnSync(souk, [...args, '--data', home], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return { code: r.status, out: r.stdout, err: r.stderr };
}
function file(name, bytes) {
    const at = path.join(home, name);
    fs.writeFileSync(at, bytes);
    return at;
}
const said = (r) => ({ ...r, json: JSON.parse(r.out) });

const ONE = crypto.randomBytes(12345);
const one = file('one', ONE);
const sidecar = path.join(home, 'one.metadata');
const ID = run('blob-id', one).out.trim();
const OTHER = 'M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk';

test('any file has the ID that the network gives it', async () => {
    // Nothing, less than a row, some rows, and symbols of more than one block and chunk.
    for (const [from, to] of [[0, 0], [1, 1334], [1335, 445556], [445557, 3e6], [15e6, 20e6]]) {
        const bytes = crypto.randomBytes(from + Math.floor(Math.random() * (to - from + 1)));
        const r = run('blob-id', file('any', bytes));
        assert.equal(r.code, 0, r.err);
        assert.equal(r.out, `${await blobId(bytes)}\n`, `${bytes.length} bytes`);
        assert.equal(r.err, '');
    }
});

test('the sidecar is what storage nodes hand out', () => {
    const r = said(run('blob-id', one, '--json', '--metadata', sidecar));
    assert.equal(r.code, 0, r.err);
    assert.ok(fs.readFileSync(sidecar).equals(metadata(ONE)));
    const { root_hash: root, ...rest } = r.json;
    assert.match(root, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, { file: one, blob_id: ID, size: 12345, shards: 1000, symbol_size: 2, metadata: sidecar });
});

test('threads and shards', () => {
    for (const threads of ['1', '2', '3', '16', '1000']) assert.equal(run('blob-id', one, '--threads', threads).out.trim(), ID);
    const ten = file('ten', 'walrus blob id v1 regression test');
    assert.equal(run('blob-id', ten, '--shards', '10').out, 'RcU82Mwf-CFkv1LaI_2qcpANwpGUuG3TMwnVzZxD2kY\n');
    assert.equal(run('verify', ten, 'RcU82Mwf-CFkv1LaI_2qcpANwpGUuG3TMwnVzZxD2kY', '--shards', '10').code, 0);
    for (const bad of ['3', '1001', 'many']) assert.equal(run('blob-id', one, '--shards', bad).code, 2);
    assert.equal(run('blob-id', one, '--threads', '0').code, 2);
});

test('a file is proved by its ID, with and without the sidecar', () => {
    assert.deepEqual(run('verify', one, ID), { code: 0, out: 'verified, strict\n', err: '' });
    assert.deepEqual(run('verify', one, ID, '--metadata', sidecar), { code: 0, out: 'verified\n', err: '' });
    assert.deepEqual(run('verify', one, ID, '--metadata', sidecar, '--strict'), { code: 0, out: 'verified, strict\n', err: '' });
    assert.deepEqual(said(run('verify', one, ID, '--metadata', sidecar, '--json')).json,
        { file: one, blob_id: ID, verified: true, strict: false, is: ID, size: 12345 });
});

test('another file is told, with the ID that it has', () => {
    const bytes = Buffer.from(ONE);
    bytes[5000] ^= 1;
    const other = file('other', bytes);
    const is = run('blob-id', other).out.trim();
    const strict = said(run('verify', other, ID, '--json'));
    assert.equal(strict.code, 4);
    assert.equal(strict.err, `souk: ${other} is another file: its blob ID is ${is}, not ${ID}\n`);
    assert.deepEqual(strict.json, { file: other, blob_id: ID, verified: false, strict: false, is, size: 12345 });
    const rows = said(run('verify', other, ID, '--metadata', sidecar, '--json'));
    assert.equal(rows.code, 4);
    assert.match(rows.err, /1 of 334 rows wrong, the first is bytes 4002 to 5335\n$/);
    assert.deepEqual(rows.json, { file: other, blob_id: ID, verified: false, strict: false, is: null, size: 12345 });
    for (const cut of [bytes.subarray(0, 12344), Buffer.concat([ONE, Buffer.from([0])])]) {
        assert.equal(run('verify', file('cut', cut), ID).code, 4);
        assert.equal(run('verify', file('cut', cut), ID, '--metadata', sidecar).code, 4);
    }
});

test('what is no blob ID, and what is no metadata, says nothing of the file', () => {
    const refuses = (words, ...args) => {
        const r = run('verify', ...args);
        assert.equal(r.code, 8, r.err);
        assert.equal(r.out, '');
        assert.match(r.err, words);
    };
    refuses(/is an IPFS id, not a Walrus blob ID/, one, 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG');
    refuses(/is an IPFS id/, one, 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi');
    refuses(/is no blob ID: it has 43 characters/, one, ID.slice(1));
    refuses(/is no blob ID/, one, `${OTHER.slice(0, 42)}l`); // same bytes, another spelling
    refuses(/is the metadata of another blob/, one, OTHER, '--metadata', sidecar);
    refuses(/is for 1000 shards, not 10/, one, ID, '--metadata', sidecar, '--shards', '10');
    refuses(/too large|metadata/, one, ID, '--metadata', one);
    const lie = fs.readFileSync(sidecar);
    lie[5000] ^= 1;
    refuses(/lie: /, one, ID, '--metadata', file('lie', lie));
});

test('files that are none, and command lines that are wrong', () => {
    const refuses = (code, words, ...args) => {
        const r = run(...args);
        assert.equal(r.code, code, r.err);
        assert.match(r.err, words);
        assert.equal(r.out, '');
        assert.equal(r.err.trim().split('\n').length, 1);
    };
    const pipe = path.join(home, 'pipe');
    spawnSync('mkfifo', [pipe]);
    refuses(7, /nowhere: No such file/, 'blob-id', path.join(home, 'nowhere'));
    refuses(7, /No such file/, 'verify', path.join(home, 'nowhere'), ID);
    refuses(7, /No such file/, 'verify', one, ID, '--metadata', path.join(home, 'nowhere'));
    refuses(8, /not a regular file/, 'blob-id', home);
    refuses(8, /not a regular file/, 'blob-id', pipe);
    refuses(2, /cannot come from a pipe/, 'blob-id', '-');
    refuses(2, /usage: souk blob-id FILE/, 'blob-id');
    refuses(2, /usage: souk blob-id FILE/, 'blob-id', one, one);
    refuses(2, /usage: souk verify FILE BLOB_ID/, 'verify', one);
    refuses(1, /could not be written/, 'blob-id', one, '--metadata', path.join(home, 'no', 'where'));
    const huge = file('huge', '');
    fs.truncateSync(huge, 14599533453);
    refuses(8, /too large for a Walrus blob/, 'blob-id', huge);
});

/** A file that takes long: gigabytes of zeros that are on no disk. */
function long() {
    const at = file('long', '');
    fs.truncateSync(at, 8 * 2 ** 30);
    return at;
}

for (const [signal, command] of [['SIGINT', 'blob-id'], ['SIGTERM', 'verify']]) {
    test(`${signal} stops ${command} at once, and it leaves nothing behind`, { skip: process.platform !== 'linux' }, async () => {
        const at = long();
        const left = path.join(home, 'left');
        const args = command === 'verify' ? [at, ID] : [at, '--metadata', left];
        const child = spawn(souk, [command, ...args, '--data', home], { stdio: ['ignore', 'pipe', 'pipe'] });
        let out = '';
        let err = '';
        child.stdout.on('data', (d) => (out += d));
        child.stderr.on('data', (d) => (err += d));
        const done = new Promise((resolve) => child.once('close', resolve));
        const reading = () => {
            const fds = `/proc/${child.pid}/fd`;
            try {
                return fs.readdirSync(fds).some((fd) => fs.readlinkSync(`${fds}/${fd}`) === fs.realpathSync(at));
            } catch {
                return false; // not there yet, or one was closed meanwhile
            }
        };
        while (!reading() && child.exitCode === null) await new Promise(setImmediate);
        child.kill(signal);
        assert.equal(await done, 130);
        assert.equal(out, '');
        assert.equal(err, 'souk: stopped\n');
        assert.ok(!fs.existsSync(left) && !fs.existsSync(`${left}.new`));
        fs.rmSync(at);
    });
}

test('progress is for a terminal alone, and cleared at the end', { skip: !fs.existsSync('/usr/bin/script') }, () => {
    const big = file('big', '');
    fs.truncateSync(big, 64 * 2 ** 20);
    const on = (more) => spawnSync('script', ['-qec', `"${souk}" blob-id "${big}" --data "${home}" ${more}`, '/dev/null'],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).stdout;
    const id = run('blob-id', big).out.trim();
    const shown = on('');
    assert.match(shown, /\r\x1b\[Kencoding: [0-9.]+ %/);
    assert.ok(shown.endsWith(`\r\x1b[K${id}\r\n`), JSON.stringify(shown.slice(-200)));
    assert.equal(on('--quiet'), `${id}\r\n`);
});
