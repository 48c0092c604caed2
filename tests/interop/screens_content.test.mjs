// The Library and Run screens as a person uses them, in tmux, against the devnet's real peers: a model
// is got, read, run, run again, called and compared; a get is stopped and gone on with; a server lies,
// has lost the file, cannot be reached.
//   node --test tests/interop/screens_content.test.mjs

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../../assets/devnet/lib/chain.mjs';
import { openWallet, someModel } from './money.mjs';
import { runners } from './running.mjs';
import { close, ended, gone, keys, open, paste, screen, see, to, type, until } from './terminal.mjs';
import { configure, json, newHome, souk, startWorld, sync } from './world.mjs';

const SIZES = { seed: 43, models: 60, payments: 300, inferences: 300, authors: 15, days: 12, end: 1795219200 };
const binding = createRequire(new URL('../../assets/devnet/package.json', import.meta.url)).resolve('onnxruntime-node');
const engine = path.join(path.dirname(binding), `../bin/napi-v6/linux/${process.arch}/libonnxruntime.so.1`);

let w, home, gate, good, second, lost, wrong, unknown;

/** The Walrus behind a door: open; `half`: the first half of a blob, then silence; `shut`. */
function makeGate(target) {
    const self = { mode: 'open', held: new Set() };
    self.server = http.createServer((request, response) => {
        if (self.mode === 'shut') return void request.socket.destroy();
        const { host, ...headers } = request.headers;
        const out = http.request(new URL(request.url, target), { method: request.method, headers }, (answer) => {
            const parts = [];
            answer.on('data', (d) => parts.push(d));
            answer.on('end', () => {
                const body = Buffer.concat(parts);
                response.writeHead(answer.statusCode, answer.headers);
                if (self.mode !== 'half' || body.length < 2 || !/^\/v1\/blobs\/[^/]+$/.test(request.url)) return void response.end(body);
                self.held.add(response);
                response.write(body.subarray(0, body.length >> 1));
            });
        });
        out.on('error', () => request.socket.destroy());
        request.pipe(out);
    });
    self.release = () => {
        for (const r of self.held) r.destroy();
        self.held.clear();
    };
    return new Promise((resolve) => self.server.listen(0, '127.0.0.1', () => {
        self.url = `http://127.0.0.1:${self.server.address().port}`;
        resolve(self);
    }));
}

/** What the devnet's Walrus makes of each model's ID: the file, another file, nothing. */
async function sortModels() {
    const { models } = await json(home, 'models', '--window', 'all', '--limit', '1000');
    const plain = models.filter((m) => /^[ -~]+$/.test(m.author + m.name));
    const kinds = { good: [], wrong: [], lost: [], unknown: plain.filter((m) => !m.blob_id) };
    for (const m of plain.filter((x) => x.blob_id)) {
        const answer = await fetch(`${w.status.walrus}/v1/blobs/${m.blob_id}`);
        const file = path.join(home, 'candidate');
        fs.writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
        const id = answer.ok ? execFileSync(souk, ['blob-id', file], { encoding: 'utf8' }).slice(0, 43) : '';
        kinds[!answer.ok ? 'lost' : id === m.blob_id ? 'good' : 'wrong'].push(m);
    }
    return kinds;
}

const named = (m) => `${m.author}/${m.name}`;

async function find(m) {
    keys('1');
    await see(' of 60');
    keys('x', '/');
    type(`${m.name} author:"${m.author}"`);
    keys('Enter');
    await see(`▌ ${m.name.slice(0, 12)}`);
}

before(async () => {
    w = await startWorld({ ...SIZES, seller: `http://127.0.0.1:${await freePort()}` });
    gate = await makeGate(w.status.walrus);
    home = configure(newHome(), { ...w.status, walrus: gate.url, walrus_nodes: gate.url }, `engine = ${engine}\n`);
    await sync(home);
    await openWallet(home, w, { limits: { USDC: ['0.5', '5', '50'] } });
    const kinds = await sortModels();
    ({ lost: [lost], wrong: [wrong], unknown: [unknown] } = kinds);
    const sold = await someModel(w, 'exact-eip3009', (l) => Number(l.price) < 400_000 && kinds.good.some((m) => m.proven && named(m) === `${l.author}/${l.name}`));
    good = kinds.good.find((m) => named(m) === sold.model);
    second = kinds.good.find((m) => m !== good);
    await open(home, 120, 40);
});
after(async () => {
    gate?.release();
    gate?.server.close();
    gate?.server.closeAllConnections();
    await close();
    await w?.stop();
});

test('the library is empty at first, and says what to do', async () => {
    keys('6');
    await see('No model is on this disk yet');
});

/** Something large enough to be stopped in its middle, stored where models are. */
async function upload(bytes) {
    const answer = await fetch(`${w.status.walrus_publisher}/v1/blobs?epochs=5`, { method: 'PUT', body: Buffer.alloc(bytes, 'souk') });
    return (await answer.json()).newlyCreated.blobObject.blobId;
}

