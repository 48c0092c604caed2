// The kill switch from the shell: what the chain took already is not cancelled, what is still open is.
//   node --test tests/interop/switch.test.mjs

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { configure, newHome, startWorld, sync } from './world.mjs';
import { call, head, limits, lock, openWallet, PASSWORD, runWith, someModel, spent, token } from './money.mjs';

let w, home, wallet, model;

before(async () => {
    w = await startWorld({ seed: 23, models: 120, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200 });
    home = configure(newHome(), w.status);
    await sync(home);
    wallet = await openWallet(home, w);
    model = await someModel(w, 'exact-eip3009', (l) => BigInt(l.price) <= 50000n);
});
after(async () => {
    await lock(home);
    await w.stop();
});

const history = async () => JSON.parse((await runWith(home, {}, 'wallet', 'history', '--json')).out).history;

test('kill after a paid call cancels nothing, and stops the next', async () => {
    const since = await head(w.chains.payment.rpc) + 1;
    assert.equal((await call(home, model.url, model.input)).code, 0);
    const r = await runWith(home, { '--password-fd': `${PASSWORD}\n` }, 'wallet', 'kill', '--yes');
    assert.equal(r.code, 0, r.err);
    assert.match(r.err, /no signature is open/);
    assert.deepEqual(await history(), [], 'no transaction was sent');
    const said = (await limits(home)).doc;
    assert.equal(said.killed, true);
    assert.equal(said.open, 0);
    const next = await call(home, model.url, model.input);
    assert.equal(next.code, 5, next.err);
    assert.match(next.err, /kill switch/);
    assert.equal((await spent(w.chains.payment.rpc, token(w, 'USDC'), wallet.account.address, since)).length, 1);
});

test('revive takes the password, and paying goes on', async () => {
    const wrong = await runWith(home, { '--password-fd': 'not the password\n' }, 'wallet', 'revive');
    assert.notEqual(wrong.code, 0);
    assert.equal((await limits(home)).doc.killed, true);
    assert.equal((await runWith(home, { '--password-fd': `${PASSWORD}\n` }, 'wallet', 'revive')).code, 0);
    assert.equal((await call(home, model.url, model.input)).code, 0);
});
