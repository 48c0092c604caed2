// Blob IDs: souk against the network's own encoder for JavaScript, @mysten/walrus-wasm, on the same
// file in interleaved rounds of one run. Then what souk takes for a large file, in time and memory;
// how fast it checks by rows; and how far all that is from what the kernels allow.
//   node tests/bench/bench_walrus.mjs KERNELS [ROUNDS]        QUICK=1: fewer rounds, a smaller file
// souk is measured as a whole process, reading the file included. The encoder is measured twice: the
// call alone, with the bytes in memory, and as a whole process. The goal is held against the former.

import { spawn, execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const MIB = 1 << 20;
const GOAL = { ratio: 15, memory: 150, rows: 1e9 };
const SMALL = 64 * MIB;
const me = fileURLToPath(import.meta.url);

if (process.argv[2] === '--peer') { // a process of the peer's: prints the ID and the call's ms
    globalThis.crypto ??= crypto.webcrypto;
    const { BlobEncoder } = createRequire(new URL('../../assets/devnet/package.json', import.meta.url))('@mysten/walrus-wasm');
    const bytes = new Uint8Array(fs.readFileSync(process.argv[3]));
    const from = process.hrtime.bigint();
    const [id] = new BlobEncoder(1000).compute_metadata(bytes);
    const ms = Number(process.hrtime.bigint() - from) / 1e6;
    console.log(JSON.stringify({ id: typeof id === 'string' ? id : Buffer.from(id).toString('base64url'), ms }));
    process.exit(0);
}

const quick = Boolean(process.env.QUICK);
const souk = path.resolve(process.env.SOUK ?? new URL('../../souk', import.meta.url).pathname);
const kernels = path.resolve(process.argv[2] ?? 'build/tests/bench/walrus_kernels');
const rounds = Number(process.argv[3] ?? (quick ? 1 : 5));
const large = (quick ? 256 : 1024) * MIB;
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-bench-walrus-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));

const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
const s = (ms) => `${(ms / 1000).toFixed(2)} s`;
const rate = (bytes, ms) => `${Math.round(bytes / ms / 1000)} MB/s`;

function noise(name, size) {
    const file = path.join(scratch, name);
    const fd = fs.openSync(file, 'w');
    for (let at = 0; at < size; at += 16 * MIB) fs.writeSync(fd, crypto.randomBytes(16 * MIB));
    fs.closeSync(fd);
    return file;
}

/** Runs a program; resolves to its output, wall time, and the most memory it had. */
function run(command, ...args) {
    return new Promise((resolve, reject) => {
        const from = process.hrtime.bigint();
        const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
        let out = '';
        let peak = 0;
        const look = setInterval(() => { // the kernel keeps the maximum: looking late loses nothing
            try {
                const line = /VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8'));
                if (line) peak = Math.max(peak, Number(line[1]) / 1024);
            } catch { /* it has ended */ }
        }, 5);
        child.stdout.on('data', (d) => (out += d));
        child.once('close', (code) => {
            clearInterval(look);
            const ms = Number(process.hrtime.bigint() - from) / 1e6;
            if (code === 0) resolve({ out: out.trim(), ms, peak });
            else reject(new Error(`${command} ${args.join(' ')}: ${code}`));
        });
    });
}
const blobId = (file, threads, ...more) => run(souk, 'blob-id', file, '--threads', `${threads}`, '--data', scratch, ...more);

let failed = false;
function hold(what, ok) {
    if (!ok) {
        console.log(`  MISSED: ${what}`);
        failed = true;
    }
}

