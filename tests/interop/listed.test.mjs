// What a listing may make souk do: anyone can write one. Where its endpoint leads, and what it says
// of the price and the payee, against what the seller then asks.
//   node --test tests/interop/listed.test.mjs

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import os from 'node:os';
import { after, before, describe, test } from 'node:test';
import { run, startWorld, sync } from './world.mjs';
import { peers, quote, runWith } from './money.mjs';
import { Hostility, INPUT } from './hostility.mjs';
import { Payer, viem } from './payer.mjs';

const { mnemonicToAccount } = peers('viem/accounts');
const abi = viem.parseAbi(['function list(string author, string name, string blobId, uint256 price, address asset, address payTo, string endpoint) returns (bytes32)']);
const BLOB = 'fiKrUajrxD71E5Qqz_pFUPHAf6EKDDFBlVnnVLZCGNI';
const AUTHOR = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';

const isPrivate = (address) => /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01]))\.|^(::1|fe80:|f[cd])/.test(address);

describe('listings', () => {
    let w, h, payer, owner, trap, models, knocks = 0;

    before(async () => {
        w = await startWorld({ seed: 25, models: 120, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200 });
        payer = new Payer(w);
        const world = JSON.parse(fs.readFileSync(`${w.dir}/world.json`, 'utf8'));
        const listed = new Set(w.ledger().filter((l) => l.kind === 'listing').map((l) => `${l.author}/${l.name}`));
        models = world.models.filter((m) => !listed.has(`${m.author}/${m.name}`) && m.name.length < 200);
        owner = mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: 8 });
        await w.chains.payment.rpc.call('anvil_setBalance', owner.address, '0xde0b6b3a7640000');
        trap = net.createServer((socket) => {
            knocks++;
            socket.destroy();
        });
        await new Promise((resolve) => trap.listen(0, resolve));
        h = new Hostility(w, live());
        await h.open();
    });
    after(async () => {
        await h?.close();
        await new Promise((resolve) => (trap ? trap.close(resolve) : resolve()));
        await w?.stop();
    });

    /** The same market as a network that is not the devnet, where nothing on this machine is special. */
    const live = () => `[network.live]
hub = ${w.status.hub}
payment_chain_id = ${w.status.payment_chain.chain_id}
payment_rpc = ${w.status.payment_chain.rpc}
payment_confirmations = 0
inference_chain_id = ${w.status.inference_chain.chain_id}
inference_rpc = ${w.status.inference_chain.rpc}
listings = ${w.contracts.contracts.listings}
${w.contracts.tokens.map((t) => `token = ${t.symbol} ${t.address} ${t.decimals} whole name="${t.name}" version=${t.version} can=${t.can.join(',')}`).join('\n')}
`;

    /** Lists somebody's model, which its author did not; the listing's id. */
    async function list(endpoint, { price = 1000n, payTo = AUTHOR } = {}) {
        const { author, name } = models.shift();
        const args = [author, name, BLOB, price, w.contracts.tokens[0].address, payTo, endpoint];
        await payer.send(owner, w.contracts.contracts.listings, viem.encodeFunctionData({ abi, functionName: 'list', args }));
        return viem.keccak256(viem.encodeAbiParameters([{ type: 'address' }, { type: 'string' }], [owner.address, name]));
    }

    const refused = (what, words, code, ...args) => h.refused(what, { code, words, args });

    test('an endpoint on this machine or in a private network is never called, whatever its name', async () => {
        const port = trap.address().port;
        const at = (host) => `https://${host}:${port}/`;
        const loopback = /names this machine/;
        const special = /leads to .*souk goes to public addresses only here/;
        const places = [[at('127.0.0.1'), loopback], [at('127.9.9.9'), loopback], [at('localhost'), loopback], [at('[::1]'), loopback],
            [at('0.0.0.0'), special], [at('[::ffff:127.0.0.1]'), special], [at('[::]'), special], [at('10.0.0.1'), special],
            [at('172.16.0.1'), special], [at('192.168.1.1'), special], ['https://169.254.169.254/latest/meta-data/', special],
            [at('100.64.0.1'), special], [at('[fe80::1]'), special], [at('[fd00::1]'), special],
            [at('shop.localhost'), special]]; // a name that curl knows by itself
        const own = await lookup(os.hostname(), { all: true }).catch(() => []); // and this machine's, when it has one
        if (own.length && own.every((a) => isPrivate(a.address))) places.push([at(os.hostname()), special]);
        const ids = [];
        for (const [endpoint] of places) ids.push(await list(endpoint));
        await sync(h.home, '--network', 'live');
        for (const [i, [endpoint, words]] of places.entries()) {
            const q = await quote(h.home, ids[i], INPUT, '--network', 'live');
            assert.equal(q.code, 8, `${endpoint}: ${q.err}`);
            assert.match(q.err, words, endpoint);
            await refused(ids[i], words, 8, '--network', 'live', '--wallet', 'tests', '--accept', 'unproven');
        }
        assert.equal(knocks, 0, 'nobody knocked');
    });

    test('plain http is not called, wherever it leads', async () => {
        const ids = [await list(`http://127.0.0.1:${trap.address().port}/`), await list('http://api.example/'), await list('http://10.0.0.1/')];
        await sync(h.home, '--network', 'live');
        for (const id of ids) await refused(id, /not reached by https/, 8, '--network', 'live', '--wallet', 'tests');
        assert.equal(knocks, 0);
    });

    test('what is no address is said to be none', async () => {
        const ids = [];
        for (const endpoint of ['file:///etc/passwd', 'https://user@127.0.0.1/', 'https://127.1/', 'javascript:1', ''])
            ids.push(await list(endpoint));
        await sync(h.home, '--network', 'live');
        for (const id of ids) await refused(id, /names no address that can be called|no address souk calls/, 8, '--network', 'live', '--wallet', 'tests');
    });

    describe('on the devnet, where this machine may be called', () => {
        const said = { listed: (amount) => h.url('as-told/listed', { offer: { amount: String(amount) } }) };

        test('not proven: one more question', async () => {
            const id = await list(said.listed(1000n));
            await sync(h.home);
            await refused(id, /Nothing proves that this listing is the author's own.*--accept unproven/, 5);
            const r = await h.call(id, '--accept', 'unproven');
            assert.equal(r.code, 0, r.err);
            assert.deepEqual([r.doc.state, r.doc.charged.amount], ['settled', '1000']);
        });

        test('listed for less than the seller asks: one more question, both numbers in it', async () => {
            const id = await list(said.listed(45000n));
            await sync(h.home);
            const q = await quote(h.home, id, INPUT);
            assert.equal(q.doc.price_differs, true);
            await refused(id, /asks for 0\.045 USDC, and the listing says 0\.001 USDC.*--accept price/, 5, '--accept', 'unproven');
            await refused(id, /asks for 0\.045 USDC and you said --max 0\.001/, 5, '--accept', 'unproven', '--max', '0.001');
            const r = await h.call(id, '--accept', 'unproven,price');
            assert.deepEqual([r.code, r.doc?.charged?.amount], [0, '45000'], r.err);
        });

        test('listed in one token, asked in another: the same question', async () => {
            const id = await list(h.url('as-told/token', { base: 'in-opg' }));
            await sync(h.home);
            await refused(id, /asks for 0\.01 OPG, and the listing says 0\.001 USDC/, 5, '--accept', 'unproven');
        });

        test('listed with one payee, paid to another: one more question', async () => {
            const id = await list(h.url('as-told/payee', { offer: { payTo: owner.address } }));
            await sync(h.home);
            await refused(id, /payee is not the one in the listing.*--accept other-payee/, 5, '--accept', 'unproven');
        });

        test('what is kept of it is kept under the name of who listed it', async () => {
            const id = await list(said.listed(1000n));
            await sync(h.home);
            const q = await quote(h.home, id, INPUT);
            assert.match(q.doc.subject, new RegExp(`^${owner.address} listed as `));
        });
    });

    test('of all this the chain took what was agreed to', async () => {
        assert.deepEqual(await h.taken(), { USDC: 46000n, OPG: 0n });
        assert.equal((await run(h.home, 'receipts')).code, 0);
        assert.equal((await runWith(h.home, {}, 'limits')).code, 0);
    });
});
