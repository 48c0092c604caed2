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

/** Everything a process has mapped and can be read. */
function memoryOf(pid) {
    const mem = fs.openSync(`/proc/${pid}/mem`, 'r');
    const parts = [];
    try {
        for (const line of fs.readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
            const m = /^([0-9a-f]+)-([0-9a-f]+) (r)..p .*?(\S*)$/.exec(line);
            if (!m || m[4] === '[vvar]' || m[4] === '[vsyscall]') continue;
            let at = BigInt(`0x${m[1]}`);
            const end = BigInt(`0x${m[2]}`);
            while (at < end) {
                const piece = Buffer.alloc(Number(end - at > 1n << 20n ? 1n << 20n : end - at));
                let n = 0;
                try {
                    n = fs.readSync(mem, piece, 0, piece.length, at);
                } catch { /* reserved, not there: a sanitizer's shadow */ }
                if (n === 0) break;
                parts.push(piece.subarray(0, n));
                at += BigInt(n);
            }
        }
    } finally {
        fs.closeSync(mem);
    }
    return Buffer.concat(parts);
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
                const bytes = memoryOf(child.pid);
                if (bytes.length) looked++;
                assertAbsent(bytes, 'the memory of souk');
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
            assertAbsent(memoryOf(child.pid), 'the memory of souk wallet unlock');
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
    assert.notEqual(memoryOf(pid).indexOf(secrets()['the key']), -1);
});

test('the signer keeps no password, is not dumpable, leaves no core', () => {
    const [pid] = signers(home);
    const limits = fs.readFileSync(`/proc/${pid}/limits`, 'utf8');
    assert.match(limits, /Max core file size +0 +0/);
    if (process.getuid() === 0) {
        assert.equal(memoryOf(pid).indexOf(Buffer.from(PASSWORD)), -1, 'the signer holds the password');
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
