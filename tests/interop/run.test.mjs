// souk run: what goes in, what comes out, what is said.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { assets, file, home, json, run, scratch, souk, start } from './running.mjs';
import * as onnx from './onnx_write.mjs';

const { T } = onnx;
const doubling = file(onnx.doubling());
const values = async (model, input, ...more) => (await json(model, '--input', input, ...more)).outputs;
const write = (name, text) => { const p = path.join(scratch, name); fs.writeFileSync(p, text); return p; };

test('an input as JSON, by name, bare, with a shape, and from a file', async () => {
    const want = { y: { shape: [1, 3], type: 'float32', data: [[2, 4, 6]] } };
    for (const input of ['{"x":[[1,2,3]]}', '[[1,2,3]]', '{"x":{"shape":[1,3],"data":[1,2,3]}}',
        `@${write('in.json', '[[1,2,3]]')}`,
        '{"numbers":[{"name":"x","values":[{"value":"1","decimals":0},{"value":"20","decimals":1},{"value":3,"decimals":0}],"shape":[1,3]}]}']) {
        assert.deepEqual(await values(doubling, input), want, input);
    }
});

test('an input as CSV: each line is a row', async () => {
    const rows = write('rows.csv', 'a,b,c\n1,2,3\n4,5,6\n');
    assert.deepEqual((await values(doubling, `@${rows}`)).y, { shape: [2, 3], type: 'float32', data: [[2, 4, 6], [8, 10, 12]] });
});

test('every element type goes in and comes out as it was', async () => {
    const big = '9007199254740993';
    const cases = { float: '[0.5,-1]', double: '[0.1,1e+300]', float16: '[1.5,-0.25]', bfloat16: '[1.5,3]', bool: '[true,false]',
        string: '["a","bé","","\\u0001"]', int8: '[-128,127]', uint8: '[0,255]', int16: '[-32768,32767]', uint16: '[0,65535]',
        int32: '[-2147483648,2147483647]', uint32: '[0,4294967295]', int64: `[-${big},${big}]`, uint64: '[0,18446744073709551615]' };
    for (const [name, text] of Object.entries(cases)) {
        const r = await run(file(onnx.echo(T[name])), '--input', text, '--as', 'json', '--quiet');
        assert.equal(r.code, 0, `${name}: ${r.err}`);
        const data = /"data":(\[.*?\])\}/.exec(r.out)[1];
        assert.equal(data, text, name); // as text: JavaScript's numbers are not exact
    }
});

test('a list of maps, as classifiers of trees give it', async () => {
    const m = file(onnx.classifier());
    const out = await values(m, '[[2,1,0]]');
    assert.deepEqual(out.label, { shape: [1], type: 'int64', data: [7] });
    assert.equal(out.probabilities.length, 1);
    const p = out.probabilities[0];
    assert.ok(Math.abs(p[7] - 1 / (1 + Math.exp(-1))) < 1e-6 && Math.abs(p[7] + p[9] - 1) < 1e-6, JSON.stringify(p));
    const table = await run(m, '--input', '[[2,1,0]]');
    assert.match(table.out, /probabilities +sequence\[1\]/);
    assert.match(table.err, /ONNX Runtime 1\.\d+\.\d+: engine .* peak memory/);
});

test('outputs as the network’s nodes give them', async () => {
    const r = await run(doubling, '--input', '[[1,2,3]]', '--as', 'og');
    assert.deepEqual(JSON.parse(r.out), [{ name: 'y', shape: [1, 3], result: [[2, 4, 6]], type: 'number' }]);
});

test('a generated input is the same each time, respects dimensions, and differs by its seed', async () => {
    const shape = async (...more) => (await json(doubling, '--generate', ...more)).outputs.y;
    const one = await shape();
    assert.deepEqual(one.shape, [1, 3]);
    assert.deepEqual(await shape(), one);
    assert.notDeepEqual((await shape('--seed', '2')).data, one.data);
    assert.deepEqual((await shape('--dims', 'batch=4')).shape, [4, 3]);
});

test('repeats: latencies, throughput, and whether outputs varied', async () => {
    const r = await json(doubling, '--generate', '--repeat', '50', '--warmup', '5');
    const t = r.repeat;
    assert.equal(t.runs, 50);
    assert.equal(t.warmup, 5);
    for (const [a, b] of [['min_ns', 'p50_ns'], ['p50_ns', 'p95_ns'], ['p95_ns', 'p99_ns'], ['p99_ns', 'max_ns']]) assert.ok(t[a] <= t[b], JSON.stringify(t));
    assert.ok(t.min_ns > 0 && t.mean_ns >= t.min_ns && t.mean_ns <= t.max_ns && t.per_second > 0);
    assert.equal(t.outputs_varied, false);
    assert.ok(r.engine_ns > 0 && r.session_ns > 0 && r.first_ns > 0 && r.peak_rss > 1 << 20);
    const random = await json(file(onnx.random()), '--generate', '--repeat', '5');
    assert.equal(random.repeat.outputs_varied, true);
    const text = await run(doubling, '--generate', '--repeat', '50', '--threads', '2', '--level', '0');
    assert.match(text.out, /latency +min .*, p50 .*, p95 .*, p99 .*, max .*, mean .*; 50 runs, .* a second/);
});

test('weights in a file beside the model are read; without it, it is named', async () => {
    const m = file(onnx.withWeights('weights.bin'));
    const missing = await run(m, '--input', '[1,1,1]');
    assert.equal(missing.code, 7);
    assert.match(missing.err, /weights are missing: "weights\.bin"/);
    const w = Buffer.alloc(12);
    [10, 20, 30].forEach((x, i) => w.writeFloatLE(x, 4 * i));
    fs.writeFileSync(path.join(path.dirname(m), 'weights.bin'), w);
    assert.deepEqual((await values(m, '[1,1,1]')).y.data, [11, 21, 31]);
});

