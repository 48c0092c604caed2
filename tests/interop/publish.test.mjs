// Publishing on the devnet: a file through its publisher, proved against the reference's blob ID,
// listed on chain, found by whoever syncs; cut at every step and done again; lied to.
//   node --test tests/interop/publish.test.mjs

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { anvilBinary, startAnvil } from '../../assets/devnet/lib/chain.mjs';
import { blobId } from '../../assets/devnet/lib/walrus.mjs';
import { ask } from '../../assets/devnet/lib/harness.mjs';
import { configure, json, newHome, run, startWorld, sync } from './world.mjs';
import { lock, PASSWORD, peers, runWith, saidJson, startWith } from './money.mjs';
import { Payer, viem } from './payer.mjs';
import { Proxy } from './proxy.mjs';

const { generateMnemonic, english, mnemonicToAccount } = peers('viem/accounts');
const SIZES = { seed: 41, models: 120, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200 };
const EVENTS = viem.parseAbi([
    'event Listed(address indexed owner, bytes32 indexed id, string author, string name, string blobId, uint256 price, address asset, address payTo, string endpoint)',
    'event Delisted(address indexed owner, bytes32 indexed id)',
]);
const COIN = '0xde0b6b3a7640000';
const ENDPOINT = 'http://127.0.0.1:9/v1';
const lines = (n, text = PASSWORD) => `${text}\n`.repeat(n);

