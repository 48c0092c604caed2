// `souk devnet` as processes: what starts, what is left, and what it says when something is wrong.
// Everything lives below directories of its own, and on ports where no `--port 0` looks, so that
// other devnets may come and go meanwhile.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { after, test } from 'node:test';

const SOUK = path.resolve(process.env.SOUK ?? 'souk');
const ASSETS = path.resolve(process.env.SOUK_ASSETS ?? new URL('../../assets', import.meta.url).pathname);
const WORLD = ['--models', 60, '--authors', 12, '--payments', 300, '--inferences', 300, '--days', 12,
    '--end', 1795219200];
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-lifecycle-'));
const MAIN = `${scratch}/main`; // the data directory most tests share, so that its world is made once
const OTHER = `${scratch}/other`;
const DEADLINE = 300000; // only ever reached when something hangs

// --- starting souk and looking at processes

const started = new Set();
function start(args, env = {}) {
    const child = spawn(SOUK, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, SOUK_ASSETS: ASSETS, ...env } });
    started.add(child);
    const said = { out: '', err: '' };
    child.stdout.on('data', (d) => (said.out += d));
    child.stderr.on('data', (d) => (said.err += d));
    const done = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, ...said })));
    return { child, done };
}
const souk = (args, env) => start(args, env).done;
const up = (data, env, port = PORT) => start(['devnet', 'up', '--data', data, '--port', port, ...WORLD], env);
async function upIn(data) {
    const { code, err } = await up(data).done;
    assert.equal(code, 0, err);
}
const down = (data) => souk(['devnet', 'down', '--data', data]);
const status = async (data) => JSON.parse((await souk(['devnet', 'status', '--json', '--data', data])).out);

/** Processes, zombies aside, that carry the directory in their command line: {pid, args}. */
function processes(dir) {
    const found = [];
    for (const pid of fs.readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
        try {
            const args = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
            if (args.includes(`${dir}/`) || args.includes(`${dir} `)) found.push({ pid: Number(pid), args });
        } catch {
            // it ended while we looked
        }
    }
    return found;
}

/** What a process has open; a descriptor that closes while we look is none. */
function linksOf(pid) {
    return fs.readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try {
            return fs.readlinkSync(`/proc/${pid}/fd/${fd}`);
        } catch {
            return '';
        }
    });
}

/** Ended with all its threads, whether or not its parent has noticed. */
function isDead(pid) {
    const stat = fs.existsSync(`/proc/${pid}`) ? fs.readFileSync(`/proc/${pid}/stat`, 'utf8') : ') Z';
    return /\) Z/.test(stat) && !(fs.existsSync(`/proc/${pid}/task`) && fs.readdirSync(`/proc/${pid}/task`).length > 1);
}

