// A double of OpenGradient's TEE gateway: chat completions paid by an upto permit per session, with
// answers signed as the enclave would. What it says is canned; the payment and signatures are real.
//
// Simpler than the real one: plain http, a key made at each start, no attestation.

import crypto from 'node:crypto';
import http from 'node:http';
import { keccak256 } from 'viem';
import { HTTPFacilitatorClient } from '@x402/core/server';
import { readBody, sendJson } from './web.mjs';

const CAP = 5n * 10n ** 18n;
const TIMEOUT = 600;
const MARGIN_S = 120;
const OPG_USD_MILLI = 100n; // 0.100 USD
const PRICES = { 'gpt-5-mini': [250, 2000], 'gpt-5': [1250, 10000], 'claude-haiku': [1000, 5000], 'gemini-flash': [300, 2500] }; // USD/1e9 tokens

/** Python's json.dumps(value, sort_keys=True): what the request hash is taken over. */
export function canonical(v, key = '') {
    if (v === null) return 'null';
    if (typeof v === 'boolean') return String(v);
    if (typeof v === 'number') {
        const float = key === 'temperature' || !Number.isInteger(v);
        if (!float) return String(v);
        if (Number.isInteger(v) && Math.abs(v) < 1e16) return `${v}.0`;
        return String(v).replace(/e([+-])(\d)$/, 'e$10$2');
    }
    if (typeof v === 'string')
        return JSON.stringify(v).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
    if (Array.isArray(v)) return `[${v.map((x) => canonical(x)).join(', ')}]`;
    return `{${Object.keys(v).sort().map((k) => `${canonical(k)}: ${canonical(v[k], k)}`).join(', ')}}`;
}

function signedView(body) {
    const messages = (body.messages ?? []).map((m) => {
        const out = { role: m.role, content: m.content ?? '' };
        if (m.tool_calls) out.tool_calls = m.tool_calls.map((t) => ({ id: t.id, type: t.type,
            function: { name: t.function?.name, arguments: t.function?.arguments } }));
        if (m.tool_call_id) out.tool_call_id = m.tool_call_id;
        return out;
    });
    const view = { model: body.model, messages, temperature: body.temperature ?? 0 };
    for (const key of ['max_tokens', 'stop', 'tools', 'response_format'])
        if (body[key] !== undefined && body[key] !== null && !(Array.isArray(body[key]) && body[key].length === 0)) view[key] = body[key];
    return view;
}

export function makeEnclave() {
    const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const der = publicKey.export({ type: 'spki', format: 'der' });
    return { privateKey, der, pem: publicKey.export({ type: 'spki', format: 'pem' }), id: keccak256(der) };
}

