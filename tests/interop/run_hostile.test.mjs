// Models made to do harm: each is one clean line and an exit code, reads no file, and leaves no
// process. Those about memory run in a souk-runner without sanitizers (running.mjs says why).

import { test } from 'node:test';
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { file, plainRunner, run, runPlain, runners, scratch, souk, start, withPlainRunner } from './running.mjs';
import * as onnx from './onnx_write.mjs';

const { T } = onnx;
const f = (shape) => onnx.tensorType(T.float, shape);

function refused(r, code, words) {
    assert.equal(r.signal, null);
    assert.equal(r.code, code, `${r.code}: ${r.err}`);
    assert.match(r.err, words);
    assert.match(r.err, /^souk: [^\n]*\n$/);
    assert.equal(r.out, '');
    assert.doesNotMatch(r.err, /onnxruntime_src|\.cc:\d/);
}

/** Waits until something is so; a test that waits for ever is stopped by its runner. */
async function until(what) {
    for (;;) {
        const found = what();
        if (found) return found;
        await new Promise((resolve) => setImmediate(resolve));
    }
}
const runnerOf = (pid) => runners().find((r) => r.parent === pid);
const alive = (pid) => runners().some((r) => r.pid === pid);

test('an endless loop is stopped by --timeout, and its process is gone', async () => {
    const { child, done } = start(souk, ['run', file(onnx.endless()), '--generate', '--timeout', '1', '--quiet']);
    const runner = await until(() => runnerOf(child.pid));
    refused(await done, 5, /stopped after 1 s \(--timeout/);
    await until(() => !alive(runner.pid));
});

test('an endless loop is stopped by an interrupt, and by the end of souk', async () => {
    const model = file(onnx.endless());
    for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 130]]) {
        const { child, done } = start(souk, ['run', model, '--generate', '--quiet']);
        const runner = await until(() => runnerOf(child.pid));
        child.kill(signal);
        refused(await done, code, /stopped/);
        await until(() => !alive(runner.pid));
    }
    const { child, done } = start(souk, ['run', model, '--generate', '--quiet']);
    const runner = await until(() => runnerOf(child.pid));
    child.kill('SIGKILL');
    await done;
    await until(() => !alive(runner.pid));
});

test('an interrupt in the midst of repeats', async () => {
    const { child, done } = start(souk, ['run', file(onnx.doubling()), '--generate', '--repeat', '1000000', '--dims', 'batch=100000',
        '--quiet']);
    await until(() => runnerOf(child.pid));
    child.kill('SIGINT');
    refused(await done, 130, /stopped/);
});

test('memory: one huge tensor, one that grows, outputs too large to take back', async () => {
    const words = /took more memory than the 51\d MiB it was given \(--memory raises it\)/;
    refused(await runPlain(file(onnx.huge(2n ** 40n)), '--generate', '--quiet'), 5, words);
    refused(await runPlain(file(onnx.growing(20)), '--generate', '--quiet'), 5, words);
    refused(await runPlain(file(onnx.growing(20)), '--generate', '--quiet', '--memory', '100MiB'), 5, /than the 100 MiB/);
    refused(await runPlain(file(onnx.doubling()), '--generate', '--quiet', '--memory', '1MiB'), 5, /need at least \d+ MiB of memory, and were given 1 /);
    refused(await runPlain(file(onnx.wideOutput(100000000)), '--generate', '--quiet', '--memory', '4G'), 5, /the outputs are 381 MiB/);
    // And it may have what it is given.
    const r = await runPlain(file(onnx.growing(16)), '--generate', '--quiet', '--memory', '2G');
    assert.equal(r.code, 0, r.err);
});

test('weights that lie elsewhere are refused before anything runs', async () => {
    const cases = [['/etc/passwd', /outside the model's folder/], ['../../../../../../etc/passwd', /outside the model's folder/],
        ['*/_ORT_MEM_ADDR_/*', /engine's memory/], ['a/../../x', /outside the model's folder/], ['', /./]];
    for (const [location, words] of cases) refused(await run(file(onnx.withWeights(location)), '--generate', '--quiet'), 8, words);
});

/** A name beside the model that leads elsewhere. */
test('weights that are a link to elsewhere are not read', async () => {
    const model = file(onnx.withWeights('weights.bin', { offset: 0, length: 12 }));
    fs.symlinkSync('/etc/passwd', path.join(path.dirname(model), 'weights.bin'));
    const r = await run(model, '--input', '[0,0,0]', '--quiet');
    assert.notEqual(r.code, 0);
    assert.doesNotMatch(r.out + r.err, /root/);
});

// --- past inspect: the runner alone, handed such a model

