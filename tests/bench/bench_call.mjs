// A paid call: souk against the reference client @x402/fetch, on the same seller, in interleaved
// rounds of one run. Between them and the seller sits a relay that notes two moments: when the 402
// has left, and when the paid request has arrived. What lies between is what a client adds.
//   node tests/bench/bench_call.mjs [ROUNDS]
// souk's signer is unlocked beforehand, as the reference client's key is in its memory; souk keeps
// its books (limits, ledger, receipts) on disk before it sends, the reference keeps none.

import { spawn } from 'node:child_process';
import http from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { configure, newHome, souk, startWorld, sync } from '../interop/world.mjs';
import { lock, openWallet, someModel } from '../interop/money.mjs';

const rounds = Number(process.argv[2] ?? 21);
const peers = createRequire(new URL('../../assets/devnet/package.json', import.meta.url));

/** The reference client: pays for each line on stdin (an URL), says done. Also the peer's process. */
async function peer(key, body) {
    globalThis.crypto ??= (await import('node:crypto')).webcrypto;
    const { wrapFetchWithPayment, x402Client } = peers('@x402/fetch');
    const { ExactEvmScheme } = peers('@x402/evm/exact/client');
    const { privateKeyToAccount } = peers('viem/accounts');
    const client = new x402Client().register('eip155:*', new ExactEvmScheme(privateKeyToAccount(key)));
    client.setSpendControls?.(false);
    const pay = wrapFetchWithPayment(fetch, client);
    for await (const chunk of process.stdin) {
        const r = await pay(String(chunk).trim(), { method: 'POST', headers: { 'content-type': 'application/json' }, body });
        await r.arrayBuffer();
        process.stdout.write(`${r.status}\n`);
    }
}

if (process.argv[2] === '--peer') {
    await peer(process.argv[3], process.argv[4]);
    process.exit(0);
}

const me = fileURLToPath(import.meta.url);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];

/** Relays to the seller. `gap`: between the 402's end and the paid request; `wire`: from the first
 *  request to the last byte of the paid answer, which no process start is part of. */
function relay(target) {
    const seen = { gap: null, asked: null, first: null, wire: null };
    const server = http.createServer((request, response) => {
        const paid = Boolean(request.headers['payment-signature']);
        if (paid) {
            seen.gap = now() - seen.asked;
            response.once('finish', () => (seen.wire = now() - seen.first));
        } else {
            seen.first = now();
        }
        const up = http.request(new URL(request.url, target), { method: request.method, headers: request.headers }, (answer) => {
            response.writeHead(answer.statusCode, answer.headers);
            answer.pipe(response);
            response.once('finish', () => (seen.asked = answer.statusCode === 402 ? now() : seen.asked));
        });
        request.pipe(up);
    });
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ seen, server, port: server.address().port })));
}

function process_(command, args, input) {
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
        let err = '';
        child.stderr.on('data', (d) => (err += d));
        child.stdin.end(input);
        child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command}: ${code} ${err}`))));
    });
}

const w = await startWorld({ seed: 31, models: 120, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200 });
const home = configure(newHome(), w.status);
await sync(home);
const wallet = await openWallet(home, w, { limits: { USDC: ['0.05', '100', '500'] } });
const model = await someModel(w, 'exact-eip3009', (l) => BigInt(l.price) <= 50000n);
const body = JSON.stringify(model.input);
const { seen, server, port } = await relay(w.urls.seller);
const url = `http://127.0.0.1:${port}${new URL(model.url).pathname}`;
const warm = spawn(process.execPath, ['--experimental-global-webcrypto', me, '--peer', wallet.key, body], { stdio: ['pipe', 'pipe', 'inherit'] });
const peerArgs = (process.versions.node.startsWith('18') ? ['--experimental-global-webcrypto'] : []).concat(me, '--peer', wallet.key, body);

const runs = {
    souk: () => process_(souk, ['call', url, '--input', body, '--yes', '--json', '--network', 'devnet', '--data', home], ''),
    'reference, a process each': () => process_(process.execPath, peerArgs, `${url}\n`),
    'reference, one warm process': () => new Promise((resolve, reject) => {
        warm.stdout.once('data', (d) => (String(d).trim() === '200' ? resolve() : reject(new Error(`reference: ${d}`))));
        warm.stdin.write(`${url}\n`);
    }),
};
const figures = Object.fromEntries(Object.keys(runs).map((k) => [k, { gap: [], wire: [], whole: [] }]));
for (let i = -2; i < rounds; i++) {
    for (const [name, run] of Object.entries(runs)) {
        seen.gap = null;
        const t0 = now();
        await run();
        if (i < 0) continue; // the first rounds warm caches, on both sides
        figures[name].whole.push(now() - t0);
        figures[name].gap.push(seen.gap);
        figures[name].wire.push(seen.wire);
    }
}
const ms = (v) => `${v.toFixed(1)} ms`;
const ours = figures.souk;
console.log(`a paid call, ${rounds} rounds, medians`);
for (const [name, f] of Object.entries(figures)) {
    const of = (what) => `${ms(median(f[what]))}${f === ours ? '' : ` (souk / this: ${median(ours[what].map((v, i) => v / f[what][i])).toFixed(2)})`}`;
    console.log(`  ${name.padEnd(28)} from the 402 to the paid request ${of('gap')}; first to last byte ${of('wire')}; command to end ${of('whole')}`);
}
warm.kill();
server.close();
await lock(home);
await w.stop();
process.exit(0);
