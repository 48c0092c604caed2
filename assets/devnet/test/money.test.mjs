// What is sold, in every way it is sold: the seller's other places, the gateway's sessions, and a
// seller that means harm.

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import crypto from 'node:crypto';
import { decodeFunctionResult, encodeFunctionData, keccak256 } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { x402Client, x402HTTPClient } from '@x402/core/client';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { ExactEvmSchemeV1 } from '@x402/evm/exact/v1/client';
import { UptoEvmScheme } from '@x402/evm/upto/client';
import { appendPaymentIdentifierToExtensions } from '@x402/extensions/payment-identifier';
import { ask, build, flip, pemOf, readJson, scratch, serve, serveHostile } from '../lib/harness.mjs';
import { exampleInput, privateKeyOf, walletOn } from '../lib/market.mjs';
import { modelSpec } from '../lib/onnx.mjs';
import { account, ROLES } from '../lib/replay.mjs';
import { takesId } from '../lib/seller.mjs';
import { canonical } from '../lib/tee.mjs';

// Node 18 has no global crypto, and the reference client wants one.
globalThis.crypto ??= crypto.webcrypto;

const root = scratch();
const dir = `${root}/w`;
const payer = privateKeyToAccount(privateKeyOf(account(ROLES.wallet)));
let net;
let world;
let contracts;
let ca;
let tee;

before(async () => {
    const { code, err } = await build(dir);
    assert.equal(code, 0, err);
    world = readJson(`${dir}/world.json`);
    contracts = readJson(`${dir}/contracts.json`);
    net = await serve(dir, ['--session-idle', '1']);
    const abi = readJson(`${dir}/abi.json`);
    const data = await net.chains.inference.rpc.call('eth_call', { to: contracts.contracts.tee_registry,
        data: encodeFunctionData({ abi: abi.TeeRegistry.abi, functionName: 'getActiveTEEs', args: [0] }) }, 'latest');
    [tee] = decodeFunctionResult({ abi: abi.TeeRegistry.abi, functionName: 'getActiveTEEs', data });
    ca = pemOf(Buffer.from(tee.tlsCertificate.slice(2), 'hex'));
    const wallet = walletOn(net.chains.payment.rpc.url, contracts.payment_chain.chain_id, privateKeyOf(account(ROLES.wallet)));
    for (const [token, name] of [['USDC', 'Usdc'], ['OPG', 'Opg']]) {
        const hash = await wallet.writeContract({ address: contracts.tokens.find((t) => t.symbol === token).address, abi: abi[name].abi,
            functionName: 'approve', args: [contracts.contracts.permit2, 10n ** 30n] });
        await wallet.waitForTransactionReceipt({ hash });
    }
});

after(async () => {
    await net?.stop();
    fs.rmSync(root, { recursive: true, force: true });
});

async function balance(asset, who) {
    const token = contracts.tokens.find((t) => t.symbol === asset).address;
    return BigInt(await net.chains.payment.rpc.call('eth_call', { to: token, data: `0x70a08231${who.slice(2).padStart(64, '0')}` }, 'latest'));
}

/** The reference client with every scheme; `choose` picks of several offers. */
function reference(choose = (version, accepts) => accepts[0]) {
    const client = new x402Client(choose).register('eip155:*', new ExactEvmScheme(payer)).register('eip155:*', new UptoEvmScheme(payer))
        .registerV1('base-sepolia', new ExactEvmSchemeV1(payer));
    client.setSpendControls?.(false);
    return { client, web: new x402HTTPClient(client) };
}

const json = { 'content-type': 'application/json' };
const post = (url, body, headers = {}) => ask(url, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body), ca });
const offerOf = (r) => JSON.parse(Buffer.from(r.headers['payment-required'], 'base64').toString());
const receiptOf = (r) => JSON.parse(Buffer.from(r.headers['payment-response'] ?? r.headers['x-payment-response'], 'base64').toString());

/** Asks, pays, asks again. `amend(payload)` changes what is sent. */
async function buy(url, body, { choose, amend = (p) => p } = {}) {
    const { client, web } = reference(choose);
    const first = await post(url, body);
    assert.ok(first.status === 402, `${first.status} ${first.body}`);
    const required = web.getPaymentRequiredResponse((n) => first.headers[n.toLowerCase()], first.body ? JSON.parse(first.body) : {});
    const payload = amend(await client.createPaymentPayload(required), required);
    const headers = web.encodePaymentSignatureHeader(payload);
    return { answer: await post(url, body, headers), headers, required };
}

