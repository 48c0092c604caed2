// The Publish and Listings screens as a person uses them, in tmux, against the devnet's real peers: a
// small ONNX file is stored, proved and listed from the form, the signer asks its questions at the
// terminal that the screen lends it, the listing is changed, and taken back.
//   node --test tests/interop/screens_publish.test.mjs

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { blobId } from '../../assets/devnet/lib/walrus.mjs';
import { lock, PASSWORD, peers, runWith } from './money.mjs';
import { doubling } from './onnx_write.mjs';
import { Payer, viem } from './payer.mjs';
import { Proxy } from './proxy.mjs';
import { close, ended, gone, keys, open, press, screen, see, tmux, to, type, until } from './terminal.mjs';
import { configure, json, newHome, startWorld, sync } from './world.mjs';

const { generateMnemonic, english, mnemonicToAccount } = peers('viem/accounts');
const SIZES = { seed: 47, models: 60, payments: 300, inferences: 300, authors: 15, days: 12, end: 1795219200 };
const ENDPOINT = 'http://127.0.0.1:9/v1';
const lines = (n) => `${PASSWORD}\n`.repeat(n);

let w, payer, walrus, home, words, model, file, id;
const account = (i) => mnemonicToAccount(words, { addressIndex: i }).address;

/** What ModelListings was told about this name, oldest first. */
async function events(name) {
    const id = viem.keccak256(viem.encodeAbiParameters([{ type: 'address' }, { type: 'string' }], [account(0), name]));
    const logs = await payer.rpc.call('eth_getLogs', { address: w.status.contracts.listings, fromBlock: '0x0', toBlock: 'latest',
        topics: [null, viem.pad(account(0)), id] });
    const abi = viem.parseAbi([
        'event Listed(address indexed owner, bytes32 indexed id, string author, string name, string blobId, uint256 price, address asset, address payTo, string endpoint)',
        'event Delisted(address indexed owner, bytes32 indexed id)',
    ]);
    return logs.map((l) => viem.decodeEventLog({ abi, data: l.data, topics: l.topics }));
}

/** Another text in the field of this label: the cursor tells which one has the focus. */
async function put(label, text) {
    await press('Down', label, (s) => s.split('\n')[Number(tmux('display-message', '-p', '#{cursor_y}'))].startsWith(` ${label} `));
    keys('C-e', 'C-u');
    type(text);
    await see(text.slice(-20));
}

/** Answers the signer's question of which these words are a part: earlier ones stand above it. */
async function password(about) {
    await until(about, (s) => s.includes(about) && /(Password of the wallet tests|an empty line no):\s*$/.test(s.slice(s.lastIndexOf(about))));
    type(PASSWORD);
    keys('Enter');
}

before(async () => {
    w = await startWorld(SIZES);
    payer = new Payer(w);
    words = generateMnemonic(english);
    walrus = await new Proxy(w.status.walrus).listen();
    home = configure(newHome(), w.status, `[network.devnet]\nwalrus = ${walrus.url}\nwalrus_publisher = ${walrus.url}\n`);
    await sync(home);
    const listed = new Set(w.ledger().filter((l) => l.kind === 'listing').map((l) => `${l.author}/${l.name}`));
    model = (await json(home, 'models')).models.find((m) => m.author && /^[ -~]+$/.test(m.author + m.name) && !listed.has(`${m.author}/${m.name}`));
    const must = async (secrets, ...args) => {
        const r = await runWith(home, secrets, ...args);
        assert.equal(r.code, 0, r.err);
    };
    await must({ '--secret-fd': `${words}\n`, '--password-fd': lines(2) }, 'wallet', 'import', 'tests', '--play');
    await must({ '--secret-fd': `0x${'17'.repeat(32)}\n`, '--password-fd': lines(2) }, 'wallet', 'import', 'onekey', '--play');
    await must({}, 'wallet', 'use', 'tests');
    await must({ '--password-fd': lines(2) }, 'wallet', 'unlock');
    await must({ '--password-fd': lines(2) }, 'limits', 'set', 'ETH', '--per-call', '0.01', '--per-day', '1', '--per-week', '5');
    await lock(home);
    await payer.rpc.call('anvil_setBalance', account(0), '0xde0b6b3a7640000');
    file = path.join(home, 'doubling.onnx');
    fs.writeFileSync(file, doubling());
    id = await blobId(doubling());
    await open(home, 100, 40);
});
after(async () => {
    await close();
    await walrus?.close();
    await w?.stop();
});

