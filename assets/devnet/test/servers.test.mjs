// The servers of a running devnet: their shapes, their quirks, and money that really moves.

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import crypto from 'node:crypto';
import { privateKeyToAccount } from 'viem/accounts';
import { x402Client, x402HTTPClient } from '@x402/core/client';
import { UptoEvmScheme } from '@x402/evm/upto/client';
import { spawn } from 'node:child_process';
import { freePort } from '../lib/chain.mjs';
import { build, readJson, scratch, serve, SMALL, start } from '../lib/harness.mjs';
import { exampleInput, privateKeyOf, walletOn } from '../lib/market.mjs';
import { modelFile, modelSpec } from '../lib/onnx.mjs';
import { account, ROLES } from '../lib/replay.mjs';
import { payOnce } from '../lib/traffic.mjs';

const root = scratch();
const dir = `${root}/w`;
const payer = privateKeyToAccount(privateKeyOf(account(ROLES.wallet)));
let net;
let world;
let contracts;

before(async () => {
    const { code, err } = await build(dir);
    assert.equal(code, 0, err);
    world = readJson(`${dir}/world.json`);
    contracts = readJson(`${dir}/contracts.json`);
    net = await serve(dir, ['--session-idle', '1']);
});

after(async () => {
    await net?.stop();
    fs.rmSync(root, { recursive: true, force: true });
});

/** A GET that sends exactly these headers. */
function get(url, headers = {}, method = 'GET', body = undefined) {
    return new Promise((resolve, reject) => {
        const request = http.request(url, { method, headers, agent: false }, (response) => {
            const parts = [];
            response.on('data', (d) => parts.push(d));
            response.on('end', () => {
                const bytes = Buffer.concat(parts);
                resolve({ status: response.statusCode, headers: response.headers, bytes, json: () => JSON.parse(bytes.toString('utf8')) });
            });
        });
        request.on('error', reject);
        request.end(body);
    });
}

// --- Hub -------------------------------------------------------------------------------------------

test('Hub: 0-based pages without a total, until a short one', async () => {
    const names = [];
    for (let page = 0; ; page++) {
        const body = (await get(`${net.urls.hub}/api/v0/models/?page=${page}&limit=50`)).json();
        assert.deepEqual(Object.keys(body), ['models']);
        for (const m of body.models) {
            assert.deepEqual(Object.keys(m), ['name', 'taskName', 'authorUsername', 'description']);
            names.push(m.name);
        }
        if (body.models.length < 50) break;
    }
    assert.deepEqual(names, world.models.map((m) => m.name));
    assert.equal((await get(`${net.urls.hub}/api/v0/models/?page=999&limit=50`)).json().models.length, 0);
});

test('Hub: a page not changed is a 304', async () => {
    const url = `${net.urls.hub}/api/v0/models/?page=0&limit=10`;
    const first = await get(url);
    const second = await get(url, { 'if-none-match': first.headers.etag });
    assert.equal(second.status, 304);
    assert.equal(second.bytes.length, 0);
    assert.equal((await get(url, { 'if-none-match': '"other"' })).status, 200);
});

test('Hub: detail, versions and files of every kind of name', async () => {
    for (const m of world.models.filter((x) => /[^\w.-]/.test(x.name) && x.name.length < 2000)) {
        const url = `${net.urls.hub}/api/v0/models/${encodeURIComponent(m.name)}`;
        const one = (await get(`${url}?authorUsername=${encodeURIComponent(m.author)}`)).json();
        assert.deepEqual([one.name, one.authorUsername, one.llmPath], [m.name, m.author, m.llm_path]);
        const versions = (await get(`${url}/versions`)).json();
        const files = (await get(`${url}/versions/${versions.at(-1).versionString}/files`)).json();
        assert.equal(files[0].ipfsCid, m.blob);
        assert.equal(files[0].size, modelFile(m.index).length);
        assert.match(files[0].name, /\.onnx$/);
    }
    assert.equal((await get(`${net.urls.hub}/api/v0/models/no-such-model`)).status, 404);
    assert.equal((await get(`${net.urls.hub}/api/v0/models/${encodeURIComponent(world.models[0].name)}?authorUsername=nobody`)).status, 404);
});

// --- Walrus ------------------------------------------------------------------------------------------

const stored = () => world.models.find((m) => m.store === 'stored');
const blobUrl = (id) => `${net.urls.walrus}/v1/blobs/${id}`;

