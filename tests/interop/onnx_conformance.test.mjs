// Every model of Debian's libonnx-testdata through souk run --check: the ONNX project's own models,
// inputs and expected outputs. All of them, each in a process of its own, a few at a time.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from './running.mjs';
import { known, maybe } from './onnx_known.mjs';

const root = '/usr/share/libonnx-testdata/data';
const LEAST = 970;

const models = fs.readdirSync(root).sort().flatMap((kind) => fs.readdirSync(path.join(root, kind)).sort()
    .map((name) => `${kind}/${name}`)).filter((m) => fs.existsSync(path.join(root, m, 'model.onnx')));

async function check(model) {
    const r = await run(path.join(root, model, 'model.onnx'), '--check', path.join(root, model), '--timeout', '60', '--quiet');
    return { model, ...r, words: `${r.out} ${r.err}`.trim() };
}

/** What is wrong with a result, in words; '' when it is as it should be. */
function surprise(r) {
    const expected = known.find((k) => k.models.test(r.model));
    if (r.signal || ![0, 4, 8].includes(r.code)) return `ended with ${r.signal ?? r.code}: ${r.words}`;
    if (maybe.models.test(r.model)) return r.code === 0 || maybe.words.test(r.words) ? '' : r.words;
    if (!expected) return r.code === 0 ? '' : r.words;
    if (r.code === 0) return `passes, though "${expected.why}"`;
    return expected.words.test(r.words) ? '' : `fails in another way than "${expected.why}": ${r.words}`;
}

test(`the ONNX project's own models`, async () => {
    assert.ok(models.length > 1000, `${models.length} models in ${root}: is libonnx-testdata installed?`);
    const results = [];
    let next = 0;
    const worker = async () => {
        while (next < models.length) results.push(await check(models[next++]));
    };
    await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
    const passed = results.filter((r) => r.code === 0).length;
    console.log(`# ${models.length} models: ${passed} pass, ${results.length - passed} do not`);
    for (const k of [...known, maybe]) console.log(`#   ${results.filter((r) => r.code !== 0 && k.models.test(r.model)).length}: ${k.why}`);
    assert.deepEqual(results.map((r) => [r.model, surprise(r)]).filter(([, s]) => s).map((s) => s.join(': ')), []);
    assert.ok(passed >= LEAST, `${passed} pass`);
});