const listing = (ok) => world.listings.find((l) => l.scheme === 'exact-eip3009' && ok({ ...l, index: l.model }));
const at = (place, l) => `${net.urls.seller}${l.path.replace('/v1', `/${place}`)}`;
const input = (l) => exampleInput(modelSpec(l.model));

// --- the seller's other places ---------------------------------------------------------------------

test('version 1: the offer in the body, paid and settled by the same facilitator', async () => {
    const l = listing(() => true);
    const before_ = await balance('USDC', l.pay_to);
    const { answer, headers, required } = await buy(at('v1legacy', l), input(l));
    assert.equal(required.x402Version, 1);
    assert.deepEqual([required.accepts[0].network, required.accepts[0].maxAmountRequired], ['base-sepolia', l.price]);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(receiptOf(answer).success, true);
    assert.equal((await balance('USDC', l.pay_to)) - before_, BigInt(l.price));
    const again = await post(at('v1legacy', l), input(l), headers);
    assert.equal(again.status, 402);
    assert.equal(JSON.parse(again.body).x402Version, 1);
    assert.equal((await balance('USDC', l.pay_to)) - before_, BigInt(l.price), 'the same header is not charged twice');
});

test('version 1: what cannot be answered is not charged', async () => {
    const l = listing(() => true);
    const before_ = await balance('USDC', l.pay_to);
    const { answer } = await buy(at('v1legacy', l), { wrong: 1 });
    assert.equal(answer.status, 400);
    assert.equal(await balance('USDC', l.pay_to), before_);
});

test('several offers, the dearest first: each can be paid', async () => {
    const l = listing(() => true);
    const charged = [];
    for (const n of [0, 1, 2]) {
        const asset = n === 1 ? 'OPG' : 'USDC';
        const before_ = await balance(asset, l.pay_to);
        const { answer, required } = await buy(at('multi', l), input(l), { choose: (version, accepts) => accepts[n] });
        assert.deepEqual(required.accepts.map((a) => a.scheme), ['upto', 'exact', 'exact']);
        assert.equal(answer.status, 200, answer.body + answer.headers['payment-response']);
        charged.push((await balance(asset, l.pay_to)) - before_);
    }
    const price = BigInt(l.price);
    assert.deepEqual(charged, [price, price * 10n ** 13n, price]);
});

test('payment-identifier: again is the same answer, another payment a conflict, none is refused', async () => {
    const l = listing(() => true);
    const id = `pay_${crypto.randomBytes(16).toString('hex')}`;
    const withId = (payload, required) => {
        payload.extensions = { ...required.extensions };
        appendPaymentIdentifierToExtensions(payload.extensions, id);
        return payload;
    };
    const before_ = await balance('USDC', l.pay_to);
    const { answer, headers, required } = await buy(at('idempotent', l), input(l), { amend: withId });
    assert.equal(required.extensions['payment-identifier'].info.required, true);
    assert.equal(answer.status, 200, answer.body);
    const again = await post(at('idempotent', l), input(l), headers);
    assert.deepEqual([again.status, again.body, again.headers['payment-response']], [200, answer.body, answer.headers['payment-response']]);
    assert.equal((await buy(at('idempotent', l), input(l), { amend: withId })).answer.status, 409);
    assert.equal((await buy(at('idempotent', l), input(l))).answer.status, 400);
    assert.equal((await balance('USDC', l.pay_to)) - before_, BigInt(l.price), 'one charge');
});

test('payment-identifier is optional where a listing takes it', async () => {
    const takes = listing(takesId);
    const not = listing((l) => !takesId(l));
    assert.ok(offerOf(await post(at('v1', takes), {})).extensions['payment-identifier']);
    assert.ok(!offerOf(await post(at('v1', not), {})).extensions?.['payment-identifier']);
    assert.equal((await buy(at('v1', takes), input(takes))).answer.status, 200);
});