test('Walrus: whole blobs, with the real headers', async () => {
    const m = stored();
    const r = await get(blobUrl(m.blob));
    assert.equal(r.status, 200);
    assert.ok(r.bytes.equals(modelFile(m.index)));
    assert.equal(r.headers.etag, m.blob);
    assert.equal(r.headers['cache-control'], 'public, max-age=86400, stale-while-revalidate=3600');
    assert.equal(r.headers['accept-ranges'], undefined);
    assert.equal(r.headers['content-type'], undefined);
});

test('Walrus: explicit ranges only', async () => {
    const m = stored();
    const size = modelFile(m.index).length;
    const range = (value) => get(blobUrl(m.blob), { range: value });
    const part = await range('bytes=10-19');
    assert.equal(part.status, 206);
    assert.equal(part.headers['content-range'], `bytes 10-19/${size}`);
    assert.ok(part.bytes.equals(modelFile(m.index).subarray(10, 20)));
    assert.equal((await range(`bytes=0-${size - 1}`)).status, 206);
    for (const bad of ['bytes=10-', 'bytes=-5', `bytes=0-${size}`, 'bytes=5-4', 'bytes=0-1,3-4'])
        assert.equal((await range(bad)).status, 416, bad);
    assert.equal((await get(`${blobUrl(m.blob)}/byte-range?start=3&length=4`)).bytes.length, 4);
    assert.equal((await get(`${blobUrl(m.blob)}/byte-range?start=3&length=99999`)).status, 400);
});

test('Walrus: unknown query keys are 400, expired blobs 404, nonsense 400', async () => {
    const m = stored();
    assert.equal((await get(`${blobUrl(m.blob)}?cb=1`)).status, 400);
    assert.equal((await get(`${blobUrl(m.blob)}?strict_consistency_check=true&skip_consistency_check=true`)).status, 400);
    assert.equal((await get(`${blobUrl(m.blob)}?strict_consistency_check=true`)).status, 200);
    const gone = await get(blobUrl(world.models.find((x) => x.store === 'expired').blob));
    assert.equal(gone.status, 404);
    assert.equal(gone.json().error.details[0].reason, 'BLOB_NOT_FOUND');
    assert.equal((await get(blobUrl('not-an-id'))).status, 400);
    const bad = world.models.find((x) => x.store === 'tampered');
    assert.ok(!(await get(blobUrl(bad.blob))).bytes.equals(modelFile(bad.index)), 'one blob is served wrong on purpose');
});

test('Walrus: the publisher computes real IDs, and knows what it has', async () => {
    const put = (bytes, query = '') => get(`${net.urls.walrus}/v1/blobs${query}`, { 'content-length': bytes.length }, 'PUT', bytes);
    const first = (await put(Buffer.from('some other string'), '?epochs=5')).json();
    assert.equal(first.newlyCreated.blobObject.blobId, 'M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk');
    assert.ok((await put(Buffer.from('some other string'))).json().alreadyCertified);
    assert.equal((await get(blobUrl('M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk'))).bytes.toString(), 'some other string');
    assert.equal((await put(Buffer.from('x'), '?epochs=54')).status, 400);
});

test('Walrus: a storage node hands out metadata that gives the ID, and says how long a blob is stored', async () => {
    const m = stored();
    const bcs = (await get(`${blobUrl(m.blob)}/metadata`)).bytes;
    assert.equal(bcs.length, 66044);
    assert.equal(bcs.subarray(0, 32).toString('base64url'), m.blob);
    assert.deepEqual([...bcs.subarray(32, 34)], [0, 1]);
    assert.equal(bcs.readBigUInt64LE(34), BigInt(modelFile(m.index).length));
    assert.equal((await get(`${net.urls.walrus}/v1/health`)).json().success.data.epoch, 20);

    const status = async (id) => (await get(`${blobUrl(id)}/status`)).json().success.data;
    const all = await Promise.all(world.models.filter((x) => x.store === 'stored').map((x) => status(x.blob)));
    const permanent = all.filter((s) => s.permanent);
    assert.ok(permanent.length > 0 && all.some((s) => s.deletable) && all.every((s) => s.permanent || s.deletable));
    assert.ok(permanent.every((s) => s.permanent.isCertified && s.permanent.endEpoch > 20));
    const { blob: gone } = world.models.find((x) => x.store === 'expired');
    assert.equal(await status(gone), 'nonexistent');
    assert.equal((await get(`${blobUrl(gone)}/metadata`)).status, 404);
    // The node has the true metadata of what the aggregator serves wrong.
    const { blob: bad } = world.models.find((x) => x.store === 'tampered');
    assert.equal((await get(`${blobUrl(bad)}/metadata`)).bytes.subarray(0, 32).toString('base64url'), bad);
});

