// For the tests: builds small worlds, and runs a whole devnet on free ports.

import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
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

/** What a started server says of itself in its first line. */
function ready(s, what) {
    return new Promise((resolve, reject) => {
        s.child.stdout.on('data', () => s.said.out.includes('\n') && resolve(JSON.parse(s.said.out)));
        s.done.then(({ err }) => reject(new Error(`${what} ended: ${err}`)));
    });
}

/** The hostile seller beside a running devnet: {hostile, elsewhere, stop}. */
export async function serveHostile(dir, facilitator) {
    const s = start('hostile.mjs', ['--dir', dir, '--facilitator', facilitator], 'pipe');
    const urls = await ready(s, 'hostile');
    return { ...urls, stop: () => (s.child.stdin.end(), s.done) };
}

/** Sets switches of one of the devnet's servers. `ca`: what a https one is known by. */
export function flip(url, switches, ca = undefined) {
    const body = JSON.stringify(switches);
    return ask(`${url}/_devnet/switch`, { method: 'POST', body, ca }).then((r) => {
        if (r.status !== 200) throw new Error(`switch: ${r.body}`);
        return JSON.parse(r.body);
    });
}

/** One request to a server of the devnet, over https with this certificate and no other. */
export function ask(url, { method = 'GET', headers = {}, body = undefined, ca = undefined } = {}) {
    const { request: open } = url.startsWith('https:') ? https : http;
    return new Promise((resolve, reject) => {
        const request = open(url, { method, headers, ca, agent: false, maxHeaderSize: 1 << 20 }, (response) => {
            const parts = [];
            response.on('data', (d) => parts.push(d));
            response.on('error', reject);
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString('utf8') }));
        });
        request.on('error', reject);
        request.end(body);
    });
}

export const pemOf = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;

/** A running devnet: {urls, chains, stop}. */
export async function serve(dir, extra = []) {
    const chains = await openChains(dir);
    const ports = await Promise.all(Array.from({ length: 5 }, freePort));
    const names = ['hub', 'walrus', 'seller', 'facilitator', 'gateway'];
    const s = start('serve.mjs', ['--dir', dir, '--payment-rpc', chains.payment.rpc.url, '--inference-rpc', chains.inference.rpc.url,
        ...names.flatMap((n, i) => [`--${n}-port`, ports[i]]), ...extra], 'pipe');
    const urls = await ready(s, 'serve');
    const stop = async () => {
        s.child.stdin.end();
        const end = await s.done;
        await chains.stop();
        return end;
    };
    return { urls, ports, chains, stop, server: s };
}