/** For what another process does in its own time. */
async function until(condition, what) {
    for (const end = Date.now() + DEADLINE; !(await condition());) {
        assert.ok(Date.now() < end, `waited in vain until ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
}
/** Until no process is left, and those that were there are gone for good, sockets and all. `there`:
 *  pids from before a kill, for one that is ending has lost its arguments before its sockets. */
async function untilNone(dir, there = []) {
    const seen = new Set(there);
    await until(() => {
        const now = processes(dir).map((p) => p.pid);
        now.forEach((pid) => seen.add(pid));
        return now.length === 0 && [...seen].every(isDead);
    }, 'no process is left');
}

const answers = (port) => new Promise((resolve) => {
    const s = net.connect(port, '127.0.0.1');
    s.once('connect', () => (s.destroy(), resolve(true))).once('error', () => resolve(false));
});
const openPorts = async (first = PORT) => {
    const ports = Array.from({ length: 7 }, (_, i) => first + i);
    const open = await Promise.all(ports.map(answers));
    return ports.filter((_, i) => open[i]);
};
async function freePorts() {
    for (;;) {
        const first = 20000 + Math.floor(Math.random() * 1000) * 10; // below what the system hands out
        if ((await openPorts(first)).length === 0) return first;
    }
}
const PORT = await freePorts();
const listenOn = (port) => new Promise((resolve, reject) => {
    const s = net.createServer().once('error', reject).listen(port, '127.0.0.1', () => resolve(s));
});

const worldsOf = (data) => {
    const dir = `${data}/cache/devnet`;
    return fs.existsSync(dir) ? fs.readdirSync(dir).filter((n) => fs.statSync(`${dir}/${n}`).isDirectory()) : [];
};
/** Every directory of the cache is a whole world: the ledger is written last but one. */
const halfWorlds = (data) => worldsOf(data).filter((n) => !fs.existsSync(`${data}/cache/devnet/${n}/ledger.jsonl`));

/** It failed, and said so in one line that is not the program's entrails. */
function oneLine({ code, err }, pattern, exit) {
    const lines = err.trimEnd().split('\n').filter((l) => !/making the devnet's history/.test(l));
    assert.equal(lines.length, 1, err);
    assert.match(lines[0], pattern);
    assert.doesNotMatch(lines[0], /undefined|\.c:\d|at .*\.mjs/);
    assert.notEqual(code, 0);
    if (exit !== undefined) assert.equal(code, exit);
}

/** A directory with a `node` that is this shell script; REAL is the real one. */
let fakes = 0;
function fakeNode(script) {
    const dir = `${scratch}/bin${fakes++}`;
    fs.mkdirSync(dir);
    fs.writeFileSync(`${dir}/node`, `#!/bin/sh\nREAL='${process.execPath}'\n${script}\n`, { mode: 0o755 });
    return { PATH: `${dir}:${process.env.PATH}` };
}

after(async () => {
    for (const child of started) child.kill('SIGKILL'); // of a test that failed half way
    for (const data of [MAIN, OTHER]) await down(data);
    fs.rmSync(scratch, { recursive: true, force: true });
});

// --- what is missing or in the way: said in one line, nothing started

const fails = async (env, pattern) => {
    const data = `${scratch}/fails`;
    oneLine(await up(data, env).done, pattern);
    assert.deepEqual(processes(data), []);
    assert.deepEqual(worldsOf(data), []);
    assert.deepEqual(await status(data), { running: false });
};

test('a port in use is named, with whose it would be', async () => {
    const holder = await listenOn(PORT + 2);
    await fails({}, new RegExp(`port ${PORT + 2} \\(the devnet's Hub\\) is in use.*--port`));
    holder.close();
});

test('no node, an old node, a node that is none', async () => {
    fs.mkdirSync(`${scratch}/empty`);
    await fails({ PATH: `${scratch}/empty` }, /needs Node\.js 18\.20 or newer and found none: run `make deps`/);
    await fails(fakeNode('echo v16.20.2'), /needs Node\.js 18\.20 .* is v16\.20\.2/);
    await fails(fakeNode('echo v18.19.9'), /needs Node\.js 18\.20 .* is v18\.19\.9/);
    await fails(fakeNode('echo hello'), /`node --version` does not work/);
});

test('packages that are not installed', async () => {
    fs.mkdirSync(`${scratch}/bare/devnet`, { recursive: true });
    await fails({ SOUK_ASSETS: `${scratch}/bare` }, /packages are not installed: run `make deps`/);
    await fails({ SOUK_ASSETS: `${scratch}/nowhere` }, /devnet's files are missing/);
});

test('packages that are only half installed', async () => {
    const half = `${scratch}/half/devnet`;
    fs.mkdirSync(`${half}/node_modules`, { recursive: true });
    fs.symlinkSync(`${ASSETS}/devnet/node_modules/@foundry-rs`, `${half}/node_modules/@foundry-rs`);
    for (const name of ['key.mjs', 'build.mjs', 'serve.mjs', 'lib', 'blobs.txt', 'package.json', 'package-lock.json'])
        fs.cpSync(`${ASSETS}/devnet/${name}`, `${half}/${name}`, { recursive: true });
    fs.symlinkSync(`${ASSETS}/contracts`, `${scratch}/half/contracts`);
    await fails({ SOUK_ASSETS: `${scratch}/half` }, /packages are incomplete .*: run `make deps`/);
});

test('a state directory that cannot be one', async () => {
    fs.writeFileSync(`${scratch}/file`, '');
    oneLine(await up(`${scratch}/file/x`).done, /cannot make the directory .*: Not a directory/);
    fs.mkdirSync(`${scratch}/odd/state/devnet/turn`, { recursive: true });
    oneLine(await up(`${scratch}/odd`).done, /state\/devnet\/turn cannot be written: Is a directory/);
});

test('numbers out of range and no verb are mistakes of usage', async () => {
    oneLine(await souk(['devnet', 'up', '--data', MAIN, '--port', '70000']), /--port takes a number from 0 to/, 2);
    oneLine(await souk(['devnet', '--data', MAIN]), /souk devnet up, down, status or reset/, 2);
});

test('the generator fails: its own words, no world', async () => {
    const env = fakeNode(`case "$*" in *build.mjs*) echo 'devnet build: ENOSPC: no space left on device' >&2; exit 1;; esac
exec "$REAL" "$@"`);
    await fails(env, /history could not be made: .*no space left on device/);
});

// --- interrupted

test('Ctrl-C while the history is made leaves no process and no half of a world', async () => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
        const u = up(OTHER);
        await until(() => processes(OTHER).some((p) => p.args.includes('--dump-state')), 'the chains are being written');
        assert.notEqual(worldsOf(OTHER).length, 0);
        u.child.kill(signal);
        const { code, err } = await u.done;
        assert.equal(code, 130, err);
        assert.deepEqual(worldsOf(OTHER), []);
        await untilNone(OTHER);
        assert.deepEqual(await status(OTHER), { running: false });
    }
});

test('a souk killed while the history is made leaves no process either', async () => {
    const u = up(OTHER);
    await until(() => processes(OTHER).some((p) => p.args.includes('--dump-state')), 'the chains are being written');
    u.child.kill('SIGKILL');
    await u.done;
    await untilNone(OTHER);
    assert.deepEqual(halfWorlds(OTHER).filter((n) => !n.endsWith('.tmp')), []);
});

// --- the devnet as it should be

let first; // the status of the devnet most tests stop and start

test('up: the status names what a test needs, and everything in it is there', async () => {
    await upIn(MAIN);
    first = await status(MAIN);
    assert.equal(first.running, true);
    assert.equal(first.port, PORT);
    for (const [key, id, port] of [['payment_chain', 84532, 0], ['inference_chain', 10740, 1]]) {
        assert.deepEqual(first[key], { rpc: `http://127.0.0.1:${first.port + port}`, chain_id: id });
        const answer = await fetch(first[key].rpc, { method: 'POST', headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }) });
        assert.equal(Number((await answer.json()).result), id);
    }
    for (const key of ['hub', 'walrus', 'walrus_nodes', 'walrus_publisher', 'seller', 'bazaar', 'facilitator', 'gateway'])
        assert.match(first[key], key === 'gateway' ? /^https:\/\/127\.0\.0\.1:\d+$/ : /^http:\/\/127\.0\.0\.1:\d+$/, key);
    for (const key of ['listings', 'permit2', 'exact_proxy', 'upto_proxy', 'multicall3', 'tee_registry', 'inference'])
        assert.match(first.contracts[key], /^0x[0-9a-f]{40}$/, key);
    assert.equal(first.tokens.USDC.decimals, 6);
    assert.equal(first.tokens.OPG.decimals, 18);
    assert.deepEqual(first.wallet, { address: '0x2540fb2758c2d7462955b30d7d5fbe65f9f7a2b2', name: 'devnet', password: 'devnet' });
    assert.ok(path.isAbsolute(first.ledger));
    const meta = JSON.parse(fs.readFileSync(first.ledger, 'utf8').split('\n', 1)[0]);
    assert.equal(meta.kind, 'meta');
    assert.equal(meta.models, 60);
    assert.deepEqual(halfWorlds(MAIN), []);
    assert.equal((await openPorts()).length, 7);
    assert.equal(processes(MAIN).length, 4); // the supervisor, two chains, the servers
});