test('an empty list says how to begin; a form says what is wrong, field by field', async () => {
    keys('5');
    await see('locked');
    keys('O');
    await see('This account has listed nothing yet');
    keys('P');
    await see('Publish it');
    await to('[ Publish it ]');
    keys('Enter');
    await see('say which file');
    await put('file', `${home}/nothing.onnx`);
    await put('author', model.author);
    await put('name', model.name);
    await put('price', '0.0000001');
    await to('[ Publish it ]');
    keys('Enter');
    await see('no amount of');
    await put('price', '0.05');
    await put('endpoint', 'ftp://nowhere');
    await to('[ Publish it ]');
    keys('Enter');
    await see('no address that could be called');
    await put('endpoint', ENDPOINT);
    await to('[ Publish it ]');
    keys('Enter');
    await see('No such file');
    assert.match(screen(), /✗ compute the blob ID/);
    keys('q');
    await see('Publish it');
    assert.match(screen(), /0\.05/); // the form is as it was
});

test('an upload that hangs is stopped, after a question; the form stays', async () => {
    walrus.fault = (x) => x.request.method === 'PUT'; // taken, and never answered
    await put('file', file);
    await to('[ Publish it ]');
    keys('Enter');
    await see('▸ store it on Walrus');
    keys('1');
    await see('Stop publishing');
    keys('Enter'); // the default is No
    await gone('[ No ]');
    keys('q');
    await see('[ No ]');
    keys('y', 'Enter');
    await see('✗ store it on Walrus');
    walrus.fault = null;
    keys('q');
    await see('[ Publish it ]');
});

test('a file is stored, proved and listed, at an account of its own', async () => {
    keys('Enter');
    await see('An account of its own');
    keys('y', 'Enter');
    await password('adds an account');
    await see('List the model');
    const terms = await see('[ No ]');
    assert.ok(terms.includes('0.05 USDC'));
    assert.ok(terms.includes(id));
    keys('y', 'Enter');
    await password('Unlocking the wallet');
    await password('at 50,000 units');
    const end = await see('It is listed, and mined');
    assert.ok(end.includes(`souk-listing: ${account(0)}`));
    assert.equal((await events(model.name)).length, 1);
    const { args } = (await events(model.name))[0];
    assert.deepEqual([args.author, args.name, args.blobId, args.price, args.payTo, args.endpoint],
        [model.author, model.name, id, 50_000n, account(1), ENDPOINT]);
});

test('it stands among the listings, and its price is changed from there', async () => {
    keys('q');
    await see('Listings');
    await until('the listing', (s) => {
        keys('S');
        return s.includes('? not proven');
    });
    keys('P');
    await see('Change it');
    assert.match(screen(), /0\.05/);
    await put('price', '0.07');
    await to('[ Change it ]');
    keys('Enter');
    await see('0.07 USDC a call, was 0.05 USDC');
    keys('Enter'); // the default is No
    await see('q goes back to the form');
    keys('q');
    await to('[ Change it ]');
    keys('Enter');
    await see('0.07 USDC a call, was 0.05 USDC');
    keys('y', 'Enter');
    await password('at 70,000 units');
    await see('It is listed, and mined');
    const [, changed] = await events(model.name);
    assert.deepEqual([changed.args.price, changed.args.payTo, changed.args.endpoint], [70_000n, account(1), ENDPOINT]);
    keys('q');
    await until('the price', (s) => {
        keys('S');
        return s.includes('0.07');
    });
});

test('it is withdrawn', async () => {
    keys('X');
    await see('Withdraw the listing');
    await see('[ No ]');
    keys('y', 'Enter');
    await password('Take back the listing');
    await until('withdrawn', (s) => {
        keys('S');
        return s.includes('– withdrawn');
    });
    assert.equal((await events(model.name)).at(-1).eventName, 'Delisted');
});

test('a wallet of one address asks whether it may be paid there', async () => {
    keys('5', 'w');
    await see('wallet onekey');
    type('onekey');
    await until('one wallet', (s) => !s.includes('tests, account'));
    keys('Enter');
    await until('the other wallet', (s) => /onekey/.test(s) && !s.includes('Wallets'));
    keys('P');
    await put('file', file);
    await put('author', model.author);
    await put('name', 'another name');
    await put('price', '1');
    await to('[ Publish it ]');
    keys('Enter');
    await see('One address for all');
    keys('Enter'); // the default is No
    await see('✗ an address to be paid at');
    keys('q');
    await see('[ Publish it ]');
    keys('Escape');
    await see('[ Overview ]');
    keys('w');
    await see('wallet tests');
    type('tests');
    keys('Enter');
    await until('the first wallet', (s) => s.includes('tests') && !s.includes('Wallets'));
    keys('O');
    await see('– withdrawn');
});

test('Enter is the model, and leaving souk in the middle of a publish leaves nothing behind', async () => {
    keys('Enter');
    await see('[ About ]');
    keys('q', 'P');
    await see('Change it');
    walrus.fault = (x) => x.request.method === 'GET'; // whether it is stored is never answered
    await put('file', file);
    await to('[ Change it ]');
    keys('Enter');
    await see('▸ store it on Walrus');
    keys('Q');
    await ended();
});
