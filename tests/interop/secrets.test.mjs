// Where keys and passwords must never be: the memory of what shows and sends, command lines,
// environments, files, logs, core dumps.   node --test tests/interop/secrets.test.mjs

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { configure, newHome, startWorld, sync } from './world.mjs';
import { lock, openWallet, PASSWORD, signers, someModel, startWith, unlock } from './money.mjs';

let w, home, wallet, model;

before(async () => {
    w = await startWorld({ seed: 22, models: 120, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200 });
    home = configure(newHome(), w.status);
    await sync(home);
    wallet = await openWallet(home, w);
    model = await someModel(w, 'exact-eip3009', (l) => BigInt(l.price) <= 50000n);
});
after(async () => {
    await lock(home);
    await w.stop();
});

/** The secrets as bytes: the key raw and as text, the password. */
function secrets() {
    const hex = wallet.key.slice(2);
    return { 'the key': Buffer.from(hex, 'hex'), 'the key in hex': Buffer.from(hex), 'the key in HEX': Buffer.from(hex.toUpperCase()),
        'the password': Buffer.from(PASSWORD) };
}

function assertAbsent(bytes, where) {
    for (const [what, secret] of Object.entries(secrets())) assert.equal(bytes.indexOf(secret), -1, `${where} holds ${what}`);
}

const SHADOW = 200 << 20; // a sanitizer's map of the memory, not memory; nothing of souk's is that large

/** Looks for a secret in everything a process has mapped: {bytes seen, found: what was there}. */
function searchMemory(pid, wanted = secrets()) {
    const mem = fs.openSync(`/proc/${pid}/mem`, 'r');
    const maps = fs.readFileSync(`/proc/${pid}/maps`, 'utf8');
    const sanitized = maps.includes('libasan');
    const most = Math.max(...Object.values(wanted).map((v) => v.length));
    const piece = Buffer.alloc((1 << 20) + most);
    const found = new Set();
    let bytes = 0;
    try {
        for (const line of maps.split('\n')) {
            const m = /^([0-9a-f]+)-([0-9a-f]+) (r)..p .*?(\S*)$/.exec(line);
            if (!m || m[4] === '[vvar]' || m[4] === '[vsyscall]') continue;
            const [from, end] = [BigInt(`0x${m[1]}`), BigInt(`0x${m[2]}`)];
            if (sanitized && end - from > SHADOW) continue;
            // Pieces overlap by the longest secret, so that none hides on a border.
            for (let at = from; at < end; at += 1n << 20n) {
                const left = end - at;
                let n = 0;
                try {
                    n = fs.readSync(mem, piece, 0, Number(left < piece.length ? left : BigInt(piece.length)), at);
                } catch { /* reserved, and not there */ }
                if (n === 0) break;
                bytes += n;
                const seen = piece.subarray(0, n);
                for (const [what, secret] of Object.entries(wanted)) if (seen.includes(secret)) found.add(what);
            }
        }
    } finally {
        fs.closeSync(mem);
    }
    return { bytes, found: [...found] };
}

/** Fails when the process holds one; says how much was seen. */
function assertMemoryClean(pid, where) {
    const { bytes, found } = searchMemory(pid);
    assert.deepEqual(found, [], `the memory of ${where}`);
    return bytes;
}

test('the process that shows and sends never has them in memory, at any moment of a call', async () => {
    let looked = 0;
    for (let round = 0; round < 4; round++) {
        const { child, done } = startWith(home, {}, 'call', model.url, '--input', JSON.stringify(model.input), '--yes', '--json');
        let over = false;
        done.then(() => (over = true));
        while (!over) {
            try {
                process.kill(child.pid, 'SIGSTOP');
                if (assertMemoryClean(child.pid, 'souk')) looked++;
            } catch (e) {
                if (e instanceof assert.AssertionError) throw e; // else: it ended meanwhile
            } finally {
                try {
                    process.kill(child.pid, 'SIGCONT');
                } catch { /* it ended */ }
            }
            await new Promise((resolve) => setTimeout(resolve, 15));
        }
        const r = await done;
        assert.equal(r.code, 0, r.err);
    }
    assert.ok(looked > 4, `looked ${looked} times`);
});

test('the one that unlocks does not have the password either', async () => {
    await lock(home);
    const { child, done } = startWith(home, { '--password-fd': `${PASSWORD}\n` }, 'wallet', 'unlock');
    let over = false;
    done.then(() => (over = true));
    while (!over) {
        try {
            assertMemoryClean(child.pid, 'souk wallet unlock');
        } catch (e) {
            if (e instanceof assert.AssertionError) throw e;
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal((await done).code, 0);
});

test('the scan finds what is there: the signer does hold the key while it is unlocked', { skip: process.getuid() !== 0 && 'only root may look' }, () => {
    const [pid] = signers(home);
    assert.ok(pid, 'a signer runs');
    assert.ok(searchMemory(pid).found.includes('the key'));
});

test('the signer keeps no password, is not dumpable, leaves no core', () => {
    const [pid] = signers(home);
    const limits = fs.readFileSync(`/proc/${pid}/limits`, 'utf8');
    assert.match(limits, /Max core file size +0 +0/);
    if (process.getuid() === 0) {
        assert.ok(!searchMemory(pid).found.includes('the password'), 'the signer holds the password');
        assert.equal(fs.statSync(`/proc/${pid}/mem`).uid, 0); // a process that is not dumpable belongs to root
    }
    const locked = fs.readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n').filter((l) => l.startsWith('VmFlags:') && / lo /.test(` ${l} `));
    assert.ok(locked.length > 0, 'some memory is locked');
    for (const flags of locked) assert.match(flags, / dd/, 'locked memory stays out of core dumps');
});

test('command lines, environments and descriptors are clean', () => {
    for (const pid of [...signers(home), process.pid]) {
        if (pid === process.pid) continue;
        assertAbsent(fs.readFileSync(`/proc/${pid}/cmdline`), 'a command line');
        assertAbsent(fs.readFileSync(`/proc/${pid}/environ`), 'an environment');
    }
});

test('a lock ends the signer, and with it the memory', async () => {
    const before = signers(home);
    assert.equal(before.length, 1);
    await lock(home);
    for (let i = 0; signers(home).length && i < 100; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(signers(home), []);
    await unlock(home);
});

test('no file of the home holds them', () => {
    const walk = (dir) => fs.readdirSync(dir, { withFileTypes: true }).flatMap((d) => {
        const p = path.join(dir, d.name);
        return d.isDirectory() ? walk(p) : d.isFile() ? [p] : [];
    });
    const files = walk(home);
    assert.ok(files.some((f) => f.endsWith('.key')) && files.some((f) => f.endsWith('.db')) && files.some((f) => /log/.test(f)));
    for (const f of files) assertAbsent(fs.readFileSync(f), path.relative(home, f));
});