const head = (kind, body) => { const h = Buffer.alloc(5); h.writeUInt32LE(body.length); h[4] = kind; return Buffer.concat([h, body]); };
const KIND = { task: 1, place: 2, folder: 3, values: 4, value: 5, data: 6, error: 11, end: 12 };

/** What souk would hand it: struct wire_task, the engine's place, one value, the end. */
function request(engine, input, folder) {
    const task = Buffer.alloc(48);
    task.writeBigUInt64LE(1n << 30n, 0);
    task.writeBigUInt64LE(1n << 28n, 8);
    task.writeBigInt64LE(BigInt(process.pid), 16);
    task.writeUInt32LE(20, 24);
    task.writeUInt32LE(1, 28);
    task.writeInt32LE(0, 40);
    const value = Buffer.alloc(3 + 8 + 8 + input.name.length);
    value[0] = 1;
    value[1] = T.float;
    value[2] = 1;
    value.writeBigUInt64LE(BigInt(4 * input.data.length), 3);
    value.writeBigInt64LE(BigInt(input.data.length), 11);
    value.write(input.name, 19);
    const data = Buffer.alloc(4 * input.data.length);
    input.data.forEach((x, i) => data.writeFloatLE(x, 4 * i));
    return Buffer.concat([head(KIND.task, task), head(KIND.place, Buffer.from(engine)),
        folder ? head(KIND.folder, Buffer.from(folder)) : Buffer.alloc(0), head(KIND.values, Buffer.from([1, 0, 0, 0])),
        head(KIND.value, value), head(KIND.data, data), head(KIND.end, Buffer.alloc(0))]);
}

const engine = path.resolve(new URL('../../assets/devnet/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1', import.meta.url).pathname);