test('nobody says which file it is: its ID is pasted; the get is stopped in its middle, and goes on', async () => {
    const id = await upload(6 << 20);
    await find(unknown);
    keys('d');
    await see('which file this model is');
    paste('nonsense');
    keys('Down', 'Enter');
    await see('not a blob ID');
    keys('C-e', 'C-u');
    paste(` https://walrus.example/v1/blobs/${id} `);
    keys('Down');
    gate.mode = 'half';
    keys('Enter');
    await see('getting 5');
    keys('6');
    await until('how far it is', (s) => /▸ 5\d %/.test(s));
    keys('d');
    await see('△ stopped at 5');
    gate.mode = 'open';
    gate.release();
    keys('d');
    const s = await see('✓ verified');
    assert.match(s, /6\.3 MB/);
    assert.ok(s.includes(unknown.name.slice(0, 12)), s);
    keys('X');
    await see('is deleted');
    keys('y', 'Enter');
    await see('No model is on this disk yet');
});

test('a model is got with one key', async () => {
    await find(good);
    keys('d');
    await see('is on this disk, verified');
    await until('the mark', (s) => s.split('\n').some((l) => l.startsWith('▌') && l.includes('⬇')));
});

test('its page says what is in it, and it is checked again', async () => {
    keys('6');
    await see('✓ verified');
    keys('Enter');
    const s = await see('stored until epoch');
    assert.match(s, /Inputs[^]*float32\[/);
    assert.match(s, /Outputs/);
    assert.match(s, /opset\s+ai\.onnx \d+/);
    assert.ok(s.includes(good.blob_id));
    keys('v');
    await see('every byte is what its ID names');
});

test('it runs with what the form was filled in with, and a thousand times more', async () => {
    keys('r');
    await see('What the model takes');
    await to('[ Run it ]');
    keys('Enter');
    await see('✓ ran');
    await see('Run before');
    keys('r');
    await to('timed runs after the first');
    keys('C-e', 'C-u');
    type('1000');
    keys('Down', 'Enter');
    const s = await see('over 1,000 runs');
    assert.match(s, /p50 [\d.]+ [um]s {2}p95 [\d.]+ [um]s {2}p99/);
    assert.match(s, /a second/);
    keys('C-t');
    await see('Outputs, as JSON');
    keys('Tab', 'Enter');
    await see('run 20');
});

test('what does not fit is said, and nothing is run', async () => {
    keys('r');
    await see('numbers, JSON, or random');
    keys('C-e', 'C-u');
    type('one two');
    await to('[ Run it ]');
    keys('Enter');
    await see('neither numbers nor JSON');
    await to('neither numbers nor JSON', 'Up');
    keys('C-e', 'C-u');
    type('[[1, "x"]]');
    await to('[ Run it ]');
    keys('Enter');
    await until('the fault', (s) => /✗ .*input/.test(s));
});

test('a run is stopped', async () => {
    await to('numbers, JSON, or random', 'Up');
    keys('C-e', 'C-u');
    type('random');
    await to('timed runs after the first');
    keys('C-e', 'C-u');
    type('1000000');
    keys('Down', 'Enter');
    await see('It runs in a process of its own');
    keys('Escape');
    await see('[ Run it ]');
    await gone('It runs in a process of its own');
    keys('Up', 'C-e', 'C-u');
    type('0');
    keys('Down', 'Enter');
    await see('c calls it for'); // where c is no letter of a field
});

test('a paid call of the same input agrees with the run here', async () => {
    keys('c');
    await see('as they were run here');
    await to('[ Ask the price ]');
    keys('Enter');
    await see('Nothing is signed yet');
    keys('Enter');
    await see('[ No ]');
    keys('y', 'Enter');
    await see('✓ paid');
    await see('✓ run here, the answer agrees');
    keys('R');
    await see('what was bought');
    keys('Enter');
    await see('r runs the same input here and compares');
    keys('r');
    await see('✓ run here, the answer agrees');
});

test('a file that is no longer stored, one that is not the right one, and nobody there', async () => {
    await find(lost);
    keys('d');
    await see('no longer stored');
    await find(wrong);
    keys('d');
    await see('is not what the blob ID names');
    gate.mode = 'shut';
    await find(second);
    keys('d');
    keys('6');
    await see('nobody could be reached');
    const s = screen();
    assert.ok(s.includes('✗ no longer stored') && s.includes('✗ not the right file'), s);
    gate.mode = 'open';
    keys('g', 'j', 'j', 'd');
    await see(' 2 models');
    assert.deepEqual((await json(home, 'library')).models.map((r) => r.blob_id).sort(), [good.blob_id, second.blob_id].sort());
});

test('one is taken away, with a yes', async () => {
    keys('G', 'X');
    await see('is deleted');
    keys('Enter'); // the default is No
    await gone('is deleted');
    keys('X');
    await see('is deleted');
    keys('y', 'Enter');
    await until('one is left', (t) => / 1 model$/m.test(t));
});

test('leaving while one comes and another runs leaves nothing behind', async () => {
    gate.mode = 'half';
    await find(good);
    keys('d');
    await until('the first half', () => fs.readdirSync(`${home}/data/models`).some((n) => n.endsWith('.part')));
    await find(second);
    keys('r');
    await see('What the model takes');
    await to('timed runs after the first', 'Up');
    keys('C-e', 'C-u');
    type('1000000');
    const others = new Set(runners().map((r) => r.pid));
    const ours = () => runners().filter((r) => !others.has(r.pid));
    keys('Down', 'Enter');
    await see('It runs in a process of its own');
    await until('a runner at work', () => ours().length === 1);
    keys('Q');
    await ended();
    assert.deepEqual(ours(), []);
    gate.mode = 'open';
    gate.release();
});