test('a settlement whose receipt does not come is pending, and final on chain', async () => {
    const l = listing((x) => !takesId(x));
    const before_ = await balance('USDC', l.pay_to);
    await flip(net.urls.facilitator, { pending: 1 });
    const { answer } = await buy(at('v1', l), input(l));
    await flip(net.urls.facilitator, { pending: 0 });
    assert.equal(answer.status, 402);
    assert.deepEqual([receiptOf(answer).success, receiptOf(answer).errorReason], [false, 'settlement_pending']);
    const mined = await net.chains.payment.rpc.call('eth_getTransactionReceipt', receiptOf(answer).transaction);
    assert.equal(mined.status, '0x1');
    assert.equal((await balance('USDC', l.pay_to)) - before_, BigInt(l.price));
});

test('for nothing: a run, and what a model wants', async () => {
    const l = listing(() => true);
    const asked = await ask(at('v1', l));
    assert.deepEqual(JSON.parse(asked.body), { method: 'POST', input: input(l) });
    const run = await post(at('free', l), JSON.parse(asked.body).input);
    assert.equal(run.status, 200);
    assert.ok(JSON.parse(run.body).output);
    assert.equal((await ask(`${net.urls.seller}/v1/no/such`)).status, 404);
});

// --- gateway -----------------------------------------------------------------------------------------------

const chat = () => `${net.urls.gateway}/v1/chat/completions`;
const question = (words, more = {}) => ({ model: 'gpt-5-mini', messages: [{ role: 'user', content: words }], max_tokens: 50, ...more });
const frames = (r) => r.body.trim().split('\n\n').map((f) => Object.fromEntries(f.split('\n').map((line) => line.split(/: (.*)/s))));
const dataOf = (frame) => JSON.parse(frame.data);

/** Whether the registry's enclave signed this answer to this request. */
function signed(answer, view, text) {
    const request = keccak256(Buffer.from(canonical(view))).slice(2);
    const output = keccak256(Buffer.from(text)).slice(2);
    const word = BigInt(answer.tee_timestamp).toString(16).padStart(64, '0');
    const message = Buffer.from(keccak256(`0x${request}${output}${word}`).slice(2), 'hex');
    const key = crypto.createPublicKey({ key: Buffer.from(tee.publicKey.slice(2), 'hex'), format: 'der', type: 'spki' });
    return answer.tee_request_hash === request && answer.tee_output_hash === output && answer.tee_id === keccak256(tee.publicKey) &&
        crypto.verify('sha256', message, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
            Buffer.from(answer.tee_signature, 'base64'));
}

test('gateway: the registry names its address and certificate, and no other certificate will do', async () => {
    assert.equal(tee.endpoint, net.urls.gateway);
    assert.match(tee.endpoint, /^https:/);
    assert.equal(JSON.parse((await ask(`${tee.endpoint}/health`, { ca })).body).status, 'ok');
    await assert.rejects(ask(`${tee.endpoint}/health`), /self.signed/);
    await flip(net.urls.gateway, { other_certificate: true }, ca);
    await assert.rejects(ask(`${tee.endpoint}/health`, { ca }), /signature|self.signed/);
    assert.equal((await fetchLoosely(`${tee.endpoint}/_devnet/switch`, '{"other_certificate":false}')).status, 200);
    assert.equal((await ask(`${tee.endpoint}/health`, { ca })).status, 200);
});

/** To the gateway while it shows the wrong certificate, on purpose: only to set it right. */
async function fetchLoosely(url, body) {
    const https = await import('node:https');
    return new Promise((resolve, reject) => https.request(url, { method: 'POST', rejectUnauthorized: false, agent: false },
        (r) => r.resume().on('end', () => resolve({ status: r.statusCode }))).on('error', reject).end(body));
}

