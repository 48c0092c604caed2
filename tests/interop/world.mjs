// A devnet for one test file, and souk run against it in a directory of its own.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { build, readJson, readLedger, serve } from '../../assets/devnet/lib/harness.mjs';

export const souk = path.resolve(process.env.SOUK ?? new URL('../../souk', import.meta.url).pathname);

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-interop-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
let homes = 0;
export const newHome = () => path.join(scratch, `home-${homes++}`);

/** Builds and serves a world; `status` is what the supervisor would write. With a `seller` among the
 *  parameters (its URL, on a free port) the listings' endpoints are where it really is. */
export async function startWorld(params) {
    const dir = path.join(scratch, `world-${params.seed}`);
    if (!fs.existsSync(dir)) {
        const built = await build(dir, params);
        if (built.code !== 0) throw new Error(`build.mjs: ${built.err}`);
    }
    const running = await serve(dir, params.seller ? ['--seller-port', new URL(params.seller).port] : []);
    const contracts = readJson(`${dir}/contracts.json`);
    const [hub, walrus, , facilitator] = running.ports.map((p) => `http://127.0.0.1:${p}`);
    const { seller } = running.urls;
    const status = { running: true, pid: process.pid, network: 'devnet',
        payment_chain: { rpc: running.chains.payment.rpc.url, chain_id: contracts.payment_chain.chain_id },
        inference_chain: { rpc: running.chains.inference.rpc.url, chain_id: contracts.inference_chain.chain_id },
        hub, walrus, walrus_nodes: walrus, walrus_publisher: walrus, walrus_epoch_hours: 24, seller, bazaar: facilitator, facilitator, gateway: running.urls.gateway,
        contracts: contracts.contracts, tokens: contracts.tokens, ledger: `${dir}/ledger.jsonl`,
        wallet: { ...contracts.wallet, name: 'devnet', password: 'devnet' } };
    return { ...running, dir, contracts, status, ledger: () => readLedger(dir) };
}

/** Points the devnet profile of a home at these servers. */
export function configure(home, status, config = '') {
    fs.mkdirSync(`${home}/state/devnet`, { recursive: true });
    fs.writeFileSync(`${home}/state/devnet/status.json`, JSON.stringify(status));
    fs.mkdirSync(`${home}/config`, { recursive: true });
    fs.writeFileSync(`${home}/config/config`, config);
    return home;
}

/** On the devnet, unless another network is named. */
export const network = (args) => (args.includes('--network') ? [] : ['--network', 'devnet']);

/** Starts souk; `done` resolves to {code, signal, out, err}. */
export function start(home, ...args) {
    const child = spawn(souk, [...args, ...network(args), '--data', home], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    child.stdout.on('data', (d) => (said.out += d));
    child.stderr.on('data', (d) => (said.err += d));
    const done = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, ...said })));
    return { child, done };
}

export const run = (home, ...args) => start(home, ...args).done;

export async function json(home, ...args) {
    const r = await run(home, ...args, '--json');
    if (r.code !== 0) throw new Error(`souk ${args.join(' ')}: ${r.code} ${r.err}`);
    return JSON.parse(r.out);
}

export async function sync(home, ...args) {
    const r = await run(home, 'sync', '--quiet', ...args);
    if (r.code !== 0) throw new Error(`souk sync: ${r.code} ${r.err}`);
    return r;
}

/** One of souk's documents, but for when and where it was read. */
async function told(home, ...args) {
    const doc = await json(home, ...args);
    for (const o of [doc, ...(doc.models instanceof Array ? doc.models : [])]) delete o.provenance;
    for (const list of [doc.models, doc.authors]) if (list instanceof Array) list.sort(byText);
    if (doc.weekly) delete doc.weekly.uploads;
    return doc;
}

/** Everything souk says about a home: for comparing caches. */
export async function picture(home) {
    const all = {};
    for (const window of ['7d', '30d', '90d', 'all'])
        for (const what of ['models', 'authors', 'health']) all[`${what} ${window}`] = await told(home, what, '--window', window);
    return all;
}

/** What a cache holds, whatever the way there: the digests of its rows, and one of what it makes of them. */
export async function digest(home) {
    const { sources } = await json(home, 'health', '--explain', 'calls');
    const figures = await Promise.all([['models', '--window', '30d'], ['authors', '--window', 'all'], ['health', '--window', 'all']].map((a) => told(home, ...a)));
    return { ...Object.fromEntries(sources.map((s) => [s.filter, [s.provenance.last_block, s.provenance.last_hash, s.rows, s.digest]])),
        figures: createHash('sha256').update(JSON.stringify(figures)).digest('hex') };
}

function byText(a, b) {
    const x = JSON.stringify(a);
    const y = JSON.stringify(b);
    return x < y ? -1 : x > y ? 1 : 0;
}
