// Keys go between souk and others: words, V3 files and addresses, both ways, and nothing else does.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const from = createRequire(path.resolve('assets/devnet/package.json'));
const { Wallet } = from('ethers');
const { HDKey } = from('@scure/bip32');
const bip39 = from('@scure/bip39');
const { wordlist } = from('@scure/bip39/wordlists/english');
const { privateKeyToAccount } = from('viem/accounts');

const signer = path.join(path.dirname(path.resolve(process.env.SOUK ?? './souk')), 'souk-signer');
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-keys-'));
const dir = path.join(home, 'wallets');
process.on('exit', () => fs.rmSync(home, { recursive: true, force: true }));

// Runs a command; a line of `secrets` is a descriptor of its own, named by its option.
let files = 0;
function run(args, secrets = {}, fds = []) {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const argv = [...args, '--dir', dir];
    const open = [];
    for (const [option, line] of Object.entries(secrets)) {
        const file = path.join(home, `secret-${files++}`);
        fs.writeFileSync(file, `${line}\n`, { mode: 0o600 });
        open.push(fs.openSync(file, 'r'));
        argv.push(`--${option}-fd`, String(stdio.length));
        stdio.push(open.at(-1));
    }
    for (const [option, fd] of fds) {
        argv.push(`--${option}-fd`, String(stdio.length));
        stdio.push(fd);
    }
    const r = spawnSync(signer, argv, { encoding: 'utf8', stdio, env: { PATH: process.env.PATH } });
    open.forEach((fd) => fs.closeSync(fd));
    assert.equal(r.stdout, '', 'stdout is not the signer\'s');
    return r;
}

function ok(...args) {
    const r = run(...args);
    assert.equal(r.status, 0, r.stderr);
    assert.equal(r.stderr, '');
}

function fails(status, words, ...args) {
    const r = run(...args);
    assert.match(r.stderr, words);
    assert.equal(r.stderr.split('\n').length, 2, 'one line');
    assert.equal(r.status, status);
}

// The addresses stand in the key file in the clear: at byte 60, 20 bytes each.
function addresses(name) {
    const file = path.join(dir, `${name}.key`);
    assert.equal(fs.statSync(file).mode & 0o7777, 0o600);
    const bytes = fs.readFileSync(file);
    return Array.from({ length: bytes[10] }, (_, i) =>
        '0x' + bytes.subarray(60 + 20 * i, 80 + 20 * i).toString('hex'));
}

const lower = (list) => list.map((a) => a.toLowerCase());
const eth = (i) => `m/44'/60'/0'/0/${i}`;

for (const count of [12, 24]) {
    test(`${count} new words are a wallet to ethers too`, () => {
        const file = path.join(home, `words-${count}`);
        const fd = fs.openSync(file, 'w');
        ok(['create', `new-${count}`, '--words', String(count), '--accounts', '3', '--play'],
            { password: 'pw' }, [['words', fd]]);
        fs.closeSync(fd);
        const words = fs.readFileSync(file, 'utf8').trim();
        assert.equal(words.split(' ').length, count);
        assert.deepEqual(addresses(`new-${count}`),
            lower([0, 1, 2].map((i) => Wallet.fromMnemonic(words, eth(i)).address)));
    });
}

test('words of @scure/bip39 with a passphrase give the same accounts', () => {
    const words = bip39.generateMnemonic(wordlist, 256);
    const root = HDKey.fromMasterSeed(bip39.mnemonicToSeedSync(words, 'Ünïcödé ﬁ'));
    ok(['import', 'scure', '--accounts', '5', '--play'],
        { secret: `  ${words.toUpperCase()} `, passphrase: 'Ünïcödé ﬁ', password: 'pw' });
    assert.deepEqual(addresses('scure'), lower([0, 1, 2, 3, 4].map((i) =>
        privateKeyToAccount('0x' + Buffer.from(root.derive(eth(i)).privateKey).toString('hex'))
            .address)));
});

test('an exported file opens with ethers, and holds the account asked for', async () => {
    const words = bip39.generateMnemonic(wordlist, 128);
    const out = path.join(home, 'exported.json');
    ok(['import', 'exporter', '--accounts', '4', '--play'], { secret: words, password: 'pw' });
    ok(['export', 'exporter', '--v3', out, '--account', '3'],
        { password: 'pw', 'new-password': 'pässwörd' });
    assert.equal(fs.statSync(out).mode & 0o7777, 0o600);
    const text = fs.readFileSync(out, 'utf8');
    const theirs = await Wallet.fromEncryptedJson(text, 'pässwörd');
    assert.equal(theirs.privateKey, Wallet.fromMnemonic(words, eth(3)).privateKey);
    await assert.rejects(Wallet.fromEncryptedJson(text, 'passwörd'));
    // and is never written over
    fails(8, /already: it is not overwritten/, ['export', 'exporter', '--v3', out],
        { password: 'pw', 'new-password': 'pässwörd' });
    assert.equal(fs.readFileSync(out, 'utf8'), text);
    assert.deepEqual(fs.readdirSync(home).filter((f) => f.startsWith('.')), []);
});

test('files of ethers are imported', async () => {
    const wallet = Wallet.createRandom();
    const json = await wallet.encrypt('theirs', { scrypt: { N: 4096, r: 8, p: 1 } });
    const file = path.join(home, 'ethers.json');
    fs.writeFileSync(file, json.replace('"crypto"', '"Crypto"')); // as others of them write it
    fails(4, /the password is wrong/, ['import', 'ethers', '--v3', file, '--play'],
        { secret: 'their', password: 'pw' });
    ok(['import', 'ethers', '--v3', file, '--play'], { secret: 'theirs', password: 'pw' });
    assert.deepEqual(addresses('ethers'), lower([wallet.address]));
    fs.writeFileSync(file, json);
    ok(['import', 'ethers-2', '--v3', file, '--play'], { secret: 'theirs', password: 'pw' });
    assert.deepEqual(addresses('ethers-2'), lower([wallet.address]));
});