// --- payments ------------------------------------------------------------------------------------------

async function balance(asset, who) {
    const token = contracts.tokens.find((t) => t.symbol === asset).address;
    return BigInt(await net.chains.payment.rpc.call('eth_call', { to: token, data: `0x70a08231${who.slice(2).padStart(64, '0')}` }, 'latest'));
}
const listing = (scheme) => world.listings.find((l) => l.scheme === scheme);
const sold = (l) => `${net.urls.seller}${l.path}`;

test('an exact payment with EIP-3009 settles on chain and the model runs', async () => {
    const l = listing('exact-eip3009');
    const before_ = await balance('USDC', l.pay_to);
    const spec = modelSpec(l.model);
    const { receipt, answer } = await payOnce({ account: payer, url: sold(l), body: exampleInput(spec) });
    assert.equal(receipt.success, true);
    assert.equal((await balance('USDC', l.pay_to)) - before_, BigInt(l.price));
    const mined = await net.chains.payment.rpc.call('eth_getTransactionReceipt', receipt.transaction);
    const i = mined.logs.findIndex((x) => x.topics[0].startsWith('0x98de5035'));
    assert.ok(i >= 0 && mined.logs[i + 1].topics[0].startsWith('0xddf252ad'), 'AuthorizationUsed right before Transfer');
    assert.ok(answer.output[spec.output.name].data.every(Number.isFinite));
});

test('exact with Permit2: the real Permit2, our proxy, Transfer then Settled', async () => {
    const l = listing('exact-permit2');
    const wallet = walletOn(net.chains.payment.rpc.url, contracts.payment_chain.chain_id, privateKeyOf(account(ROLES.wallet)));
    const opg = contracts.tokens.find((t) => t.symbol === 'OPG').address;
    const hash = await wallet.writeContract({ address: opg, abi: readJson(`${dir}/abi.json`).Opg.abi, functionName: 'approve',
        args: [contracts.contracts.permit2, 10n ** 30n] });
    await wallet.waitForTransactionReceipt({ hash });
    const before_ = await balance('OPG', l.pay_to);
    const { receipt } = await payOnce({ account: payer, url: sold(l), body: exampleInput(modelSpec(l.model)) });
    assert.equal((await balance('OPG', l.pay_to)) - before_, BigInt(l.price));
    const { logs } = await net.chains.payment.rpc.call('eth_getTransactionReceipt', receipt.transaction);
    assert.deepEqual(logs.slice(-2).map((x) => x.address), [opg, contracts.contracts.exact_proxy]);
});

/** Signs an upto offer of `url` and sends `body` with it. */
async function payUpto(url, body) {
    const client = new x402Client().register('eip155:*', new UptoEvmScheme(payer));
    client.setSpendControls(false);
    const web = new x402HTTPClient(client);
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const first = await fetch(url, init);
    assert.equal(first.status, 402);
    const payload = await client.createPaymentPayload(web.getPaymentRequiredResponse((n) => first.headers.get(n), await first.json()));
    const headers = { ...init.headers, ...web.encodePaymentSignatureHeader(payload) };
    return { response: await fetch(url, { ...init, headers }), init, headers, web };
}

test('upto: the seller charges one price out of a larger cap', async () => {
    const l = listing('upto');
    const before_ = await balance('OPG', l.pay_to);
    const { response, web } = await payUpto(sold(l), exampleInput(modelSpec(l.model)));
    assert.equal(response.status, 200, JSON.stringify(await response.clone().json()));
    const receipt = web.getPaymentSettleResponse((n) => response.headers.get(n));
    assert.equal(receipt.amount, l.price);
    assert.equal((await balance('OPG', l.pay_to)) - before_, BigInt(l.price));
});

test('a call with bad input is not charged', async () => {
    const l = listing('exact-eip3009');
    const before_ = await balance('USDC', l.pay_to);
    await assert.rejects(payOnce({ account: payer, url: sold(l), body: { wrong: 1 } }), /400/);
    assert.equal(await balance('USDC', l.pay_to), before_);
});