function attest(enclave, requestHash, text) {
    const outputHash = keccak256(Buffer.from(text, 'utf8'));
    const timestamp = Math.floor(Date.now() / 1000);
    const word = Buffer.alloc(32);
    word.writeBigUInt64BE(BigInt(timestamp), 24);
    const bytes = (hex) => Buffer.from(hex.slice(2), 'hex');
    const message = bytes(keccak256(Buffer.concat([bytes(requestHash), bytes(outputHash), word])));
    const signature = crypto.sign('sha256', message,
        { key: enclave.privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    return { tee_signature: signature.toString('base64'), tee_request_hash: requestHash.slice(2), tee_output_hash: outputHash.slice(2),
        tee_timestamp: timestamp, tee_id: enclave.id };
}

export function gatewayServer({ enclave, facilitatorUrl, facilitatorAddress, network, opg, payTo, idleMs }) {
    const facilitator = new HTTPFacilitatorClient({ url: facilitatorUrl });
    const sessions = new Map();

    const requirements = () => ({ scheme: 'upto', network, amount: CAP.toString(), asset: opg.address, payTo, maxTimeoutSeconds: TIMEOUT,
        extra: { name: opg.name, version: opg.version, assetTransferMethod: 'permit2', facilitatorAddress } });

    function offer(request, error) {
        const resource = { url: `http://${request.headers.host}${request.url}`, description: 'LLM inference', mimeType: 'application/json' };
        const info = { description: 'The facilitator pays for an approval', version: '1' };
        const body = { x402Version: 2, error, resource, accepts: [requirements()],
            extensions: { erc20ApprovalGasSponsoring: { info, schema: { type: 'object' } } } };
        return { 'payment-required': Buffer.from(JSON.stringify(body)).toString('base64'), 'cache-control': 'no-store' };
    }

    async function settle(session) {
        clearTimeout(session.timer);
        sessions.delete(session.id);
        if (session.cost === 0n || session.settled) return;
        session.settled = true;
        try {
            await facilitator.settle(session.payload, { ...requirements(), amount: session.cost.toString() });
        } catch (e) {
            process.stderr.write(`gateway: a session was not settled: ${e.message}\n`);
        }
    }

    function touch(session) {
        clearTimeout(session.timer);
        const left = (session.deadline - MARGIN_S) * 1000 - Date.now();
        session.timer = setTimeout(() => settle(session), Math.max(0, Math.min(idleMs, left)));
        session.timer.unref();
    }

    /** The session a request draws from; answers the request itself when there is none. */
    async function admit(request, response) {
        const place = `${request.method} ${request.url}`;
        const named = request.headers['x-upto-session'];
        const header = request.headers['payment-signature'];
        const id = header ? crypto.createHash('sha256').update(header).digest('hex') : named;
        const known = id ? sessions.get(id) : undefined;
        if (known && known.place === place && known.cost < CAP && Date.now() / 1000 < known.deadline - MARGIN_S) return known;
        if (named && !header) {
            sendJson(response, 402, { error: 'Session expired or exhausted' });
            return null;
        }
        if (!header) {
            sendJson(response, 402, {}, offer(request, 'Payment required'));
            return null;
        }
        let payload;
        try {
            payload = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
        } catch {
            sendJson(response, 402, {}, offer(request, 'Invalid payment header'));
            return null;
        }
        const deadline = Number(payload?.payload?.permit2Authorization?.deadline ?? 0);
        if (!(deadline - Date.now() / 1000 > MARGIN_S)) {
            sendJson(response, 402, { error: 'Payment authorization deadline missing or too soon' });
            return null;
        }
        const verdict = await facilitator.verify(payload, requirements());
        if (!verdict.isValid) {
            sendJson(response, 402, {}, offer(request, verdict.invalidReason));
            return null;
        }
        const session = { id, place, payload, deadline, cost: 0n, settled: false, timer: null };
        sessions.set(id, session);
        return session;
    }

    async function chat(request, response) {
        const body = JSON.parse((await readBody(request, 20 * 1024 * 1024)).toString('utf8'));
        const model = String(body.model ?? '').replace(/^[^/]*\//, '');
        if (!PRICES[model]) return sendJson(response, 400, { error: `Model '${model.slice(0, 100)}' is not supported` });
        const session = await admit(request, response);
        if (!session) return undefined;
        const question = [...(body.messages ?? [])].reverse().find((m) => m.role === 'user')?.content ?? body.prompt ?? '';
        const text = `You said ${JSON.stringify(String(question).slice(0, 200))}. This is a double of a gateway, so that is all I know about it.`;
        const usage = { prompt_tokens: Math.ceil(JSON.stringify(body.messages ?? '').length / 4), completion_tokens: Math.ceil(text.length / 4) };
        usage.total_tokens = usage.prompt_tokens + usage.completion_tokens;
        // Tokens times USD per 1e9 tokens, in OPG's atomic units, rounded up.
        const micro = BigInt(usage.prompt_tokens * PRICES[model][0] + usage.completion_tokens * PRICES[model][1]);
        const cost = (micro * 10n ** 12n + OPG_USD_MILLI - 1n) / OPG_USD_MILLI;
        session.cost = session.cost + cost > CAP ? CAP : session.cost + cost;
        touch(session);
        const proof = { ...attest(enclave, keccak256(Buffer.from(canonical(signedView(body)))), text), opengradient: { cost_opg: cost.toString() } };
        const base = { id: `chatcmpl-${crypto.randomUUID()}`, model, created: Math.floor(Date.now() / 1000) };
        const headers = { 'x-upto-session': session.id, 'x-settlement-type': request.headers['x-settlement-type'] ?? 'batch' };
        if (!body.stream)
            return sendJson(response, 200, { ...base, object: 'chat.completion', usage,
                choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }], ...proof }, headers);
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', ...headers });
        for (const word of text.split(/(?<= )/)) {
            const delta = { role: 'assistant', content: word };
            response.write(`data: ${JSON.stringify({ choices: [{ delta, index: 0, finish_reason: null }], model })}\n\n`);
            await new Promise((resolve) => setTimeout(resolve, 15));
        }
        response.write(`data: ${JSON.stringify({ choices: [{ delta: {}, index: 0, finish_reason: 'stop' }], model, usage, ...proof })}\n\n`);
        return response.end('data: [DONE]\n\n');
    }

    const server = http.createServer((request, response) => {
        const path = request.url.split('?')[0];
        if (request.method === 'GET' && path === '/health')
            return sendJson(response, 200, { status: 'ok', price_feed: { price_usd: '0.100' } });
        if (request.method === 'GET' && path === '/signing-key') return sendJson(response, 200, { public_key: enclave.pem, tee_id: enclave.id });
        if (request.method !== 'POST' || !['/v1/chat/completions', '/v1/completions'].includes(path))
            return sendJson(response, 404, { error: 'not found' });
        return chat(request, response).catch((e) => {
            if (!response.headersSent) sendJson(response, e.status ?? (e instanceof SyntaxError ? 400 : 502), { error: e.message });
            else response.destroy();
        });
    });
    return server;
}