test('a file without an address is taken only with the address said', async () => {
    const wallet = Wallet.createRandom();
    const json = JSON.parse(
        await wallet.encrypt('theirs', { scrypt: { N: 4096, r: 8, p: 1 } }));
    delete json.address;
    const file = path.join(home, 'nameless.json');
    fs.writeFileSync(file, JSON.stringify(json));
    const args = ['import', 'nameless', '--v3', file, '--play'];
    const secrets = { secret: 'theirs', password: 'pw' };
    fails(4, new RegExp(`--accept-address ${wallet.address}`), args, secrets);
    fails(4, /not imported/, [...args, '--accept-address', Wallet.createRandom().address], secrets);
    fails(2, /takes an address/, [...args, '--accept-address', wallet.address.slice(0, -1)], secrets);
    ok([...args, '--accept-address', wallet.address], secrets);
    assert.deepEqual(addresses('nameless'), lower([wallet.address]));
});

test('a private key, accounts, another password', () => {
    const key = '0x' + crypto.randomBytes(32).toString('hex');
    ok(['import', 'raw', '--play'], { secret: key, password: 'pw' });
    assert.deepEqual(addresses('raw'), lower([privateKeyToAccount(key).address]));
    fails(2, /--accounts is for words/, ['import', 'raw-2', '--accounts', '2', '--play'],
        { secret: key, password: 'pw' });
    fails(8, /1 to 255 accounts, one of a private key has 1/, ['accounts', 'raw', '--count', '2'],
        { password: 'pw' });
    ok(['accounts', 'scure', '--count', '32'], { password: 'pw' });
    assert.equal(addresses('scure').length, 32);
    ok(['password', 'scure'], { password: 'pw', 'new-password': 'other' });
    fails(4, /the password is wrong/, ['accounts', 'scure', '--count', '1'], { password: 'pw' });
    ok(['accounts', 'scure', '--count', '1'], { password: 'other' });
    assert.equal(addresses('scure').length, 1);
});

test('what cannot be is refused in words', () => {
    const secrets = { secret: 'ab'.repeat(32), password: 'long enough' };
    const none = (n) => assert.equal(fs.existsSync(path.join(dir, `${n}.key`)), false);
    fails(8, /at least 10 characters/, ['import', 'no'], { ...secrets, password: 'nine chär' });
    fails(8, /the password is empty/, ['import', 'no', '--play'], { ...secrets, password: '' });
    fails(8, /NUL/, ['import', 'no'], { ...secrets, password: 'long\0enough' });
    fails(8, /64 hexadecimal digits/, ['import', 'no'], { ...secrets, secret: 'ab'.repeat(31) });
    fails(8, /do not belong together/, ['import', 'no'],
        { ...secrets, secret: 'zoo '.repeat(12) });
    fails(8, /cannot be a wallet's name/, ['import', '../no'], secrets);
    fails(8, /there is a wallet scure already/, ['import', 'scure'], secrets);
    fails(7, /there is no wallet none/, ['accounts', 'none', '--count', '2'], { password: 'pw' });
    fails(7, /cannot open/, ['import', 'no', '--v3', path.join(home, 'none.json')], secrets);
    fails(2, /go together/, ['create', 'no', '--play'], { password: 'pw' });
    fails(2, /--words is 12 or 24/, ['create', 'no', '--words', '15'], {});
    fails(2, /descriptor 77 is not open/, ['import', 'no', '--secret-fd', '77'], {});
    fails(2, /not understood/, ['import', 'no', '--secret', 'x'], {});
    fails(2, /either --v3 FILE or --words/, ['export', 'scure'], { password: 'other' });
    // nobody sits at a terminal here
    const r = spawnSync('setsid', ['-w', signer, 'create', 'no', '--dir', dir], { encoding: 'utf8' });
    assert.match(r.stderr, /there is no terminal to ask at/);
    assert.equal(r.status, 8);
    none('no');
});

test('a wallet open to others is not used', () => {
    const file = path.join(dir, 'scure.key');
    fs.chmodSync(file, 0o644);
    fails(8, /open to others/, ['accounts', 'scure', '--count', '2'], { password: 'other' });
    fs.chmodSync(file, 0o600);
    fs.chmodSync(dir, 0o755);
    fails(8, /chmod 700/, ['accounts', 'scure', '--count', '2'], { password: 'other' });
    fs.chmodSync(dir, 0o700);
});

test('memory that cannot be locked is told, and used', { skip: process.getuid() === 0 && !fs.existsSync('/usr/bin/setpriv') && 'no setpriv' }, () => {
    const low = path.join(home, 'low');
    fs.mkdirSync(low, { mode: 0o700 });
    fs.chmodSync(home, 0o711);
    fs.chownSync(low, 65534, 65534);
    const secret = path.join(home, 'secret-low');
    fs.writeFileSync(secret, 'pw\n');
    const script = 'ulimit -l 0; exec "$@" 3<"$0" 4>/dev/null';
    const own = path.join(home, 'signer-low'); // where souk lies (/root, say) others may not look
    fs.copyFileSync(signer, own);
    const as = process.getuid() === 0
        ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : [];
    const r = spawnSync('bash', ['-c', script, secret, ...as, 'setsid', '-w', own, 'create', 'low',
        '--dir', low, '--play', '--password-fd', '3', '--words-fd', '4'], { encoding: 'utf8' });
    assert.equal(r.status, 0, r.stderr);
    assert.match(r.stderr, /^souk-signer: warning: the system refuses to lock memory[^\n]*\n$/);
});
