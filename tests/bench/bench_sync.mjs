// A full sync of the devnet's default world against plain curl fetching the same answers: the same
// Hub pages, the same Bazaar pages, the same logs of both chains, in one curl process. What curl
// needs is the servers' own time; the ratio says how much souk adds. Rounds are interleaved.
//   node tests/bench/bench_sync.mjs [ROUNDS]
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const rounds = Number(process.argv[2] ?? 5);
const souk = path.resolve(process.env.SOUK ?? './souk');
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-bench-'));
const run = (...args) => execFileSync(souk, [...args, '--data', home], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** Seconds and CPU seconds of one command. */
function timed(command, args) {
    const t0 = process.hrtime.bigint();
    const r = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>"$0"', path.join(home, 'err'), command, ...args],
        { encoding: 'utf8' });
    const wall = Number(process.hrtime.bigint() - t0) / 1e9;
    if (r.status !== 0) throw new Error(`${command}: ${fs.readFileSync(path.join(home, 'err'), 'utf8')}`);
    const [user, sys] = r.stderr.trim().split(/\s+/).map(Number);
    return { wall, cpu: user + sys };
}

const call = (method, params) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const hex = (n) => `0x${n.toString(16)}`;

async function rpc(url, method, params) {
    const r = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: call(method, params) });
    return (await r.json()).result;
}

/** curl's own configuration: every request of a full sync, one after the other. */
async function curlConfig(status, chunk) {
    const lines = [];
    const next = () => lines.length && lines.push('next');
    const get = (url) => { next(); lines.push(`url = "${url}"`, 'output = "/dev/null"'); };
    const post = (url, body) => {
        get(url);
        lines.push('header = "content-type: application/json"', `data = ${JSON.stringify(body)}`);
    };
    for (let page = 0; page <= 20; page++) get(`${status.hub}/api/v0/models/?page=${page}&limit=100`);
    for (let offset = 0; offset < 700; offset += 100) get(`${status.bazaar}/discovery/resources?type=http&limit=100&offset=${offset}`);
    const tokens = Object.values(status.tokens).map((t) => t.address);
    const filters = [
        [status.payment_chain.rpc, [status.contracts.listings]],
        [status.payment_chain.rpc, [...tokens, status.contracts.exact_proxy, status.contracts.upto_proxy]],
        [status.inference_chain.rpc, [status.contracts.inference]],
    ];
    for (const [url, address] of filters) {
        const head = Number(await rpc(url, 'eth_blockNumber', []));
        for (let from = 0; from <= head; from += chunk) {
            post(url, call('eth_getLogs', [{ address, fromBlock: hex(from), toBlock: hex(Math.min(head, from + chunk - 1)) }]));
        }
    }
    return lines.join('\n');
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

try {
    run('devnet', 'up', '--port', '0', '--quiet');
    const status = JSON.parse(run('devnet', 'status', '--json'));
    const file = path.join(home, 'curl.conf');
    fs.writeFileSync(file, await curlConfig(status, 500));
    const ours = [], theirs = [];
    for (let i = 0; i <= rounds; i++) {
        const a = timed(souk, ['sync', '--full', '--network', 'devnet', '--quiet', '--data', home]);
        const b = timed('curl', ['--silent', '--show-error', '--fail', '--config', file]);
        if (i > 0) { ours.push(a); theirs.push(b); } // the first round warms everything up
    }
    const col = (list, key) => list.map((x) => x[key]);
    console.log(`full sync of the devnet, ${rounds} interleaved rounds, medians`);
    console.log(`  souk sync --full    ${median(col(ours, 'wall')).toFixed(2)} s wall, ${median(col(ours, 'cpu')).toFixed(2)} s CPU`);
    console.log(`  curl, same answers  ${median(col(theirs, 'wall')).toFixed(2)} s wall, ${median(col(theirs, 'cpu')).toFixed(2)} s CPU`);
    console.log(`  ratio (wall)        ${median(ours.map((x, i) => x.wall / theirs[i].wall)).toFixed(2)}`);
} finally {
    run('devnet', 'down', '--quiet');
    fs.rmSync(home, { recursive: true, force: true });
}
