// Indexing 200,000 settlement logs (100,000 payments, each AuthorizationUsed and Transfer, one a
// transaction) from a real anvil, against the node's own pace and what others would use:
//   ceiling   the same eth_getLogs answers read from bare sockets and thrown away
//   souk      `souk sync` of a fresh cache: rows, sums, indexes, figures
//   viem      getLogs and better-sqlite3
//   ponder    once, behind the rounds: it takes minutes
// Rounds are interleaved; ratios are of rounds, medians.
//   node tests/bench/bench_index.mjs [ROUNDS] [PAYMENTS]
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AUTHORIZATION_USED, CHAIN_ID, TOKEN, TRANSFER, denseChain } from './dense_chain.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const rounds = Number(process.argv[2] ?? (process.env.QUICK ? 1 : 5)), payments = Number(process.argv[3] ?? 100000);
const souk = path.resolve(process.env.SOUK ?? './souk');
const build = path.resolve(process.env.B ?? 'build', 'tests/bench');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-bench-'));
const PONDER_MINUTES = 20;

/** What a command took; `check` sees what it printed. */
function timed(args, env = {}) {
    const report = path.join(dir, 'report');
    const r = spawnSync(path.join(build, 'rusage'), [report, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
    if (r.status !== 0) throw new Error(`${args[0]}: ${r.stderr || r.error}`);
    const [wall, cpu, kib] = fs.readFileSync(report, 'utf8').trim().split(' ').map(Number);
    return { wall, cpu, rss: kib / 1024, out: r.stdout };
}

const filter = `"address":["${TOKEN}"],"topics":[["${TRANSFER}","${AUTHORIZATION_USED}"]]`;
const ceiling = (chain, flight) => timed([path.join(build, 'raw_fetch'), String(chain.port), String(chain.head), '64', String(flight), filter]);

function fill(chain) {
    const home = path.join(dir, 'souk');
    fs.rmSync(home, { recursive: true, force: true });
    fs.mkdirSync(path.join(home, 'config'), { recursive: true });
    fs.writeFileSync(path.join(home, 'config', 'config'), `network = dense\n[network.dense]\npayment_rpc = ${chain.url}\n`
        + `payment_chain_id = ${CHAIN_ID}\ntoken = USDC ${TOKEN} 6 whole\n`);
    const r = timed([souk, 'sync', '--quiet', '--data', home]);
    const file = path.join(home, 'cache', 'dense.db');
    r.bytes = fs.statSync(file).size;
    const n = spawnSync(souk, ['health', '--json', '--window', 'all', '--offline', '--data', home], { encoding: 'utf8' });
    r.payments = JSON.parse(n.stdout).unlisted_payments;
    return r;
}

function viem(chain) {
    const file = path.join(dir, 'viem.db');
    fs.rmSync(file, { force: true });
    const r = timed([process.execPath, path.join(here, 'peers/viem_sqlite.mjs'), chain.url, String(chain.head), file]);
    if (JSON.parse(r.out).payments !== chain.payments) throw new Error(`viem found ${r.out}`);
    r.bytes = fs.statSync(file).size;
    return r;
}

/** Until its own word that the past is in. */
async function ponder(chain) {
    const project = path.join(here, 'peers/ponder'), report = path.join(dir, 'ponder'), port = chain.port + 1;
    fs.rmSync(path.join(project, '.ponder'), { recursive: true, force: true });
    const t0 = Date.now();
    const p = spawn(process.execPath, [path.join(here, 'node_modules/ponder/dist/esm/bin/ponder.js'), 'start', '--port', String(port), '--log-level', 'error'],
        { cwd: project, stdio: 'ignore', env: { ...process.env, DENSE_RPC: chain.url, DATABASE_SCHEMA: 'dense', PONDER_TELEMETRY_DISABLED: '1' } });
    let last = null;
    const usage = () => {
        try {
            const stat = fs.readFileSync(`/proc/${p.pid}/stat`, 'utf8').split(') ')[1].split(' ');
            const hwm = /VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${p.pid}/status`, 'utf8'));
            last = { cpu: (Number(stat[11]) + Number(stat[12])) / 100, rss: Number(hwm[1]) / 1024 };
        } catch { /* it has ended */ }
    };
    let ready = false;
    while (!ready && p.exitCode === null && Date.now() - t0 < PONDER_MINUTES * 60000) {
        await new Promise((done) => setTimeout(done, 250));
        usage();
        ready = await fetch(`http://127.0.0.1:${port}/ready`).then((r) => r.status === 200, () => false);
    }
    const wall = (Date.now() - t0) / 1000;
    p.kill('SIGKILL');
    fs.rmSync(path.join(project, '.ponder'), { recursive: true, force: true });
    return ready ? { wall, ...last } : null;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const col = (list, key) => median(list.map((x) => x[key]));

const chain = await denseChain({ payments, blocks: 2000 });
try {
    console.log(`first fill of ${chain.logs.toLocaleString('en')} settlement logs: ${chain.payments.toLocaleString('en')} payments in ${chain.head} blocks of anvil; ${rounds} interleaved rounds, medians`);
    const all = { one: [], many: [], souk: [], viem: [] };
    for (let i = 0; i <= rounds; i++) {
        const round = { one: ceiling(chain, 1), souk: fill(chain), many: ceiling(chain, 4) };
        if (round.souk.payments !== chain.payments) throw new Error(`souk counts ${round.souk.payments} payments`);
        if (i === 0 && rounds > 1) continue; // warms everything up
        if (all.viem.length < 3) round.viem = viem(chain);
        for (const [name, r] of Object.entries(round)) all[name].push(r);
    }
    const line = (name, list) => console.log(`  ${name.padEnd(36)} ${col(list, 'wall').toFixed(2).padStart(7)} s  ${Math.round(chain.logs / col(list, 'wall')).toLocaleString('en').padStart(9)} logs/s`
        + `  ${col(list, 'cpu').toFixed(2).padStart(6)} CPU s  ${col(list, 'rss').toFixed(0).padStart(4)} MiB${list[0].bytes ? `  ${(col(list, 'bytes') / chain.logs).toFixed(0).padStart(4)} B/log (${(col(list, 'bytes') / chain.payments).toFixed(0)} B/payment)` : ''}`);
    line('node, one request at a time', all.one);
    line('node, four at a time', all.many);
    line('souk sync, with sums and indexes', all.souk);
    line('viem + better-sqlite3', all.viem);
    const ratio = (a, b) => median(a.map((x, i) => b[Math.min(i, b.length - 1)].wall / x.wall)).toFixed(2);
    console.log(`  souk: ${ratio(all.souk, all.one)} of the node's pace (goal 0.80), ${ratio(all.souk, all.many)} of it at four at a time; ${(col(all.viem, 'wall') / col(all.souk, 'wall')).toFixed(1)} times viem + better-sqlite3`);
    console.log(`  per 200,000 logs: ${(col(all.souk, 'cpu') * 200000 / chain.logs).toFixed(2)} CPU s (goal 1.00), ${col(all.souk, 'rss').toFixed(0)} MiB (goal 64)`);
    if (!process.env.QUICK) {
        const p = await ponder(chain);
        if (p) {
            line('ponder 0.16.10, one run', [p]);
            console.log(`  souk: ${(p.wall / col(all.souk, 'wall')).toFixed(0)} times ponder`);
        } else {
            console.log(`  ponder 0.16.10 was not through after ${PONDER_MINUTES} minutes`);
        }
    }
} finally {
    chain.stop();
    fs.rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