test('up keeps a play wallet of the name the status says, with limits, and no key lies about', () => {
    const wallets = `${MAIN}/data/wallets`;
    assert.deepEqual(fs.readdirSync(wallets).sort(), ['devnet.head', 'devnet.key', 'devnet.ledger']);
    for (const f of fs.readdirSync(wallets)) assert.equal(fs.statSync(`${wallets}/${f}`).mode & 0o777, 0o600, f);
    for (const secret of ['wallet.key', 'wallet.words']) {
        const at = `${path.dirname(first.ledger)}/${secret}`;
        assert.equal(fs.statSync(at).mode & 0o777, 0o600);
        const text = fs.readFileSync(at, 'utf8').trim().replace(/^0x/, '');
        for (const file of ['state/devnet/status.json', 'state/devnet/log'])
            assert.ok(!fs.readFileSync(`${MAIN}/${file}`, 'utf8').includes(text), file);
    }
    assert.deepEqual(fs.readdirSync(`${MAIN}/state/signer`), [], 'it is locked');
    const ledger = fs.readFileSync(`${wallets}/devnet.ledger`, 'latin1');
    for (const symbol of ['USDC', 'OPG', 'ETH']) assert.ok(ledger.includes(symbol), `limits for ${symbol}`);
});

test('a wallet of the user\'s own that has the name stays as it is', async () => {
    const wallets = `${MAIN}/data/wallets`;
    fs.renameSync(wallets, `${wallets}.kept`);
    const signer = spawn(path.join(path.dirname(SOUK), 'souk-signer'),
        ['import', 'devnet', '--dir', wallets, '--secret-fd', '3', '--password-fd', '4', '--play'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'] });
    signer.stdio[3].end(`${'11'.repeat(32)}\n`);
    signer.stdio[4].end('another\n');
    assert.equal(await new Promise((resolve) => signer.once('close', resolve)), 0);
    const mine = fs.readFileSync(`${wallets}/devnet.key`);
    const { code, err } = await up(MAIN).done;
    assert.equal(code, 0);
    assert.match(err, /no wallet for you: you have a wallet named devnet that is not the devnet's/);
    assert.ok(fs.readFileSync(`${wallets}/devnet.key`).equals(mine));
    fs.rmSync(wallets, { recursive: true });
    fs.renameSync(`${wallets}.kept`, wallets);
});

test('up again changes nothing', async () => {
    const wallets = `${MAIN}/data/wallets`;
    const kept = () => fs.readdirSync(wallets).map((f) => [f, fs.readFileSync(`${wallets}/${f}`, 'hex')]);
    const wallet = kept();
    const before = processes(MAIN).map((p) => p.pid);
    const { code, err } = await up(MAIN).done;
    assert.equal(code, 0);
    assert.match(err, /up already/);
    assert.deepEqual(processes(MAIN).map((p) => p.pid), before);
    assert.deepEqual(await status(MAIN), first);
    assert.deepEqual(kept(), wallet);
});

test('children have no descriptor that is not theirs', () => {
    for (const { pid, args } of processes(MAIN)) {
        const links = linksOf(pid);
        const of = (leaf) => links.filter((l) => l === `${MAIN}/state/devnet/${leaf}`).length;
        const supervisor = pid === first.pid;
        assert.equal(of('lock'), supervisor ? 1 : 0, args);
        assert.equal(of('alive'), 1, args);
        assert.equal(of('turn'), 0, args);
        assert.ok(links.every((l) => !/^\/dev\/(pts|tty)/.test(l)), args);
    }
});

test('down waits until every process is gone', async () => {
    const { code, err } = await down(MAIN);
    assert.equal(code, 0, err);
    assert.deepEqual(processes(MAIN), []);
    assert.deepEqual(await openPorts(), []);
    assert.deepEqual(await status(MAIN), { running: false });
    const again = await down(MAIN);
    assert.equal(again.code, 0);
    assert.match(again.err, /was not running/);
});

test('started without stdin, stdout and stderr, and with a stranger\'s descriptor', async () => {
    const command = ['devnet', 'up', '--data', MAIN, '--port', PORT, ...WORLD].map((w) => `'${w}'`).join(' ');
    const shell = spawn('/bin/sh', ['-c', `exec '${SOUK}' ${command} 7>'${scratch}/stranger' <&- >&- 2>&-`],
        { env: { ...process.env, SOUK_ASSETS: ASSETS } });
    assert.equal(await new Promise((resolve) => shell.once('close', resolve)), 0);
    for (const p of processes(MAIN)) {
        assert.ok(!linksOf(p.pid).includes(`${scratch}/stranger`), p.args);
    }
    assert.equal((await down(MAIN)).code, 0);
    assert.ok(!fs.existsSync(`${MAIN}/state/devnet/status.json`), 'it ended when told, and was not killed');
    assert.deepEqual(processes(MAIN), []);
});

test('two ups at once give one devnet and no error', async () => {
    const ends = await Promise.all([up(MAIN).done, up(MAIN).done]);
    assert.deepEqual(ends.map((e) => e.code), [0, 0], ends.map((e) => e.err).join(''));
    assert.equal(ends.filter((e) => /up already/.test(e.err)).length, 1);
    assert.equal(processes(MAIN).length, 4);
});

/** Waits, after the ports are chosen, for the file; portOf tells which they are. */
const pausing = (file) => fakeNode(`case "$*" in *key.mjs*) until [ -e '${file}' ]; do sleep 0.01; done;; esac\nexec "$REAL" "$@"`);
async function portOf(env) {
    const bin = env.PATH.split(':', 1)[0];
    const asked = () => processes(bin).find((p) => p.args.includes('key.mjs'));
    await until(asked, 'the ports are chosen');
    return Number(/--seller http:\/\/127\.0\.0\.1:(\d+)/.exec(asked().args)[1]) - 4;
}

test('two devnets, each told to take any ports, do not meet', async () => {
    const two = ['a', 'b'].map((name) => {
        const env = pausing(`${scratch}/never`);
        return { env, data: `${scratch}/${name}`, up: up(`${scratch}/${name}`, env, 0) };
    });
    const [a, b] = await Promise.all(two.map((t) => portOf(t.env)));
    assert.ok(Math.abs(a - b) >= 7, `${a} ${b}`);
    for (const t of two) {
        t.up.child.kill('SIGINT');
        assert.equal((await t.up.done).code, 130);
        await untilNone(t.data);
    }
});

test('a supervisor that is killed leaves nothing, and the next up does not mind', async () => {
    const { pid } = await status(MAIN);
    const there = processes(MAIN).map((p) => p.pid);
    process.kill(pid, 'SIGKILL');
    await untilNone(MAIN, there);
    assert.deepEqual(await openPorts(), []);
    assert.ok(fs.existsSync(`${MAIN}/state/devnet/status.json`)); // stale: nobody was left to remove it
    assert.deepEqual(await status(MAIN), { running: false });
    assert.match((await down(MAIN)).err, /was not running/);
    await upIn(MAIN);

    process.kill((await status(MAIN)).pid, 'SIGKILL'); // and now without waiting
    await upIn(MAIN);
    assert.equal((await status(MAIN)).running, true);
});

test('when a part dies, the status says so at once and the rest goes too', async () => {
    for (const part of [/--chain-id 84532/, /--chain-id 10740/, /serve\.mjs/]) {
        await upIn(MAIN);
        const { pid } = await status(MAIN);
        const victim = processes(MAIN).find((p) => part.test(p.args));
        process.kill(pid, 'SIGSTOP'); // a supervisor too slow to notice
        process.kill(victim.pid, 'SIGKILL');
        await until(() => isDead(victim.pid), 'the part is dead');
        assert.deepEqual(await status(MAIN), { running: false });
        process.kill(pid, 'SIGCONT');
        await untilNone(MAIN);
        assert.match(fs.readFileSync(`${MAIN}/state/devnet/log`, 'utf8'), /ended, and the devnet with it/);
    }
});

test('a supervisor told to end does, with everything', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
        await upIn(MAIN);
        process.kill((await status(MAIN)).pid, signal);
        await untilNone(MAIN);
        assert.ok(!fs.existsSync(`${MAIN}/state/devnet/status.json`));
    }
});

// --- starting goes wrong

/** Everything as always, but the servers never get ready. */
const slowServers = () => fakeNode('case "$*" in *serve.mjs*) read -r never;; esac\nexec "$REAL" "$@"');

test('Ctrl-C while the servers start leaves no process', async () => {
    const u = up(MAIN, slowServers());
    await until(() => processes(MAIN).some((p) => p.args.includes('serve.mjs')), 'the servers start');
    assert.deepEqual(await status(MAIN), { running: false });
    u.child.kill('SIGINT');
    assert.equal((await u.done).code, 130);
    assert.deepEqual(processes(MAIN), []);
});

test('a souk killed while the servers start leaves none either', async () => {
    const u = up(MAIN, slowServers());
    await until(() => processes(MAIN).some((p) => p.args.includes('serve.mjs')), 'the servers start');
    u.child.kill('SIGKILL');
    await u.done;
    await untilNone(MAIN);
});

test('servers that fail to start: their own words', async () => {
    const env = fakeNode(`case "$*" in *serve.mjs*) echo 'devnet serve: port 1 for the Hub is in use' >&2; exit 1;; esac
exec "$REAL" "$@"`);
    oneLine(await up(MAIN, env).done, /servers did not start: devnet serve: port 1 for the Hub is in use/);
    assert.deepEqual(processes(MAIN), []);
});

test('a port taken between the look and the start is named; a stranger is not taken for ours', async () => {
    const go = `${scratch}/go`;
    const env = pausing(go);
    const u = up(MAIN, env);
    assert.equal(await portOf(env), PORT);
    const stranger = await listenOn(PORT + 1);
    fs.writeFileSync(go, '');
    oneLine(await u.done, new RegExp(`port ${PORT + 1} \\(the devnet's inference chain\\) was taken by another`));
    assert.deepEqual(processes(MAIN), []);
    stranger.close();
});

test('a world that is damaged in the cache: what to do is said', async () => {
    const file = path.join(path.dirname(first.ledger), 'contracts.json');
    const whole = fs.readFileSync(file);
    fs.writeFileSync(file, whole.subarray(0, 100));
    oneLine(await up(MAIN).done, /contracts\.json.*souk devnet reset/);
    fs.writeFileSync(file, whole);
});

// --- on behalf of a process

test('a devnet of the screen ends with it, even when that is killed', async (t) => {
    const script = `${scratch}/script`;
    fs.writeFileSync(script, 'wait text "a text that never comes"\n');
    const ui = start(['--devnet', '--data', MAIN, '--port', PORT, ...WORLD, '--traffic', 0, '--script', script, '--term', '80x24']);
    let ended = null;
    ui.done.then((end) => (ended = end));
    await until(async () => ended || (await status(MAIN)).running, 'the devnet of the screen is up');
    if (ended) assert.fail(`the screen ended: ${ended.err}`);
    assert.ok(processes(MAIN).length >= 4);
    ui.child.kill('SIGKILL');
    await ui.done;
    await untilNone(MAIN);
    assert.deepEqual(await status(MAIN), { running: false });
});

test('reset forgets the worlds and stops what runs', async () => {
    await upIn(MAIN);
    const { code, err } = await souk(['devnet', 'reset', '--data', MAIN]);
    assert.equal(code, 0, err);
    assert.deepEqual(processes(MAIN), []);
    assert.deepEqual(fs.readdirSync(`${MAIN}/cache/devnet`), []);
});