const small = noise('64m', SMALL);
const seen = { one: [], two: [], call: [], process: [] };
for (let i = -1; i < rounds; i++) {
    const one = await blobId(small, 1);
    const two = await blobId(small, 2);
    if (i < 0) continue; // the first round warms the page cache
    const theirs = await run(process.execPath, me, '--peer', small);
    const { id, ms } = JSON.parse(theirs.out);
    if (id !== one.out || id !== two.out) throw new Error(`the encoder says ${id}, souk ${one.out} and ${two.out}`);
    seen.one.push(one.ms);
    seen.two.push(two.ms);
    seen.call.push(ms);
    seen.process.push(theirs.ms);
}
const paired = (over, under) => median(seen[over].map((v, i) => v / seen[under][i]));
const ratio = { one: paired('call', 'one'), two: paired('call', 'two') };
console.log(`the blob ID of 64 MiB, ${rounds} rounds, medians`);
console.log(`  souk, 1 thread       ${s(median(seen.one))}`);
console.log(`  souk, 2 threads      ${s(median(seen.two))}`);
console.log(`  walrus-wasm 0.3.0    ${s(median(seen.call))} the call alone, ${s(median(seen.process))} the process`);
console.log(`  ratio, call / souk   ${ratio.one.toFixed(1)} with 1 thread (goal: ${GOAL.ratio}), ${ratio.two.toFixed(1)} with 2; `
    + `process / souk ${paired('process', 'one').toFixed(1)} and ${paired('process', 'two').toFixed(1)}`);
hold(`at least ${GOAL.ratio} times faster with one thread`, ratio.one >= GOAL.ratio);
if (os.cpus().length > 1) hold('faster with two threads than with one', ratio.two > ratio.one);

const big = noise('large', large);
const metadata = path.join(scratch, 'metadata');
const figures = { 1: [], 2: [], rows: [] };
let memory = 0;
for (let i = 0; i < (quick ? 1 : 3); i++) {
    let id;
    for (const threads of [1, 2]) {
        const r = await blobId(big, threads, '--metadata', metadata);
        id = r.out;
        memory = Math.max(memory, r.peak);
        figures[threads].push(r.ms);
    }
    figures.rows.push((await run(souk, 'verify', big, id, '--metadata', metadata, '--threads', '1', '--data', scratch)).ms);
}
const least = (v) => Math.min(...v);
const mib = large / MIB;
console.log(`a file of ${mib} MiB, in the page cache, best of ${figures.rows.length}`);
console.log(`  the blob ID, 1 thread    ${s(least(figures[1]))}, ${rate(large, least(figures[1]))}`);
console.log(`  the blob ID, 2 threads   ${s(least(figures[2]))}, ${rate(large, least(figures[2]))}`);
console.log(`  most memory              ${memory.toFixed(0)} MiB (goal: ${GOAL.memory})`);
console.log(`  by rows, 1 thread        ${s(least(figures.rows))}, ${rate(large, least(figures.rows))} (goal: ${rate(GOAL.rows, 1000)})`);
hold(`within ${GOAL.memory} MiB`, memory > 0 && memory <= GOAL.memory);
hold('by rows at 1 GB/s', (large / least(figures.rows)) * 1000 >= GOAL.rows);

// What the hashing of all symbols and nodes and all of the encoding take by themselves, on one core.
const k = JSON.parse(execFileSync(kernels, { encoding: 'utf8' }).trim().split('\n').at(-1));
const bound = (bytes) => 1000 * ((bytes * 4.489) / k.leaf_rate + bytes / k.code_rate + 2.004e6 * k.node);
console.log(`the bound of this machine's kernels (${k.way}): hashing ${(k.leaf_rate / 1e9).toFixed(2)} GB/s, `
    + `a node ${(k.node * 1e9).toFixed(0)} ns, encoding ${(k.code_rate / 1e9).toFixed(2)} GB/s of file`);
console.log(`  64 MiB     ${s(bound(SMALL))}; souk takes ${(least(seen.one) / bound(SMALL)).toFixed(2)} of it (best round, 1 thread)`);
console.log(`  ${mib} MiB   ${s(bound(large))}; souk takes ${(least(figures[1]) / bound(large)).toFixed(2)} of it`);
process.exit(failed ? 1 : 0);