test('gateway: one signature, several calls, signed answers, streaming, one settlement', async () => {
    const body = question('שלום 🚀 \u007f', { model: 'openai/gpt-5-mini' });
    const view = { model: body.model, messages: body.messages, temperature: 0, max_tokens: 50 };
    const before_ = await balance('OPG', world.gateway_pay_to);
    const { answer, headers } = await buy(chat(), body);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers['payment-response'], undefined, 'sessions give no receipt');
    const a = JSON.parse(answer.body);
    assert.ok(signed(a, view, a.choices[0].message.content));
    const again = await post(chat(), { ...body, stream: true }, { 'x-upto-session': answer.headers['x-upto-session'] });
    assert.equal(again.status, 200, again.body);
    const list = frames(again);
    assert.equal(list.at(-1).data, '[DONE]');
    const last = dataOf(list.at(-2));
    const text = list.slice(0, -2).map((f) => dataOf(f).choices[0].delta.content).join('');
    assert.ok(signed(last, view, text));
    const third = await post(chat(), body, headers);
    assert.equal(third.headers['x-upto-session'], answer.headers['x-upto-session'], 'the same header is the same session');
    const due = [a, last, JSON.parse(third.body)].reduce((sum, x) => sum + BigInt(x.opengradient.cost_opg), 0n);
    while ((await balance('OPG', world.gateway_pay_to)) - before_ < due) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await balance('OPG', world.gateway_pay_to)) - before_, due);
    const over = await post(chat(), body, { 'x-upto-session': answer.headers['x-upto-session'] });
    assert.deepEqual([over.status, JSON.parse(over.body)], [402, { error: 'Session expired or exhausted' }]);
    assert.equal(over.headers['payment-required'], undefined);
});

test('gateway: text completions, on a session of their own', async () => {
    const url = `${net.urls.gateway}/v1/completions`;
    const body = { model: 'claude-haiku', prompt: 'Once', max_tokens: 5 };
    const { answer, headers } = await buy(url, body);
    const a = JSON.parse(answer.body);
    assert.match(a.choices[0].text, /Once/);
    assert.ok(signed(a, { ...body, temperature: 0 }, a.choices[0].text));
    const other = await post(chat(), question('x'), { 'x-upto-session': answer.headers['x-upto-session'] });
    assert.equal(other.status, 402);
    assert.equal(JSON.parse(other.body).error, 'Session expired or exhausted');
    assert.equal((await post(url, { ...body, stream: true }, headers)).status, 200);
    await flip(net.urls.gateway, { end_sessions: true }, ca);
    assert.equal((await post(url, body, { 'x-upto-session': answer.headers['x-upto-session'] })).status, 402);
});

test('gateway: a permit that ends too soon is refused without an offer', async () => {
    const { client, web } = reference();
    const required = offerOf(await post(chat(), question('x')));
    required.accepts[0].maxTimeoutSeconds = 60;
    const headers = web.encodePaymentSignatureHeader(await client.createPaymentPayload(required));
    const r = await post(chat(), question('x'), headers);
    assert.deepEqual([r.status, JSON.parse(r.body).error], [402, 'Payment authorization deadline missing or too soon']);
    assert.equal(r.headers['payment-required'], undefined);
});

test('gateway: what is refused before payment', async () => {
    assert.match(JSON.parse((await post(chat(), question('x', { model: 'hal-9000' }))).body).error, /not supported/);
    assert.equal((await post(chat(), question('FORBIDDEN words'))).status, 451);
    assert.equal((await post(chat(), question('x'), { 'x-settlement-type': 'whenever' })).status, 400);
    assert.equal(offerOf(await post(chat(), question('x', { model: 'batch/gpt-5' }))).accepts[0].scheme, 'batch-settlement');
    assert.equal(JSON.parse((await ask(`${net.urls.gateway}/v1/models`, { ca })).body).data.length, 9);
});

test('gateway: every LLM of the Hub is served by its path', async () => {
    const paths = new Set(world.models.map((m) => m.llm_path).filter(Boolean));
    assert.ok(paths.size > 0);
    for (const model of paths) assert.equal((await post(chat(), question('x', { model }))).status, 402, model);
});

test('gateway: settlement told in the stream', async () => {
    await flip(net.urls.gateway, { sse_settlement: true }, ca);
    const before_ = await balance('OPG', world.gateway_pay_to);
    const { answer } = await buy(chat(), question('x', { stream: true }));
    await flip(net.urls.gateway, { sse_settlement: false }, ca);
    assert.equal(answer.headers['x-upto-session'], undefined);
    const event = frames(answer).find((f) => f.event === 'x402-settlement');
    const receipt = JSON.parse(Buffer.from(dataOf(event).paymentResponse, 'base64').toString());
    assert.equal(receipt.success, true);
    const cost = BigInt(dataOf(frames(answer).at(-3)).opengradient.cost_opg);
    assert.equal((await balance('OPG', world.gateway_pay_to)) - before_, cost);
});

