// souk run, for tests: model files of our own, and souk beside a runner without sanitizers, whose
// memory can be bounded (AddressSanitizer's shadow takes more address space than any limit allows).

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';

export const souk = path.resolve(process.env.SOUK ?? new URL('../../souk', import.meta.url).pathname);
export const assets = path.resolve(process.env.SOUK_ASSETS ?? new URL('../../assets', import.meta.url).pathname);
const plain = path.resolve(process.env.PLAIN_RUNNER ?? new URL('../../souk-runner', import.meta.url).pathname);

export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-run-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));

/** souk with the plain runner beside it. */
let beside;
export function withPlainRunner() {
    if (!beside) {
        beside = path.join(scratch, 'bin');
        fs.mkdirSync(beside);
        fs.copyFileSync(souk, path.join(beside, 'souk'));
        fs.copyFileSync(plain, path.join(beside, 'souk-runner'));
    }
    return path.join(beside, 'souk');
}
export const plainRunner = () => { withPlainRunner(); return path.join(beside, 'souk-runner'); };

let files = 0;
/** Writes a model's bytes into a file of its own folder; its path. */
export function file(bytes, name = 'model.onnx') {
    const dir = path.join(scratch, `m${files++}`);
    fs.mkdirSync(dir);
    fs.writeFileSync(path.join(dir, name), bytes);
    return path.join(dir, name);
}

export const home = path.join(scratch, 'home');

/** Starts it; `done` resolves to {code, signal, out, err}. */
export function start(program, args, options = {}) {
    const child = spawn(program, [...args, '--data', home], { stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, SOUK_ASSETS: assets }, ...options });
    const said = { out: '', err: '' };
    for (const [stream, to] of [[child.stdout, 'out'], [child.stderr, 'err']]) {
        stream.setEncoding('utf8');
        stream.on('data', (d) => (said[to] += d));
    }
    const done = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, ...said })));
    return { child, done };
}
export const run = (...args) => start(souk, ['run', ...args]).done;
export const runPlain = (...args) => start(withPlainRunner(), ['run', ...args]).done;

export async function json(...args) {
    const r = await run(...args, '--json', '--quiet');
    if (r.code !== 0) throw new Error(`souk run ${args.join(' ')}: ${r.code} ${r.err}`);
    return JSON.parse(r.out);
}

/** All processes named souk-runner, and whose children they are. */
export function runners() {
    const pids = [];
    for (const pid of fs.readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
        try {
            const [, name, state, parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
            if (name === 'souk-runner' && state !== 'Z') pids.push({ pid: Number(pid), parent: Number(parent) });
        } catch {
            // gone meanwhile
        }
    }
    return pids;
}
