// kill -9 at every step of a paid call: never two charges for one call, and the limits' ledger never
// below what the chain took.   node --test tests/interop/kill.test.mjs

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { spawn } from 'node:child_process';
import { configure, newHome, souk, startWorld, sync } from './world.mjs';
import { call, head, limits, lock, openWallet, receipts, runWith, someModel, spent, startWith, token } from './money.mjs';

const KILLS = Number(process.env.SOUK_KILLS ?? 200);
// What makes a step durable or visible: each is a place to die, before and after.
const CALLS = 'fdatasync,fsync,pwrite64,sendto,sendmsg,recvfrom,recvmsg,connect,write,writev';

let w, home, wallet, rpc, model, since;

before(async () => {
    w = await startWorld({ seed: 21, models: 120, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200 });
    rpc = w.chains.payment.rpc;
    home = configure(newHome(), w.status);
    await sync(home);
    wallet = await openWallet(home, w, { limits: { USDC: ['0.05', '100', '500'] } });
    model = await someModel(w, 'exact-eip3009', (l) => BigInt(l.price) <= 50000n);
    since = await head(rpc) + 1;
});
after(async () => {
    await lock(home);
    await w.stop();
});

const argv = () => ['call', model.url, '--input', JSON.stringify(model.input), '--yes', '--json', '--network', 'devnet', '--data', home];

/** Runs a paid call that dies at its n-th call of those above. True: it got through alive. */
function dieAt(n) {
    return new Promise((resolve, reject) => {
        const child = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${CALLS}`, '-e', `inject=${CALLS}:signal=SIGKILL:when=${n}`, souk, ...argv()],
            { stdio: 'ignore', env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' } });
        child.once('error', reject);
        child.once('close', (code) => resolve(code === 0));
    });
}

/** Kills a paid call after so many milliseconds. */
async function dieAfter(ms) {
    const { child, done } = startWith(home, {}, ...argv().slice(0, -4));
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    const r = await done;
    clearTimeout(timer);
    return r.signal === null;
}

/** Whatever is open is gone on with, then every purchase is held against the chain. */
async function books() {
    const first = (await receipts(home)).doc.receipts;
    for (const r of first.filter((x) => !['settled', 'lapsed', 'cancelled', 'free', 'disputed'].includes(x.state)))
        await runWith(home, {}, 'receipts', String(r.id), '--resume');
    const all = (await receipts(home)).doc.receipts;
    const taken = await spent(rpc, token(w, 'USDC'), wallet.account.address, since);
    const nonces = all.filter((r) => r.nonce).map((r) => r.nonce);
    assert.equal(new Set(nonces).size, nonces.length, 'each purchase has a nonce of its own');
    const settled = all.filter((r) => r.tx);
    assert.equal(new Set(settled.map((r) => r.tx)).size, settled.length, 'no transaction pays for two receipts');
    const known = new Set(settled.map((r) => r.tx.toLowerCase()));
    for (const t of taken) assert.ok(known.has(t.tx), `the chain took ${t.value} in ${t.tx}, and no receipt says so`);
    assert.ok(taken.length <= nonces.length, 'no more charges than calls');
    const chain = taken.reduce((sum, t) => sum + t.value, 0n);
    const usdc = (await limits(home)).doc.limits.find((l) => l.per_call.symbol === 'USDC');
    assert.ok(BigInt(usdc.spent_day.amount) >= chain, `the ledger counts ${usdc.spent_day.amount}, the chain took ${chain}`);
    return { all, taken };
}

test('dies at each of its system calls, one after the other', async () => {
    let n = 1;
    let through = false;
    for (; !through && n <= KILLS * 2; n++) {
        through = await dieAt(n);
        if (n % 25 === 0) await books();
    }
    assert.ok(through, 'a call that nobody kills gets through');
    const { all, taken } = await books();
    assert.ok(all.length > 0 && taken.length > 0);
});

test(`dies at ${KILLS} moments of chance`, async () => {
    const t0 = Date.now();
    const whole = await call(home, model.url, model.input);
    assert.equal(whole.code, 0, whole.err);
    const span = Date.now() - t0;
    for (let i = 0; i < KILLS; i++) {
        await dieAfter((span * 1.1 * ((i * 7919) % KILLS)) / KILLS);
        if (i % 50 === 49) await books();
    }
    await books();
});