test('gateway: broken streams and forged proofs on demand', async () => {
    const { headers } = await buy(chat(), question('x'));
    const stream = () => post(chat(), question('x', { stream: true }), headers);
    await flip(net.urls.gateway, { stream_error: 3 }, ca);
    const r = await stream();
    assert.ok(dataOf(frames(r).at(-1)).error && !r.body.includes('[DONE]'));
    await flip(net.urls.gateway, { stream_error: 0, stream_cut: 3 }, ca);
    await assert.rejects(stream(), /aborted|hang up|ECONNRESET/);
    for (const tamper of ['signature', 'request', 'output']) {
        await flip(net.urls.gateway, { stream_cut: 0, tamper }, ca);
        const a = JSON.parse((await post(chat(), question('x'), headers)).body);
        assert.ok(!signed(a, { ...question('x'), temperature: 0 }, a.choices[0].message.content), tamper);
    }
    await flip(net.urls.gateway, { tamper: '' }, ca);
});

// --- the hostile seller -----------------------------------------------------------------------------------

test('hostile seller: every attack can be asked for, and payments are on record', async () => {
    const bad = await serveHostile(dir, net.urls.facilitator);
    const of = (name) => `${bad.hostile}/a/${name}`;
    const log = async () => JSON.parse((await ask(`${bad.hostile}/log`)).body);
    try {
        const { attacks } = JSON.parse((await ask(bad.hostile)).body);
        assert.ok(attacks.length > 60);
        const odd = new Set(['never-answers', 'slow-drip', 'huge-header', 'many-headers', 'redirect-first', 'approval-first']);
        for (const name of attacks.filter((a) => !odd.has(a))) assert.equal((await post(of(name), {})).status, 402, name);
        assert.deepEqual(await log(), []);

        const author = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
        const gained = async (act) => {
            const before_ = await balance('USDC', author);
            const result = await act();
            return [(await balance('USDC', author)) - before_, result];
        };
        let [money, { answer }] = await gained(() => buy(of('fair'), {}));
        assert.deepEqual([money, answer.status], [1000n, 200]);
        [money, { answer }] = await gained(() => buy(of('overcharge'), {}));
        assert.deepEqual([money, answer.status, receiptOf(answer).amount], [40000n, 200, '40000']);
        [money, { answer }] = await gained(() => buy(of('again-and-again'), {}));
        assert.deepEqual([money, answer.status], [1000n, 402]);
        [money] = await gained(() => assert.rejects(buy(of('dropped-after-settlement'), {})));
        assert.equal(money, 1000n);
        [money, { answer }] = await gained(() => buy(of('error-after-settlement'), {}));
        assert.deepEqual([money, answer.status], [1000n, 500]);
        [money, { answer }] = await gained(() => buy(of('empty-answer'), {}));
        assert.deepEqual([money, answer.status, answer.body], [1000n, 200, '']);
        [money, { answer }] = await gained(() => buy(of('lying-receipt'), {}));
        assert.deepEqual([money, receiptOf(answer).transaction], [0n, `0x${'11'.repeat(32)}`]);
        [money, { answer }] = await gained(() => buy(of('lying-amount'), {}));
        assert.deepEqual([money, receiptOf(answer).amount], [20000n, '1']);
        [money] = await gained(() => buy(of('late-settlement'), {}));
        assert.equal(money, 0n);
        [money] = await gained(() => ask(`${bad.hostile}/flush`, { method: 'POST' }));
        assert.equal(money, 1000n);

        const { answer: sent, headers } = await buy(of('redirect'), {});
        assert.equal(sent.status, 307);
        await ask(sent.headers.location, { method: 'POST', headers });
        const entries = await log();
        assert.equal(entries.length, 11);
        assert.deepEqual([entries.at(-1).where, entries.at(-1).path], ['elsewhere', '/stolen']);
        assert.equal(entries.at(-1).payload.accepted.amount, '1000');
        assert.notEqual(offerOf(await post(of('price-switched'), {})).accepts[0].amount, '1000', 'the second time it is dearer');
    } finally {
        await bad.stop();
    }
});
