// For the tests: builds small worlds, and runs a whole devnet on free ports.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { anvilBinary, freePort, startAnvil } from './chain.mjs';

export const SMALL = { seed: 7, models: 120, payments: 700, inferences: 900, authors: 30, days: 14, end: 1759968000 };
const here = new URL('../', import.meta.url).pathname;

export const scratch = () => fs.mkdtempSync(path.join(os.tmpdir(), 'souk-devnet-'));
export const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
export const readLedger = (dir) => fs.readFileSync(`${dir}/ledger.jsonl`, 'utf8').trimEnd().split('\n').map((l) => JSON.parse(l));

/** Starts one of the entry points; `done` resolves to {code, out, err}. */
export function start(script, args, stdin = 'ignore') {
    const child = spawn(process.execPath, [here + script, ...args.map(String)], { stdio: [stdin, 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (d) => (said.out += d));
    child.stderr.on('data', (d) => (said.err += d));
    const done = new Promise((resolve) => child.once('exit', (code) => resolve({ code, ...said })));
    return { child, said, done };
}

export function build(dir, params = SMALL) {
    return start('build.mjs', ['--dir', dir, ...Object.entries(params).flatMap(([k, v]) => [`--${k}`, v])]).done;
}

export async function openChains(dir) {
    const c = readJson(`${dir}/contracts.json`);
    const binary = anvilBinary();
    const [payment, inference] = await Promise.all([c.payment_chain, c.inference_chain].map((chain) => startAnvil(binary, chain.anvil_args)));
    return { payment, inference, stop: () => Promise.all([payment.stop('SIGKILL'), inference.stop('SIGKILL')]) };
}

/** A running devnet: {urls, chains, stop}. */
export async function serve(dir, extra = []) {
    const chains = await openChains(dir);
    const ports = await Promise.all(Array.from({ length: 5 }, freePort));
    const names = ['hub', 'walrus', 'seller', 'facilitator', 'gateway'];
    const s = start('serve.mjs', ['--dir', dir, '--payment-rpc', chains.payment.rpc.url, '--inference-rpc', chains.inference.rpc.url,
        ...names.flatMap((n, i) => [`--${n}-port`, ports[i]]), ...extra], 'pipe');
    const urls = await new Promise((resolve, reject) => {
        s.child.stdout.on('data', () => s.said.out.includes('\n') && resolve(JSON.parse(s.said.out)));
        s.done.then(({ err }) => reject(new Error(`serve ended: ${err}`)));
    });
    const stop = async () => {
        s.child.stdin.end();
        const end = await s.done;
        await chains.stop();
        return end;
    };
    return { urls, ports, chains, stop, server: s };
}
