// A wallet with play money in a home of its own, and what the chain says of it.

import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { network, souk } from './world.mjs';

/** The devnet's npm packages, for tests: peers('viem'). */
export const peers = createRequire(new URL('../../assets/devnet/package.json', import.meta.url));
const { privateKeyToAccount } = peers('viem/accounts');

export const PASSWORD = 'a password of the tests';

/** Starts souk with secrets on descriptors from 3 on: {flag: text}. `done` as in world.mjs. */
export function startWith(home, secrets, ...args) {
    const flags = Object.keys(secrets);
    const fds = flags.flatMap((flag, i) => [flag, String(3 + i)]);
    const child = spawn(souk, [...args, ...fds, ...network(args), '--data', home],
        { stdio: ['ignore', 'pipe', 'pipe', ...flags.map(() => 'pipe')], detached: true });
    flags.forEach((flag, i) => {
        child.stdio[3 + i].on('error', () => {}); // killed before it read
        child.stdio[3 + i].end(secrets[flag]);
    });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (d) => (said.out += d));
    child.stderr.setEncoding('utf8').on('data', (d) => (said.err += d));
    const done = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, ...said })));
    return { child, done };
}

export const runWith = (home, secrets, ...args) => startWith(home, secrets, ...args).done;
const lines = (n, text) => `${text}\n`.repeat(n);

async function must(promise, what) {
    const r = await promise;
    if (r.code !== 0) throw new Error(`${what}: ${r.code} ${r.err}`);
    return r;
}

/** Imports the devnet's funded key as a play wallet, with limits, and leaves it unlocked. */
export async function openWallet(home, w, { name = 'tests', limits = {}, key = fs.readFileSync(`${w.dir}/wallet.key`, 'utf8').trim() } = {}) {
    await must(runWith(home, { '--secret-fd': `${key}\n`, '--password-fd': lines(2, PASSWORD) }, 'wallet', 'import', name, '--play'), 'import');
    await must(runWith(home, {}, 'wallet', 'use', name), 'use');
    await unlock(home);
    const all = { USDC: ['0.05', '1', '5'], OPG: ['5', '100', '500'], ETH: ['0.01', '1', '5'], ...limits };
    for (const [token, [call, day, week]] of Object.entries(all))
        await must(runWith(home, { '--password-fd': lines(2, PASSWORD) }, 'limits', 'set', token, '--per-call', call, '--per-day', day, '--per-week', week), `limits ${token}`);
    return { account: privateKeyToAccount(key), key, name };
}

export const unlock = (home, ...args) => must(runWith(home, { '--password-fd': lines(2, PASSWORD) }, 'wallet', 'unlock', ...args), 'unlock');
export const lock = (home) => runWith(home, {}, 'wallet', 'lock');

export async function saidJson(promise) {
    const r = await promise;
    let doc = null;
    try {
        doc = JSON.parse(r.out);
    } catch { /* an error before anything was printed */ }
    return { ...r, doc };
}

/** Buys one call without questions. */
export const call = (home, what, input, ...args) =>
    saidJson(runWith(home, {}, 'call', what, '--input', JSON.stringify(input), '--yes', '--json', ...args));
export const quote = (home, what, input, ...args) =>
    saidJson(runWith(home, {}, 'quote', what, ...(input === undefined ? [] : ['--input', JSON.stringify(input)]), '--json', ...args));
export const receipts = (home, ...args) => saidJson(runWith(home, {}, 'receipts', ...args, '--json'));
export const limits = (home) => saidJson(runWith(home, {}, 'limits', '--json'));

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const topic = (address) => `0x${'0'.repeat(24)}${address.slice(2).toLowerCase()}`;

/** Every transfer of a token out of an account since a block: [{to, value, tx, block}]. */
export async function spent(rpc, token, from, since = 0) {
    const logs = await rpc.call('eth_getLogs', { address: token, fromBlock: `0x${since.toString(16)}`, toBlock: 'latest', topics: [TRANSFER, topic(from)] });
    return logs.map((l) => ({ to: `0x${l.topics[2].slice(26)}`, value: BigInt(l.data), tx: l.transactionHash, block: Number(l.blockNumber) }));
}

export const head = async (rpc) => Number(await rpc.call('eth_blockNumber'));
export const token = (w, symbol) => w.contracts.tokens.find((t) => t.symbol === symbol).address;

/** A listing that is alive, proven and paid by this scheme: its MODEL word and an input it takes. */
export async function someModel(w, scheme, pick = () => true) {
    const { exampleInput } = await import('../../assets/devnet/lib/market.mjs');
    const { modelSpec } = await import('../../assets/devnet/lib/onnx.mjs');
    const world = JSON.parse(fs.readFileSync(`${w.dir}/world.json`, 'utf8'));
    const l = world.listings.find((x) => x.scheme === scheme && !x.impostor && pick(x));
    if (!l) throw new Error(`the world has no listing paid by ${scheme}`);
    return { listing: l, model: `${l.author}/${l.name}`, input: exampleInput(modelSpec(l.model)), url: `${w.urls.seller}${l.path}` };
}

/** Processes of this home that hold a wallet open. */
export function signers(home) {
    const found = [];
    for (const pid of fs.readdirSync('/proc').filter((d) => /^\d+$/.test(d))) {
        try {
            const argv = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
            if (path.basename(argv[0]) === 'souk-signer' && argv.some((a) => a.startsWith(home))) found.push(Number(pid));
        } catch { /* it ended */ }
    }
    return found;
}