/** The runner by itself, under strace: what it answered, and each file it opened and name it looked at. */
async function alone(model, { folder } = {}) {
    const asked = path.join(scratch, `request-${crypto.randomUUID()}`);
    fs.writeFileSync(asked, request(engine, { name: 'x', data: [0, 0, 0] }, folder));
    const log = `${asked}.strace`;
    // strace is the parent that must be alive: exec keeps the process, -D makes strace its child.
    const child = spawn('strace', ['-D', '-f', '-qq', '-o', log, '-e', 'trace=%file,%network,seccomp', plainRunner()],
        { stdio: ['ignore', 'pipe', 'pipe', fs.openSync(asked, 'r'), fs.openSync(model, 'r'), 'pipe'] });
    const answer = [];
    child.stdio[5].on('data', (d) => answer.push(d));
    const code = await new Promise((resolve) => child.once('close', resolve));
    const frames = [];
    const all = Buffer.concat(answer);
    for (let at = 0; at + 5 <= all.length; at += 5 + all.readUInt32LE(at)) frames.push({ kind: all[at + 4], body: all.subarray(at + 5, at + 5 + all.readUInt32LE(at)) });
    const calls = fs.readFileSync(log, 'utf8').split('\n');
    const shut = calls.findLastIndex((l) => /seccomp\(SECCOMP_SET_MODE_FILTER/.test(l));
    assert.ok(shut > 0, 'it shuts itself in');
    return { code, frames, before: calls.slice(0, shut), after: calls.slice(shut + 1) };
}
const opened = (calls) => calls.filter((l) => /open|readlink|stat|access/.test(l) && !/= -1/.test(l));

test('a runner that is handed such weights past inspect reads nothing', async () => {
    for (const location of ['/etc/passwd', '../../../../../../../../etc/passwd', '*/_ORT_MEM_ADDR_/*']) {
        const r = await alone(file(onnx.withWeights(location, { offset: 0, length: 12 })));
        const error = r.frames.find((x) => x.kind === KIND.error);
        assert.ok(error, location);
        assert.ok(!r.frames.some((x) => x.kind === KIND.data), 'no output');
        assert.deepEqual(opened(r.after), [], location);
        assert.ok(!r.before.some((l) => l.includes('passwd')), location);
    }
});

test('nor with a folder of its own: only what lies in it can be opened', async () => {
    const model = file(onnx.withWeights('weights.bin', { offset: 0, length: 12 }));
    const folder = path.dirname(model);
    fs.symlinkSync('/etc/passwd', path.join(folder, 'weights.bin'));
    const r = await alone(model, { folder });
    assert.ok(!r.frames.some((x) => x.kind === KIND.data), 'no output');
    assert.deepEqual(r.after.filter((l) => /open/.test(l) && !/= -1/.test(l)), []);
    // The same with an honest file works: the test above would notice otherwise.
    fs.rmSync(path.join(folder, 'weights.bin'));
    fs.writeFileSync(path.join(folder, 'weights.bin'), Buffer.alloc(12));
    const good = await alone(model, { folder });
    assert.ok(good.frames.some((x) => x.kind === KIND.end), String(good.frames.find((x) => x.kind === KIND.error)?.body));
});

// Bytes 4 to 7 "ORTM" are the mark of the engine's own format, and fit into a producer's name: one
// file for inspect and another for the engine, were it left to guess.
test('a model that could be taken for another format is what inspect saw, or nothing', async () => {
    const good = onnx.model([onnx.node('Add', ['x', 'x'], ['y']), onnx.input('x', f([3])), onnx.output('y', f([3]))]);
    const both = file(Buffer.concat([onnx.int(1, 8), onnx.str(2, 'ORTM'), good]));
    assert.equal(fs.readFileSync(both).toString('latin1', 4, 8), 'ORTM');
    const r = await run(both, '--input', '[0,0,0]', '--quiet');
    assert.equal(r.code, 8);
    assert.match(r.err, /ONNX Runtime's own format/);
    const past = await alone(both);
    assert.ok(past.frames.some((x) => x.kind === KIND.end), String(past.frames.find((x) => x.kind === KIND.error)?.body));
});

test('a good model opens nothing once the runner is shut in', async () => {
    const r = await alone(file(onnx.model([onnx.node('Add', ['x', 'x'], ['y']), onnx.input('x', f([3])), onnx.output('y', f([3]))])));
    assert.ok(r.frames.some((x) => x.kind === KIND.end));
    assert.deepEqual(r.after.filter((l) => /\w+\(/.test(l) && !/exited/.test(l)), []);
});

// --- broken files

test('cut off, changed, random: a line each', async () => {
    const good = onnx.doubling();
    for (let n = 1; n < good.length; n += 7) {
        const r = await run(file(good.subarray(0, n)), '--generate', '--quiet');
        assert.ok([1, 8].includes(r.code), `${n} bytes: ${r.code} ${r.err}`);
        assert.match(r.err, /^souk: [^\n]*\n$/);
    }
    for (let i = 0; i < 12; i++) {
        const bad = Buffer.from(good);
        bad[(i * 37) % bad.length] ^= 1 << (i % 8);
        const r = await run(file(bad), '--generate', '--quiet', '--timeout', '20');
        assert.ok([0, 1, 5, 8].includes(r.code), `${i}: ${r.code} ${r.err}`);
        assert.match(r.err, /^(souk: [^\n]*\n)?$/);
    }
    refused(await run(file(crypto.createHash('sha512').update('noise').digest()), '--generate', '--quiet'), 8, /./);
    refused(await run(file(Buffer.alloc(0)), '--generate', '--quiet'), 8, /./);
    refused(await run(file(Buffer.from('<!DOCTYPE html><html><body>Not found</body></html>')), '--generate', '--quiet'), 8, /./);
});

test('shapes whose product is beyond any number, and inputs to match', async () => {
    refused(await run(file(onnx.shapeBomb()), '--generate', '--quiet'), 8, /./);
    const wide = file(onnx.echo(T.float, [2 ** 31, 2 ** 31, 2 ** 31]));
    refused(await run(wide, '--generate', '--quiet'), 8, /./);
    const free = file(onnx.echo(T.float, ['a', 'b', 'c']));
    const dims = await run(free, '--generate', '--quiet', '--dims', 'a=4000000000,b=4000000000,c=4000000000');
    assert.ok([2, 8, 9].includes(dims.code), `${dims.code} ${dims.err}`);
    assert.match(dims.err, /^souk: [^\n]*\n$/);
});

test('a hundred thousand nodes: run, or stopped in time', async () => {
    const r = await runPlain(file(onnx.chain(100000)), '--generate', '--quiet', '--timeout', '120', '--memory', '2G');
    assert.equal(r.code, 0, r.err);
});

test('a model that crashes the engine is one line', async () => {
    const int = (name) => onnx.input(name, onnx.tensorType(T.int32, [1]));
    const model = file(onnx.model([onnx.node('Div', ['x', 'z'], ['y']), int('x'), int('z'), onnx.output('y', onnx.tensorType(T.int32, [1]))]));
    // The one quotient that does not fit: the processor traps.
    refused(await start(withPlainRunner(), ['run', model, '--input', '{"x":[-2147483648],"z":[-1]}', '--quiet']).done, 1,
        /the model crashed the engine \(an arithmetic fault\)/);
    refused(await run(model, '--input', '{"x":[1],"z":[0]}', '--quiet'), 8, /division by zero/);
});

test('nothing is left', async () => {
    await until(() => !runners().some((r) => r.parent === process.pid));
});