test('a new price on chain is the price of the next offer', async () => {
    const l = listing('exact-eip3009');
    const key = ownerKey(l);
    const wallet = walletOn(net.chains.payment.rpc.url, contracts.payment_chain.chain_id, key);
    const abi = readJson(`${dir}/abi.json`).ModelListings.abi;
    const usdc = contracts.tokens[0].address;
    const args = [l.author, l.name, world.models[l.model].blob, 4321n, usdc, l.pay_to, `${world.seller}${l.path}`];
    const hash = await wallet.writeContract({ address: contracts.contracts.listings, abi, functionName: 'list', args });
    await wallet.waitForTransactionReceipt({ hash });
    const r = await get(sold(l), { 'content-type': 'application/json' }, 'POST', '{}');
    assert.equal(r.status, 402);
    assert.equal(JSON.parse(Buffer.from(r.headers['payment-required'], 'base64').toString()).accepts[0].amount, '4321');
});

const ownerKey = (l) => {
    const digest = crypto.createHash('sha256');
    const i = world.author_index[l.author];
    return `0x${digest.update(`souk devnet ${SMALL.seed} key author ${i}`).digest('hex')}`;
};

test('Bazaar: every active endpoint and a few strays, paged', async () => {
    const items = [];
    for (let offset = 0; ; offset += 30) {
        const body = (await get(`${net.urls.bazaar}?type=http&limit=30&offset=${offset}`)).json();
        assert.equal(body.x402Version, 2);
        items.push(...body.items);
        assert.deepEqual(Object.keys(body.pagination), ['limit', 'offset', 'total']);
        if (items.length >= body.pagination.total) break;
    }
    const paths = new Set(items.map((i) => new URL(i.resource).pathname));
    for (const l of world.listings) assert.ok(paths.has(l.path), l.path);
    assert.equal(items.length, world.listings.length + 3);
    assert.ok(items.some((i) => i.x402Version === 1) && items.some((i) => typeof i.lastUpdated === 'string') &&
        items.some((i) => typeof i.lastUpdated === 'number'));
});

// --- life and death --------------------------------------------------------------------------------------

test('traffic: the market lives by itself', async () => {
    const lively = await serve(dir, ['--traffic', '0.2']);
    try {
        const before_ = Number(await lively.chains.payment.rpc.call('eth_blockNumber'));
        for (;;) {
            const [p, i] = await Promise.all([lively.chains.payment.rpc.call('eth_blockNumber'), lively.chains.inference.rpc.call('eth_getLogs',
                { fromBlock: `0x${(contracts.history.inference_chain.last_block + 1).toString(16)}`, toBlock: 'latest' })]);
            if (Number(p) > before_ && i.length > 0) break;
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    } finally {
        await lively.stop();
    }
});

test('a port in use is one clear line', async () => {
    const names = ['hub', 'walrus', 'seller', 'facilitator', 'gateway'];
    const s = start('serve.mjs', ['--dir', dir, '--payment-rpc', net.chains.payment.rpc.url, '--inference-rpc', net.chains.inference.rpc.url,
        ...names.flatMap((n, i) => [`--${n}-port`, net.ports[i]])], 'pipe');
    const { code, err } = await s.done;
    assert.equal(code, 1);
    assert.match(err, /^devnet serve: port \d+ for the Hub is in use\n$/);
});

test('the servers end when their parent is killed outright', async () => {
    const free = await Promise.all(Array.from({ length: 5 }, freePort));
    const names = ['hub', 'walrus', 'seller', 'facilitator', 'gateway'];
    const args = [new URL('../serve.mjs', import.meta.url).pathname, '--dir', dir, '--payment-rpc', net.chains.payment.rpc.url, '--inference-rpc',
        net.chains.inference.rpc.url, ...names.flatMap((n, i) => [`--${n}-port`, free[i]])].map(String);
    const parent = spawn('/bin/sh', ['-c', '"$0" "$@" </dev/null & echo $!; wait', process.execPath, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    await new Promise((resolve) => parent.stdout.on('data', (d) => (out += d).includes('ready') && resolve()));
    const pid = Number(out.split('\n')[0]);
    parent.kill('SIGKILL');
    for (;;) {
        try {
            process.kill(pid, 0);
        } catch {
            break;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
});

test('closing stdin ends the servers', async () => {
    const end = await net.stop();
    net = null;
    assert.equal(end.code, 0);
    assert.equal(end.err, '');
});
