// Running a model: souk against onnxruntime-node (a process each, from its start to the first
// output), and souk-runner's loop against the bare engine (one inference), in interleaved rounds of
// one run, through the same library.
//   node tests/bench/bench_run.mjs BARE_ORT [ROUNDS]

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as onnx from '../interop/onnx_write.mjs';

const GOALS = { first: 0.30, inference: 1.05 };
const bare = path.resolve(process.argv[2]);
const rounds = Number(process.argv[3] ?? (process.env.QUICK ? 7 : 25));
const here = (p) => fileURLToPath(new URL(p, import.meta.url));
const souk = here('../../souk');
const library = here('../../assets/devnet/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-bench-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));

const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
const least = (v) => Math.min(...v);

/** A network of two dense layers: `width` numbers in, one out. */
function network(width, hidden) {
    const { T } = onnx;
    const weights = (n) => Array.from({ length: n }, (_, i) => (((i * 7919) % 2048) - 1024) / 4096);
    const dense = (name, n, m) => [onnx.initializer(`${name}.w`, T.float, [n, m], weights(n * m)), onnx.initializer(`${name}.b`, T.float, [m], weights(m))];
    return onnx.model([dense('a', width, hidden), dense('b', hidden, 1), onnx.node('Gemm', ['x', 'a.w', 'a.b'], ['h']),
        onnx.node('Relu', ['h'], ['r']), onnx.node('Gemm', ['r', 'b.w', 'b.b'], ['y']),
        onnx.input('x', onnx.tensorType(T.float, [1, width])), onnx.output('y', onnx.tensorType(T.float, [1, 1]))]);
}
function write(name, width, hidden) {
    const model = path.join(scratch, `${name}.onnx`);
    const input = path.join(scratch, `${name}.json`);
    fs.writeFileSync(model, network(width, hidden));
    fs.writeFileSync(input, JSON.stringify({ x: { shape: [1, width], data: Array(width).fill(1) } }));
    return { name, model, input, width, bytes: fs.statSync(model).size };
}

function ran(command, args) {
    const r = spawnSync(command, args, { encoding: 'utf8' });
    if (r.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${r.status} ${r.stderr}`);
    return r.stdout;
}
const timed = (...what) => {
    const start = process.hrtime.bigint();
    ran(...what);
    return Number(process.hrtime.bigint() - start) / 1e6;
};
const soukArgs = (m, ...more) => ['run', m.model, '--input', `@${m.input}`, '--quiet', '--data', `${scratch}/home`, ...more];

let missed = 0;
function verdict(what, ratio, goal) {
    const fine = ratio <= goal;
    missed += !fine;
    return `${what} ${ratio.toFixed(2)} (goal ${goal.toFixed(2)}${fine ? '' : ', MISSED'})`;
}

// --- from the start of the process to the first output
const small = write('small', 40, 16);
const first = { souk: [], peer: [] };
for (let i = -2; i < rounds; i++) { // the first rounds warm caches, on both sides
    const a = timed(souk, soukArgs(small));
    const b = timed(process.execPath, [here('peer_run.mjs'), small.model, small.input]);
    if (i < 0) continue;
    first.souk.push(a);
    first.peer.push(b);
}
const ratio = median(first.souk.map((v, i) => v / first.peer[i]));
console.log(`a model of ${small.bytes} bytes run once, ${rounds} rounds: souk ${median(first.souk).toFixed(0)} ms (least ${least(first.souk).toFixed(0)}), `
    + `onnxruntime-node ${median(first.peer).toFixed(0)} ms (least ${least(first.peer).toFixed(0)}); ${verdict('median of ratios', ratio, GOALS.first)}`);

// --- one inference, again and again
for (const [m, repeats] of [[small, 20000], [write('middle', 1024, 512), 2000]]) {
    const of = { souk: [], bare: [] };
    for (let i = 0; i < rounds; i++) {
        const s = JSON.parse(ran(souk, soukArgs(m, '--json', '--repeat', repeats))).repeat;
        const b = JSON.parse(ran(bare, [library, m.model, 'x', `1,${m.width}`, 'y', String(repeats)]));
        of.souk.push(s.p50_ns);
        of.bare.push(b.p50_ns);
    }
    const r = median(of.souk.map((v, i) => v / of.bare[i]));
    const us = (v) => `${(v / 1000).toFixed(2)} us`;
    console.log(`one inference of ${m.bytes} bytes, median of ${repeats}, ${rounds} rounds: souk-runner ${us(median(of.souk))}, bare engine ${us(median(of.bare))}; `
        + verdict('median of ratios', r, GOALS.inference));
}
process.exit(missed ? 1 : 0);