describe('publishing', () => {
    let w, payer, walrus, rpc, models;
    const homes = [];

    before(async () => {
        w = await startWorld(SIZES);
        payer = new Payer(w);
        const listed = new Set(w.ledger().filter((l) => l.kind === 'listing').map((l) => `${l.author}/${l.name}`));
        const seen = configure(newHome(), w.status);
        await sync(seen, '--only', 'hub');
        models = (await json(seen, 'models')).models.filter((m) => m.author && !listed.has(`${m.author}/${m.name}`));
        walrus = await new Proxy(w.status.walrus).listen();
        rpc = await new Proxy(payer.rpc.url).listen();
    });
    after(async () => {
        for (const { home } of homes) await lock(home);
        await walrus?.close();
        await rpc?.close();
        await w?.stop();
    });

    /** A home with a wallet of its own, funded, unlocked, that reaches Walrus and the chain through the proxies. */
    async function open({ words = generateMnemonic(english), key = null, accounts = 1, profile = 'devnet', config = '', chain = payer.rpc } = {}) {
        const home = configure(newHome(), w.status, config ||
            `[network.devnet]\nwalrus = ${walrus.url}\nwalrus_publisher = ${walrus.url}\npayment_rpc = ${rpc.url}\n`);
        const must = async (secrets, ...args) => {
            const r = await runWith(home, secrets, ...args, '--network', profile);
            assert.equal(r.code, 0, r.err);
        };
        const account = (i) => mnemonicToAccount(words, { addressIndex: i }).address;
        const owner = key ? peers('viem/accounts').privateKeyToAccount(key).address : account(0);
        await must({ '--secret-fd': `${key ?? words}\n`, '--password-fd': lines(2) }, 'wallet', 'import', 'tests', '--play',
            ...(key ? [] : ['--accounts', String(accounts)]));
        homes.push({ home });
        await must({}, 'wallet', 'use', 'tests');
        await must({ '--password-fd': lines(2) }, 'wallet', 'unlock');
        await must({ '--password-fd': lines(2) }, 'limits', 'set', 'ETH', '--per-call', '0.01', '--per-day', '1', '--per-week', '5');
        await chain.call('anvil_setBalance', owner, COIN);
        return { home, words, account, owner };
    }

    /** A file that nobody has stored. */
    function file(bytes = 1000) {
        const dir = newHome();
        fs.mkdirSync(dir, { recursive: true });
        fs.writeFileSync(path.join(dir, 'model.onnx'), randomBytes(bytes));
        return { path: path.join(dir, 'model.onnx'), bytes: fs.readFileSync(path.join(dir, 'model.onnx')) };
    }

    const fresh = () => models.shift();
    const named = (m) => ['--author', m.author, '--name', m.name];
    const secrets = { '--password-fd': lines(6) };
    const publish = (at, ...args) => saidJson(runWith(at.home, secrets, 'publish', ...args, '--json'));
    async function published(at, ...args) {
        const r = await publish(at, ...args);
        assert.equal(r.code, 0, r.err);
        return r.doc;
    }
    async function refused(promise, code, words) {
        const r = await promise;
        assert.equal(r.code, code, r.err);
        assert.match(r.err, words);
        return r;
    }

    /** The events of one owner's listing, oldest first. */
    async function events(owner, name, chain = payer.rpc, contract = w.status.contracts.listings) {
        const id = viem.keccak256(viem.encodeAbiParameters([{ type: 'address' }, { type: 'string' }], [owner, name]));
        const logs = await chain.call('eth_getLogs', { address: contract, fromBlock: '0x0', toBlock: 'latest', topics: [null, viem.pad(owner), id] });
        return logs.map((l) => viem.decodeEventLog({ abi: EVENTS, data: l.data, topics: l.topics }));
    }
    const nonce = async (owner) => Number(await payer.rpc.call('eth_getTransactionCount', owner, 'latest'));
    const puts = () => walrus.seen.filter((x) => x.request.method === 'PUT').length;
    /** Spoils what passes a proxy while `act` runs. */
    async function during(proxy, fault, act) {
        proxy.fault = fault;
        try {
            return await act();
        } finally {
            proxy.fault = null;
        }
    }
    const isPut = (x) => x.request.method === 'PUT';
    const isProbe = (x) => x.request.method === 'GET' && x.request.headers.range === 'bytes=0-0';
    const isRead = (x) => x.request.method === 'GET' && x.request.headers.range !== 'bytes=0-0';
    const answer = (x, status, body, type = 'application/json') => {
        x.response.writeHead(status, { 'content-type': type });
        x.response.end(body);
        return true;
    };

    describe('one model, from its first listing to its last', () => {
        const f = file(50000), second = file(3000);
        let at, m, first;
        before(async () => {
            at = await open();
            m = fresh();
        });

        test('a new model: stored, proved, listed, at an address of its own', async () => {
            const before = puts();
            first = await published(at, f.path, ...named(m), '--price', '0.002', '--asset', 'USDC', '--endpoint', ENDPOINT);
            assert.equal(first.blob_id, await blobId(f.bytes));
            assert.ok(first.stored_now && first.listed && !first.unchanged);
            assert.equal(puts(), before + 1);
            assert.equal(first.end_epoch, 30); // ten epochs from the devnet's twentieth
            assert.equal(first.proof_line, `souk-listing: ${at.owner}`);
            assert.equal(first.pay_to, at.account(1));
            const [e, ...more] = await events(at.owner, m.name);
            assert.equal(more.length, 0);
            assert.deepEqual(e, { eventName: 'Listed', args: { owner: at.owner, id: first.listing, author: m.author, name: m.name,
                blobId: first.blob_id, price: 2000n, asset: viem.getAddress(payer.usdc.address),
                payTo: at.account(1), endpoint: ENDPOINT } });
        });

        test('whoever syncs sees it, not proven', async () => {
            const other = configure(newHome(), w.status);
            await sync(other);
            const model = (await json(other, 'models')).models.find((x) => x.author === m.author && x.name === m.name);
            assert.deepEqual([model.listed, model.proven, model.price.amount, model.pay_to], [true, false, '2000', at.account(1)]);
            await sync(at.home);
            const { listings, proof_line: line } = await json(at.home, 'listings');
            assert.equal(line, first.proof_line);
            assert.equal(listings.length, 1);
            const [l] = listings;
            assert.deepEqual([l.name, l.active, l.proven, l.blob_id, l.price.amount, l.payments], [m.name, true, false, first.blob_id, '2000', 0]);
        });

        test('the same again changes nothing, and sends nothing', async () => {
            const [n, stored] = [await nonce(at.owner), puts()];
            const again = await published(at, f.path, ...named(m), '--price', '0.002', '--endpoint', ENDPOINT);
            assert.ok(again.unchanged && again.was_there && !again.stored_now);
            assert.deepEqual([await nonce(at.owner), puts()], [n, stored]);
        });

        test('another price, and nothing else', async () => {
            const stored = puts();
            const doc = await published(at, '--name', m.name, '--price', '0.005');
            assert.equal(puts(), stored);
            const all = await events(at.owner, m.name);
            assert.equal(all.length, 2);
            assert.deepEqual(all[1].args, { ...all[0].args, price: 5000n });
            assert.equal(doc.blob_id, first.blob_id);
        });

        test('a new version keeps the price and who is paid', async () => {
            const doc = await published(at, second.path, ...named(m));
            assert.equal(doc.blob_id, await blobId(second.bytes));
            const all = await events(at.owner, m.name);
            assert.deepEqual(all.at(-1).args, { ...all[1].args, blobId: doc.blob_id });
        });

        test('no endpoint any more, another token, another payee', async () => {
            const to = viem.getAddress('0x00000000000000000000000000000000000000b7');
            await refused(publish(at, '--name', m.name, '--asset', 'OPG'), 8, /say --price/);
            await published(at, '--name', m.name, '--endpoint', '', '--asset', 'OPG', '--price', '0.5', '--pay-to', to);
            const { args } = (await events(at.owner, m.name)).at(-1);
            assert.deepEqual([args.endpoint, args.asset.toLowerCase(), args.price, args.payTo], ['', payer.opg.address.toLowerCase(), 5n * 10n ** 17n, to]);
            await published(at, '--name', m.name, '--price', '0.001', '--asset', 'USDC', '--pay-to', at.account(1));
        });

        test('withdrawn, and listed again as it was', async () => {
            const before = (await events(at.owner, m.name)).at(-1).args;
            const r = await saidJson(runWith(at.home, secrets, 'listings', 'withdraw', m.name, '--json'));
            assert.equal(r.code, 0, r.err);
            assert.match(r.doc.tx, /^0x[0-9a-f]{64}$/);
            assert.equal((await events(at.owner, m.name)).at(-1).eventName, 'Delisted');
            await refused(runWith(at.home, secrets, 'listings', 'withdraw', m.name), 8, /is anything of that name listed/);
            await sync(at.home);
            assert.equal((await json(at.home, 'listings')).listings[0].active, false);
            await published(at, '--name', m.name);
            assert.deepEqual((await events(at.owner, m.name)).at(-1).args, before);
        });

        test('a second model is paid elsewhere, also from a wallet brought back from its words', async () => {
            const used = new Set([at.account(1)]);
            for (const wallet of [at, await open({ words: at.words })]) {
                const other = fresh();
                const doc = await published(wallet, '--name', other.name, '--author', other.author, file().path, '--price', '0.001');
                assert.ok(!used.has(doc.pay_to), doc.pay_to);
                used.add(doc.pay_to);
            }
            assert.deepEqual([...used], [1, 2, 3].map(at.account));
        });
    });

    test('only stored: the ID alone, and once', async () => {
        const f = file();
        const home = configure(newHome(), w.status, `[network.devnet]\nwalrus = ${walrus.url}\nwalrus_publisher = ${walrus.url}\n`);
        const stored = puts();
        for (let i = 0; i < 2; i++) {
            const r = await run(home, 'publish', f.path, '--store-only');
            assert.equal(r.code, 0, r.err);
            assert.equal(r.out, `${await blobId(f.bytes)}\n`);
        }
        assert.equal(puts(), stored + 1);
        const put = walrus.seen.filter(isPut).at(-1);
        assert.equal(put.request.url, '/v1/blobs?epochs=10');
        // For longer or for good is for the publisher to do, also with what is there.
        const more = await run(home, 'publish', f.path, '--store-only', '--epochs', '3', '--permanent');
        assert.equal(more.code, 0, more.err);
        assert.equal(more.out, `${await blobId(f.bytes)}\n`);
        assert.equal(walrus.seen.filter(isPut).at(-1).request.url, '/v1/blobs?epochs=3&permanent=true');
    });

    test('a large file is sent as it is read; one too large is told so', async () => {
        const home = configure(newHome(), w.status);
        const f = file(3 << 20);
        const r = await run(home, 'publish', f.path, '--store-only');
        assert.equal(r.code, 0, r.err);
        assert.equal(r.out, `${await blobId(f.bytes)}\n`);
        await refused(run(home, 'publish', file(11 << 20).path, '--store-only'), 8, /takes no file of 11.5 MB/);
    });

    test('killed at any step and done again, it is stored once and listed once, at one address', async () => {
        const at = await open({ accounts: 2 });
        const silent = () => true; // takes the request, never answers
        const pass = async (x, proxy) => { // lets it through, and keeps the answer
            await ask(`${proxy.target}${x.request.url}`, { method: x.request.method, body: x.body,
                headers: { 'content-type': x.request.headers['content-type'] ?? 'application/octet-stream' } });
            return true;
        };
        const sends = (x) => x.calls.some((c) => c.method === 'eth_sendRawTransaction');
        const steps = {
            'asking whether it is stored': [walrus, isProbe, silent],
            'before the upload arrived': [walrus, isPut, silent],
            'after the upload arrived': [walrus, isPut, (x) => pass(x, walrus)],
            'reading it back': [walrus, isRead, silent],
            'before the transaction arrived': [rpc, sends, silent],
            'after the transaction arrived': [rpc, sends, (x) => pass(x, rpc)],
        };
        const payees = new Set();
        for (const [what, [proxy, which, then]] of Object.entries(steps)) {
            const [f, m] = [file(), fresh()];
            const args = [f.path, ...named(m), '--price', '0.001'];
            let hit;
            const reached = new Promise((resolve) => (hit = resolve));
            await during(proxy, async (x) => (which(x) ? (await then(x), hit(), true) : false), async () => {
                const s = startWith(at.home, secrets, 'publish', ...args);
                await Promise.race([reached, s.done.then((r) => assert.fail(`${what}: ${r.code} ${r.err}`))]);
                s.child.kill('SIGKILL');
                await s.done;
            });
            const doc = await published(at, ...args);
            const all = await events(at.owner, m.name);
            assert.equal(all.length, 1, what);
            assert.equal(all[0].args.payTo, doc.pay_to, what);
            assert.ok(!payees.has(doc.pay_to), what);
            payees.add(doc.pay_to);
            const id = await blobId(f.bytes);
            assert.equal((await ask(`${w.status.walrus}/v1/blobs/${id}`)).status, 200);
        }
        assert.deepEqual([...payees], Object.keys(steps).map((_, i) => at.account(i + 1)), 'no account was left out');
    });

    describe('servers that fail or lie', () => {
        let at;
        before(async () => (at = await open({ accounts: 12 })));

        /** Nothing may be listed; once the server does well, `again`, so does this. */
        async function spoiled(fault, code, words, again = false) {
            const [f, m] = [file(), fresh()];
            const args = [f.path, ...named(m), '--price', '0.001'];
            await during(walrus, fault, () => refused(publish(at, ...args), code, words));
            assert.deepEqual(await events(at.owner, m.name), []);
            if (!again) return;
            await published(at, ...args);
            assert.equal((await events(at.owner, m.name)).length, 1);
        }

        test('a publisher that says it stored something else', async () => {
            const other = await blobId(randomBytes(10));
            await spoiled((x) => isPut(x) && answer(x, 200, JSON.stringify({ newlyCreated: { blobObject: { id: '0x1', blobId: other, size: 1000,
                certifiedEpoch: 20, storage: { endEpoch: 30 }, deletable: true } } })), 4, /says that it stored .*Nothing was listed/);
        });

        test('a publisher that says it stored it, and did not', async () => {
            const f = file();
            const m = fresh();
            const id = await blobId(f.bytes);
            const lie = JSON.stringify({ alreadyCertified: { blobId: id, event: {}, endEpoch: 30 } });
            // Its aggregator has no blob: with one that will not look again soon, that is the end.
            await during(walrus, (x) => (isPut(x) ? answer(x, 200, lie) : isRead(x) && answer(x, 500, 'no')), () =>
                refused(publish(at, f.path, ...named(m), '--price', '0.001'), 3, /could not be proved, so nothing was listed/));
            assert.deepEqual(await events(at.owner, m.name), []);
        });

        for (const [status, code, words] of [[413, 8, /takes no file of 1 KB.*walrus_publisher/], [429, 3, /too much to do \(429\).*again later/],
            [451, 8, /refuses to store this very file/], [504, 6, /gave up waiting for the storage nodes/], [500, 3, /was not stored.*500/]])
            test(`a publisher that answers ${status}`, () => spoiled((x) => isPut(x) && answer(x, status, 'no', 'text/plain'), code, words));

        test('an upload that is cut', () => spoiled((x) => isPut(x) && (x.response.destroy(), true), 3, /did not come to its end/, true));

        test('an aggregator that serves another byte', () => spoiled(async (x) => {
            if (!isRead(x)) return false;
            const good = Buffer.from(await (await fetch(`${w.status.walrus}${x.request.url}`)).arrayBuffer());
            good[500] ^= 1;
            x.response.writeHead(206, { 'content-length': good.length, 'content-range': `bytes 0-${good.length - 1}/${good.length}` });
            x.response.end(good);
            return true;
        }, 4, /serves other bytes under this ID/));

        test('an aggregator that remembers for a while that it was not there', async () => {
            let left = 2;
            const m = fresh();
            await during(walrus, (x) => isRead(x) && left-- > 0 && answer(x, 404, '{"error":{"status":"NOT_FOUND","code":404,"message":"it is not there"}}'),
                () => published(at, file().path, ...named(m), '--price', '0.001'));
            assert.equal((await events(at.owner, m.name)).length, 1);
            assert.ok(left < 0);
        });

        test('a file that changes under the upload', () => {
            const f = file();
            return during(walrus, (x) => {
                if (isProbe(x)) fs.writeFileSync(f.path, randomBytes(1000));
                return false;
            }, () => refused(publish(at, f.path, ...named(fresh()), '--price', '0.001'), 4, /was changed meanwhile/));
        });
    });

    describe('who may', () => {
        test('the user says no, or the password is wrong', async () => {
            const at = await open();
            const m = fresh();
            const args = ['publish', file().path, ...named(m), '--price', '0.001'];
            await refused(runWith(at.home, { '--password-fd': 'not it\n' }, ...args), 4, /password/);
            await refused(runWith(at.home, { '--password-fd': `${PASSWORD}\n\n` }, ...args), 5, /needs your yes/);
            await refused(runWith(at.home, {}, ...args), 5, /needs your yes/);
            await lock(at.home);
            await refused(runWith(at.home, {}, ...args), 5, /locked.*--password-fd/);
            assert.deepEqual(await events(at.owner, m.name), []);
            await published(at, ...args.slice(1));
        });

        test('a wallet of one key has one address, and says so', async () => {
            const key = viem.toHex(randomBytes(32));
            const at = await open({ key });
            const m = fresh();
            const args = [file().path, ...named(m), '--price', '0.001'];
            await refused(publish(at, ...args), 5, /has one address alone.*--pay-to/);
            assert.equal((await published(at, ...args, '--pay-to', at.owner)).pay_to, at.owner);
        });

        test('a wallet that only watches lists nothing', async () => {
            const home = configure(newHome(), w.status);
            const r = await runWith(home, {}, 'wallet', 'watch', 'eyes', payer.account.address);
            assert.equal(r.code, 0, r.err);
            await refused(runWith(home, {}, 'publish', file().path, ...named(fresh()), '--price', '1', '--wallet', 'eyes'), 8, /only watches/);
        });

        test('what makes no sense is refused before anything is sent', async () => {
            const at = await open();
            const [m, stored, n] = [fresh(), puts(), await nonce(at.owner)];
            const no = (code, words, ...args) => refused(publish(at, ...args), code, words);
            const f = file();
            await no(2, /--name/, f.path, '--author', 'a', '--price', '1');
            await no(8, /--price/, f.path, ...named(m));
            await no(8, /--author/, f.path, '--name', m.name, '--price', '1');
            await no(7, /listed nothing of this name/, ...named(m), '--price', '1');
            await no(8, /endpoint/, f.path, ...named(m), '--price', '1', '--endpoint', 'ftp://x/');
            await no(8, /no amount/, f.path, ...named(m), '--price', '0.0000001');
            await no(8, /nobody could be paid/, f.path, ...named(m), '--price', '1', '--pay-to', payer.usdc.address);
            await no(7, /No such file/, `${f.path}.no`, ...named(m), '--price', '1');
            fs.writeFileSync(f.path, '');
            await no(8, /is empty/, f.path, ...named(m), '--price', '1');
            assert.deepEqual([puts(), await nonce(at.owner)], [stored + 1, n], 'one had a payee that only the draft knows to be none');
        });
    });

    test('on a chain without the contract: deployed at the one address, then listed there', async () => {
        const chain = await startAnvil(anvilBinary(), ['--chain-id', '84532']);
        try {
            const token = `token = USDC ${payer.usdc.address} 6 name="USDC" version=2 can=eip3009`;
            const profile = (more = '') => `[network.bare]\npayment_chain_id = 84532\npayment_rpc = ${chain.rpc.url}\npayment_confirmations = 0\n` +
                `walrus = ${w.status.walrus}\nwalrus_publisher = ${w.status.walrus}\n${token}\n${more}`;
            const at = await open({ profile: 'bare', config: profile(), chain: chain.rpc });
            const souk = (...args) => saidJson(runWith(at.home, secrets, ...args, '--json', '--network', 'bare'));
            const [f, m] = [file(), fresh()];
            const args = ['publish', f.path, ...named(m), '--price', '0.001'];
            const missing = await refused(souk(...args), 8, /has no contract for listings.*listings deploy/);
            const doctor = async () => (await saidJson(runWith(at.home, {}, 'doctor', '--json', '--network', 'bare'))).doc.checks.find((c) => c.check === 'listings');
            assert.match((await doctor()).text, /nobody has deployed one at 0x/);
            const done = await souk('listings', 'deploy');
            assert.equal(done.code, 0, done.err);
            assert.ok(done.doc.deployed && done.doc.ours && !done.doc.configured);
            assert.ok(missing.err.includes(`listings = ${done.doc.contract}`));
            assert.match(done.err, new RegExp(`under \\[network.bare\\]:\n.*listings = ${done.doc.contract}`));
            assert.equal(done.doc.contract.toLowerCase(), w.status.contracts.listings.toLowerCase(), 'where the devnet has it too');
            assert.ok((await chain.rpc.call('eth_getCode', done.doc.contract, 'latest')).length > 2000);
            assert.match((await doctor()).text, /somebody has deployed the contract: write listings = 0x/);
            const again = await souk('listings', 'deploy');
            assert.equal(again.code, 0, again.err);
            assert.equal(again.doc.tx, null);
            fs.writeFileSync(`${at.home}/config/config`, profile(`listings = ${done.doc.contract}\n`));
            const r = await souk(...args);
            assert.equal(r.code, 0, r.err);
            assert.equal((await events(at.owner, m.name, chain.rpc, done.doc.contract))[0].args.blobId, r.doc.blob_id);
            fs.writeFileSync(`${at.home}/config/config`, profile('listings = 0x00000000000000000000000000000000000000b7\n'));
            await refused(souk('publish', '--name', m.name, ...named(m), f.path, '--price', '0.001'), 8, /no contract at 0x0{38}[bB]7/);
        } finally {
            await chain.stop();
        }
    });
});