test('without an input the model is described, with an example that works', async () => {
    const r = await run(doubling);
    assert.equal(r.code, 2);
    assert.match(r.err, /inputs +x: float32\[batch,3\]/);
    assert.match(r.err, /outputs +y: float32\[batch,3\]/);
    const example = /--input '(.*?)'/.exec(r.err)[1];
    assert.deepEqual((await values(doubling, example)).y.shape, [1, 3]);
});

test('mistakes: one line, the right exit code', async () => {
    const cases = [
        [[doubling, '--input', '[[1,2]]'], 8, /x/],
        [[doubling, '--input', '{"z":[[1,2,3]]}'], 8, /z/],
        [[doubling, '--input', '[[1,2,"no"]]'], 8, /x/],
        [[doubling, '--input', '@/nonexistent/file'], 8, /cannot be opened/],
        [[doubling, '--input', 'not json, not csv'], 8, /./],
        [['/nonexistent.onnx', '--generate'], 7, /nonexistent/],
        [[doubling, '--generate', '--input', '[]'], 2, /one of --input/],
        [[doubling, '--seed', '1'], 2, /--generate/],
        [[doubling, '--generate', '--as', 'xml'], 2, /table, json, og/],
        [[doubling, '--generate', '--level', '3'], 2, /0, 1, 2, 99/],
        [[doubling, '--generate', '--memory', 'much'], 2, /--memory/],
        [[doubling, '--generate', '--threads', '0'], 2, /threads/],
        [[], 2, /usage: souk run/],
        [[file('{"json":true}', 'a.json'), '--generate'], 8, /./],
        [[file('no model at all', 'README.md'), '--generate'], 8, /./],
        [[file(Buffer.from('80049503000000000000004b012e', 'hex'), 'a.pkl'), '--generate'], 8, /pickle/i],
    ];
    for (const [args, code, words] of cases) {
        const r = await run(...args);
        assert.equal(r.code, code, `${args.join(' ')}: ${r.err}`);
        assert.match(r.err, words);
        assert.match(r.err, /^souk: .*\n$/);
        assert.equal(r.out, '');
    }
});

test('what is expected is compared', async () => {
    const set = path.join(scratch, 'set');
    fs.mkdirSync(set);
    const put = (name, numbers) => fs.writeFileSync(path.join(set, name),
        Buffer.concat(onnx.tensor('', T.float, [1, 3], numbers).flat()));
    put('input_0.pb', [1, 2, 3]);
    put('output_0.pb', [2, 4, 6]);
    const good = await run(doubling, '--check', set);
    assert.equal(good.code, 0, good.err);
    assert.match(good.out, /^ok +set: /);
    put('output_0.pb', [2, 4, 6.1]);
    const bad = await run(doubling, '--check', set);
    assert.equal(bad.code, 4);
    assert.match(bad.out, /^not +set: .*"y"/);
    assert.match(bad.err, /1 of 1 set differs/);
    const doc = JSON.parse((await run(doubling, '--check', set, '--json')).out);
    assert.deepEqual({ passed: doc.passed, failed: doc.failed }, { passed: 0, failed: 1 });
    assert.equal((await run(doubling, '--check', scratch)).code, 7);
    // A TensorProto alone is an input, too.
    assert.deepEqual((await values(doubling, `@${set}/input_0.pb`)).y.data, [[2, 4, 6]]);
});

test('an engine outside the window, or none: what was found, and how to get one', async () => {
    const none = { env: { ...process.env, SOUK_ASSETS: scratch } };
    const r = await start(souk, ['run', doubling, '--generate'], none).done;
    assert.equal(r.code, 7);
    assert.match(r.err, /no ONNX Runtime that can be used: `souk doctor --engine` gets one \(.*libonnxruntime/);
    fs.mkdirSync(`${home}/config`, { recursive: true });
    fs.writeFileSync(`${home}/config/config`, 'engine = /lib/x86_64-linux-gnu/libm.so.6\n');
    const other = await start(souk, ['run', doubling, '--generate'], none).done;
    assert.equal(other.code, 7);
    assert.match(other.err, /libm\.so\.6 is not ONNX Runtime/);
    // One that is no use does not keep the next from being used.
    assert.equal((await run(doubling, '--generate')).code, 0);
    const doctor = await start(souk, ['doctor', '--offline', '--json']).done;
    const engines = JSON.parse(doctor.out).checks.filter((c) => c.check === 'engine');
    assert.ok(engines.some((c) => c.state === 'note' && /is not ONNX Runtime/.test(c.text)), doctor.out);
    assert.ok(engines.some((c) => c.state === 'ok' && /ONNX Runtime 1\.27\.0/.test(c.text)), doctor.out);
    fs.rmSync(`${home}/config/config`);
});

test('souk doctor --engine puts the pinned engine where it is found', async () => {
    const got = await start(souk, ['doctor', '--engine', '--offline', '--json']).done;
    const ok = JSON.parse(got.out).checks.find((c) => c.check === 'engine' && c.state === 'ok');
    assert.equal(ok.text, `ONNX Runtime 1.27.0, ${home}/data/engine/libonnxruntime.so`);
    // Found with no assets around.
    const r = await start(souk, ['run', doubling, '--generate'], { env: { ...process.env, SOUK_ASSETS: scratch } }).done;
    assert.equal(r.code, 0, r.err);
    fs.rmSync(`${home}/data/engine`, { recursive: true });
    assert.ok(fs.existsSync(`${assets}/setup.sh`));
});
