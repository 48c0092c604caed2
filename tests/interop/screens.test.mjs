// The Wallet and Call screens as a person uses them, in tmux, against the devnet's real peers: a key
// is imported and limits are set by souk-signer at the terminal that the screen lends it, a call is
// bought, its receipt is read, money is sent, the kill switch is thrown.
//   node --test tests/interop/screens.test.mjs

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { freePort } from '../../assets/devnet/lib/chain.mjs';
import { someModel } from './money.mjs';
import { close, gone, keys, open, paste, screen, see, tmux, to, type, until } from './terminal.mjs';
import { configure, newHome, startWorld, sync } from './world.mjs';

const SIZES = { seed: 43, models: 60, payments: 300, inferences: 300, authors: 15, days: 12, end: 1795219200 };
const PASSWORD = 'correct horse';

let w, home, key, model;

before(async () => {
    w = await startWorld({ ...SIZES, seller: `http://127.0.0.1:${await freePort()}` });
    home = configure(newHome(), w.status);
    await sync(home);
    key = fs.readFileSync(`${w.dir}/wallet.key`, 'utf8').trim();
    model = await someModel(w, 'exact-eip3009', (m) => /^[ -~]+$/.test(m.author + m.name) && Number(m.price) < 400_000);
    await open(home, 100, 40);
});
after(async () => {
    await close();
    await w?.stop();
});

test('without a wallet a price can be asked, and what to do is said', async () => {
    keys('/');
    type(`${model.listing.name} author:${model.listing.author.split(' ')[0]}`);
    keys('Enter');
    await see(`▌ ${model.listing.name.slice(0, 12)}`);
    await price();
    await see('There is no wallet on this network yet');
    keys('Enter');
    await see('there is no wallet to pay from');
    keys('Escape');
    await see('Asking the price signs nothing');
    keys('Escape');
    await see(' of 60');
});

/** From the table to the price: the form may have an example; this takes its place. */
async function price() {
    keys('c');
    await see('Ask the price');
    if (!screen().includes('The request, as JSON')) keys('C-t');
    await see('The request, as JSON');
    keys('C-u', 'C-e', 'C-u');
    paste(JSON.stringify(model.input));
    await see(JSON.stringify(model.input).slice(-20));
    await to('[ Ask the price ]');
    keys('Enter');
}

test('a key is imported by the signer at the terminal', async () => {
    keys('5');
    await see('There is no wallet on this network yet');
    keys('w');
    await see('make, import or watch another one');
    keys('Enter');
    await see('Go on at the terminal');
    keys('Right', 'Right');
    await see('words or a private key');
    keys('Down', 'Down', 'Down', 'Enter');
    await see('Words or private key');
    type(key);
    keys('Enter');
    await until('the next question', (s) => /passphrase|New password/.test(s));
    if (screen().includes('passphrase') && !screen().includes('New password')) keys('Enter');
    await see('New password');
    type(PASSWORD);
    keys('Enter');
    await see('again');
    type(PASSWORD);
    keys('Enter');
    const s = await until('the wallet', (t) => t.includes('locked') && t.includes('main'));
    assert.ok(!s.includes(PASSWORD));
    await see('USDC');
    assert.match(screen().replaceAll(' ', ''), new RegExp(w.contracts.wallet.address.slice(2), 'i'));
});

test('limits are set by the signer, with the password', async () => {
    keys('b');
    await see('Set them');
    keys('Down');
    type('0.5');
    keys('Down');
    type('2');
    keys('Down');
    type('10');
    await to('[ Set them ]');
    keys('Enter');
    await see('Password of the wallet');
    type(PASSWORD);
    keys('Enter');
    await see('says yes');
    type(PASSWORD);
    keys('Enter');
    await see('0 of 2 USDC');
    await see('unlocked, locks in');
});

test('a call is bought: price, dialog, answer, receipt', async () => {
    keys('1');
    await see(' of 60');
    await price();
    await see('Nothing is signed yet');
    await see('✓ the cheapest that fits');
    keys('Enter');
    await see('[ No ]');
    keys('Enter'); // the default is No
    await gone('[ No ]');
    await see('nothing was signed');
    keys('Enter');
    await see('[ No ]');
    keys('Right');
    await see('[ Yes, pay ]');
    keys('Enter');
    const s = await see('✓ paid');
    assert.match(s, /in block \d+/);
    assert.match(s, /HTTP 200/);
    keys('Tab');
    await see('What was agreed to');
    await see("by the chain's word");
    keys('R');
    await see('what was bought, and what the chain says of it');
    await see('✓ paid');
    keys('Enter');
    await see('state    paid');
});

test('what is unlocked says so on every screen, and the wallet shows what was spent', async () => {
    keys('4');
    await see('open 10 m');
    keys('5', 'S');
    await see('No signature is open'); // the signer has asked its witness
    const s = await until('what was spent', (t) => /24 h .* 0\.\d+ of 2 USDC/.test(t));
    assert.match(s, /locks in/);
});

test('money is sent: shown, agreed to, and said yes to at the terminal', async () => {
    const payee = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
    keys('t');
    await see('Prepare it');
    keys('Down');
    type('1.25');
    keys('Down');
    type(payee);
    await to('[ Prepare it ]');
    keys('Enter');
    await see('send 1.25 USDC');
    await see('0x7099 7970 C518 12dc 3A01 0C7d 01b5 0e0d 17dc 79C8');
    await see('nothing was sent there before');
    keys('y', 'Enter');
    await until('the signer', (t) => /Send 1\.25 USDC[^]*says yes/.test(t));
    type(PASSWORD);
    keys('Enter');
    await see('✓ mined');
});

test('the kill switch needs one key, and taking it back the password', async () => {
    keys('K');
    await see('KILLED: nothing is signed');
    keys('1');
    await see('KILLED');
    await price();
    await see('the kill switch is on: nothing is signed');
    keys('Escape');
    await see('Asking the price signs nothing');
    keys('Escape');
    await see(' of 60');
    keys('K');
    await see('[ No ]');
    keys('y', 'Enter');
    await until('the signer', (t) => /Switch signing on again[^]*says yes/.test(t));
    type(PASSWORD);
    keys('Enter');
    await see('open 10 m');
});

test('locking is at once, and nothing secret was on the screen', async () => {
    keys('5', 'L');
    await see('locked');
    await gone('unlocked, locks in');
    const history = tmux('capture-pane', '-p', '-S', '-');
    assert.ok(!history.includes(PASSWORD));
    assert.ok(!history.includes(key.slice(2)));
});
