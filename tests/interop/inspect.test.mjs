// souk inspect beside ONNX Runtime: what both say of Debian's conformance models. And from the
// shell: what is broken, hostile or another format.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { createRequire } from 'node:module';
import { execFile } from 'node:child_process';
import { T, doubling, external, input, int, model, msg, output, str, tensorType } from './onnx_write.mjs';

const souk = path.resolve(process.env.SOUK ?? new URL('../../souk', import.meta.url).pathname);
const data = '/usr/share/libonnx-testdata/data';
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-inspect-'));
after(() => fs.rmSync(scratch, { recursive: true, force: true }));

function run(...args) {
    return new Promise((resolve) =>
        execFile(souk, [...args, '--data', scratch], { maxBuffer: 1 << 26 }, (e, out, err) =>
            resolve({ code: e?.code ?? 0, out, err })));
}

const inspect = async (file) => {
    const r = await run('inspect', '--json', file);
    assert.equal(r.code, 0, `${file}: ${r.err}`);
    return JSON.parse(r.out);
};

function write(name, bytes) {
    const file = path.join(scratch, name);
    fs.writeFileSync(file, bytes);
    return file;
}

// --- beside the engine

function compareInputs(file, ours, theirs) {
    const required = ours.filter((p) => !p.has_default);
    assert.deepEqual(required.map((p) => p.name), theirs.map((p) => p.name), `${file}: inputs`);
    for (const [i, t] of theirs.entries()) {
        const o = required[i];
        assert.equal(o.kind === 'tensor', t.isTensor, `${file}: ${o.name}: ${o.type}`);
        if (!t.isTensor) continue;
        assert.equal(o.element, t.type, `${file}: ${o.name}`);
        if (o.shape) assert.deepEqual(o.shape.map((d) => d ?? ''), t.shape.map((d) => (d === -1 ? '' : d)), `${file}: ${o.name}`);
    }
}

// The engine may know more of an output than the file says; what the file fixes stands.
function compareOutputs(file, ours, theirs) {
    assert.deepEqual(ours.map((p) => p.name), theirs.map((p) => p.name), `${file}: outputs`);
    for (const [i, t] of theirs.entries()) {
        const o = ours[i];
        assert.equal(o.kind === 'tensor', t.isTensor, `${file}: ${o.name}: ${o.type}`);
        if (!t.isTensor) continue;
        assert.equal(o.element, t.type, `${file}: ${o.name}`);
        for (const [k, d] of (o.shape ?? []).entries())
            if (typeof d === 'number') assert.equal(d, t.shape[k], `${file}: ${o.name}`);
    }
}

test('names, types and shapes are those that ONNX Runtime sees', { skip: !fs.existsSync(data) && 'libonnx-testdata is not installed' }, async () => {
    const ort = createRequire(new URL('../../assets/devnet/lib/runner.mjs', import.meta.url))('onnxruntime-node');
    const files = fs.readdirSync(data).flatMap((kind) => fs.readdirSync(`${data}/${kind}`).map((m) => `${data}/${kind}/${m}/model.onnx`)).filter((f) => fs.existsSync(f));
    assert.ok(files.length > 1000);
    let compared = 0;
    for (let at = 0; at < files.length; at += 8) {
        const batch = files.slice(at, at + 8);
        const said = await Promise.all(batch.map(inspect));
        for (const [i, file] of batch.entries()) {
            let session;
            try {
                session = await ort.InferenceSession.create(file, { logSeverityLevel: 4, intraOpNumThreads: 1, graphOptimizationLevel: 'disabled' });
            } catch {
                continue; // it knows not every op of every opset
            }
            compareInputs(file, said[i].inputs, session.inputMetadata);
            compareOutputs(file, said[i].outputs, session.outputMetadata);
            await session.release();
            compared++;
        }
    }
    assert.ok(compared >= 970, `${compared} compared`);
});

// --- from the shell

const y = output('y', tensorType(T.float, [1]));
const elsewhere = (place) => model([msg(5, external('w', T.float, [1], place)), y]);

const refused = [
    ['an absolute place', elsewhere('/etc/passwd'), /outside the model's folder \("\/etc\/passwd"\)/],
    ['a climb', elsewhere('../../../etc/passwd'), /outside the model's folder/],
    ['a backslash climb', elsewhere('..\\..\\x'), /outside the model's folder/],
    ['the engine\'s memory', elsewhere('*/_ORT_MEM_ADDR_/*'), /engine's memory/],
    ['control characters', elsewhere('a\x1b[31mb'), /control characters/],
    ['a weight that lies', model([msg(5, int(1, 1n << 40n), int(2, T.float), str(9, 'four')), y]), /should be 4398046511104 bytes/],
];
for (const [what, bad, words] of refused) {
    test(`refused: ${what}`, async () => {
        const r = await run('inspect', write('bad.onnx', bad));
        assert.equal(r.code, 8);
        assert.equal(r.out, '');
        assert.match(r.err, words);
        assert.match(r.err, /^souk: bad\.onnx: [^\n\x00-\x1f]+\n$/);
    });
}

test('a cut model says so', async () => {
    const whole = doubling();
    const r = await run('inspect', write('cut.onnx', whole.subarray(0, whole.length - 3)));
    assert.equal(r.code, 8);
    assert.match(r.err, /^souk: cut\.onnx: not a sound ONNX file: at byte \d+ it is cut short/);
});

test('weights beside the model are named', async () => {
    const r = await run('inspect', write('big.onnx', elsewhere('big.onnx.data')));
    assert.equal(r.code, 0);
    assert.match(r.out, /^weights in {7}big\.onnx\.data$/m);
});

test('a pickle is named as what it is, and nothing of it runs', async () => {
    const file = write('model.pkl', `cos\nsystem\n(S'touch ${scratch}/ran'\ntR.`);
    const r = await run('inspect', file);
    assert.equal(r.code, 0);
    assert.match(r.out, /^format {11}Python pickle$/m);
    assert.match(r.out, /runs when it is loaded/);
    assert.ok(!fs.existsSync(`${scratch}/ran`));
});

test('what is not there', async () => {
    for (const [what, code, words] of [
        ['./nothing.onnx', 7, /there is no such file/],
        [scratch, 8, /it is a folder/],
        ['/dev/null', 8, /no regular file/],
        ['A'.repeat(43), 7, /blob A+ is not on this disk: souk get A+$/m],
        ['mira/risk', 7, /there is no file mira\/risk; and for models, nothing of the network/],
    ]) {
        const r = await run('inspect', what);
        assert.equal(r.code, code, what);
        assert.match(r.err, words);
        assert.equal(r.err.split('\n').length, 2, r.err);
    }
    const none = await run('inspect');
    assert.equal(none.code, 2);
});

// Text of a stranger's reaches no terminal as it is.
test('names that play with the terminal', async () => {
    const name = 'x\x1b]0;owned\x07\u202e';
    const file = write('play.onnx', model([str(2, name), input(name, tensorType(T.float, [1])), y]));
    const page = await run('inspect', file);
    assert.equal(page.code, 0);
    assert.doesNotMatch(page.out, /[\x00-\x09\x0b-\x1f\u202e]/);
    const said = await inspect(file);
    assert.equal(said.inputs[0].name, name);
    assert.equal(said.graph, name);
});
