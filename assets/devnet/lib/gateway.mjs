// A double of OpenGradient's TEE gateway: completions paid by an upto permit per session, answers
// signed as the enclave would, over https with a certificate of its own that the registry names.
// What it says is canned; payment, signatures and TLS are real.
//
// Simpler than the real one: keys made at each start, no attestation.

import crypto from 'node:crypto';
import https from 'node:https';
import { HTTPFacilitatorClient } from '@x402/core/server';
import { makeCertificate, makeKey } from './cert.mjs';
import { Sessions } from './sessions.mjs';
import { Switches } from './switches.mjs';
import { attest } from './tee.mjs';
import { readBody, sendJson } from './web.mjs';

const CAP = 5n * 10n ** 18n;
const TIMEOUT = 600;
const OPG_USD_MILLI = 100n; // 0.100 USD
const PLACES = ['/v1/chat/completions', '/v1/completions'];
const SETTLEMENTS = ['private', 'batch', 'individual'];

/** USD per 1e9 tokens, in and out, by the name without its provider. Every llmPath of the Hub is here. */
export const PRICES = { 'gpt-5-mini': [250, 2000], 'gpt-5': [1250, 10000], 'claude-haiku': [1000, 5000], 'gemini-flash': [300, 2500],
    'grok-mini': [300, 500], 'llama-3-8b-instruct': [50, 80], 'mistral-small': [100, 300], 'qwen-2-7b': [40, 90], 'deepseek-chat': [270, 1100] };

const SWITCHES = {
    batch_only: false,        // offers payment channels and nothing else; also for models "batch/…"
    sse_settlement: false,    // settles a streamed answer at its end and says so in an event, without a session
    overcharge: false,        // sessions are settled at their cap
    tamper: '',               // "signature", "request" or "output": what is wrong with the proof
    stream_error: 0,          // after so many words of a stream an error, and no [DONE]
    stream_cut: 0,            // after so many words the connection breaks
    other_certificate: false, // shows one that the registry does not name
    end_sessions: false,      // settles all open ones, at once
};

export function gatewayServer({ enclave, facilitatorUrl, facilitatorAddress, network, opg, payTo, idleMs }) {
    const facilitator = new HTTPFacilitatorClient({ url: facilitatorUrl });
    const certificate = makeCertificate({ name: 'devnet gateway', key: makeKey() });
    const impostor = makeCertificate({ name: 'devnet gateway', key: makeKey() });

    const requirements = () => ({ scheme: 'upto', network, amount: CAP.toString(), asset: opg.address, payTo, maxTimeoutSeconds: TIMEOUT,
        extra: { name: opg.name, version: opg.version, assetTransferMethod: 'permit2', facilitatorAddress } });
    const channel = () => ({ ...requirements(), scheme: 'batch-settlement', amount: (CAP / 100n).toString(),
        extra: { name: opg.name, version: opg.version, receiverAuthorizer: facilitatorAddress, withdrawDelay: 86400 } });

    const switches = new Switches(SWITCHES, async (name, value) => {
        if (name === 'other_certificate') server.setSecureContext(value ? impostor : certificate);
        if (name === 'end_sessions') await sessions.settleAll();
    });
    const sessions = new Sessions({ facilitator, requirements, idleMs, overcharge: () => switches.now.overcharge });

    function offer(request, error, batch) {
        const resource = { url: `https://${request.headers.host}${request.url}`, description: 'LLM inference', mimeType: 'application/json' };
        const info = { description: 'The facilitator pays for an approval', version: '1' };
        const body = { x402Version: 2, error, resource, accepts: [batch ? channel() : requirements()],
            extensions: { erc20ApprovalGasSponsoring: { info, schema: { type: 'object' } } } };
        return { 'payment-required': Buffer.from(JSON.stringify(body)).toString('base64'), 'cache-control': 'no-store' };
    }

    /** Tokens times USD per 1e9 tokens, in OPG's atomic units, rounded up; and the same in USD. */
    function price(model, usage) {
        const nano = BigInt(usage.prompt_tokens * PRICES[model][0] + usage.completion_tokens * PRICES[model][1]);
        const cost = (nano * 10n ** 12n + OPG_USD_MILLI - 1n) / OPG_USD_MILLI;
        const usd = nano.toString().padStart(10, '0');
        return { cost, block: { cost_opg: cost.toString(), cost_usd: `${usd.slice(0, -9)}.${usd.slice(-9)}`, opg_price_usd: '0.100' } };
    }

    function prove(body, text) {
        const proof = attest(enclave, body, text);
        const { tamper } = switches.now;
        if (tamper === 'signature') proof.tee_signature = Buffer.from(crypto.randomBytes(256)).toString('base64');
        if (tamper === 'request') proof.tee_request_hash = crypto.randomBytes(32).toString('hex');
        if (tamper === 'output') proof.tee_output_hash = crypto.randomBytes(32).toString('hex');
        return proof;
    }

    async function stream(response, { headers, model, words, last, afterwards }) {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', ...headers });
        const say = (value, event) => response.write(`${event ? `event: ${event}\n` : ''}data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`);
        for (const [i, word] of words.entries()) {
            if (switches.now.stream_cut && i === switches.now.stream_cut) return response.destroy();
            if (switches.now.stream_error && i === switches.now.stream_error) {
                say({ error: 'the model stopped answering' });
                return response.end();
            }
            say(last.object === 'text_completion' ? { choices: [{ text: word, index: 0, finish_reason: null }], model }
                : { choices: [{ delta: i === 0 ? { role: 'assistant', content: word } : { content: word }, index: 0, finish_reason: null }], model });
            await new Promise((resolve) => setTimeout(resolve, 15));
        }
        say(last.frame);
        const settled = await afterwards();
        if (settled) say({ success: settled.success, paymentResponse: Buffer.from(JSON.stringify(settled)).toString('base64') }, 'x402-settlement');
        say('[DONE]');
        return response.end();
    }

    async function complete(request, response, path) {
        const body = JSON.parse((await readBody(request, 20 * 1024 * 1024)).toString('utf8'));
        const model = String(body.model ?? '').replace(/^[^/]*\//, '');
        if (!Object.hasOwn(PRICES, model)) return sendJson(response, 400, { error: `Model '${model.slice(0, 100)}' is not supported` });
        const kind = request.headers['x-settlement-type'] ?? 'batch';
        if (!SETTLEMENTS.includes(kind)) return sendJson(response, 400, { error: `Unknown settlement type; it is one of ${SETTLEMENTS.join(', ')}` });
        const asked = [...(body.messages ?? [])].reverse().find((m) => m.role === 'user')?.content ?? body.prompt ?? '';
        const question = typeof asked === 'string' ? asked : JSON.stringify(asked);
        if (question.includes('FORBIDDEN')) return sendJson(response, 451, { error: 'The request was stopped by moderation', moderation: { flagged: true } });
        const batch = switches.now.batch_only || String(body.model).startsWith('batch/');
        const { session, bare, offer: why } = batch ? { offer: 'Payment required' } : await sessions.admit(request);
        if (bare) return sendJson(response, 402, { error: bare });
        if (!session) return sendJson(response, why === 'permit2_allowance_required' ? 412 : 402, {}, offer(request, why, batch));

        const text = `You said ${JSON.stringify(question.slice(0, 200))}. This is a double of a gateway, so that is all I know about it.`;
        const usage = { prompt_tokens: Math.ceil(JSON.stringify(body.messages ?? body.prompt ?? '').length / 4),
            completion_tokens: Math.ceil(text.length / 4) };
        usage.total_tokens = usage.prompt_tokens + usage.completion_tokens;
        const { cost, block } = price(model, usage);
        sessions.charge(session, cost);
        const plain = path === '/v1/completions';
        const rest = { model, usage, ...prove(body, text), opengradient: block, moderation: { flagged: false } };
        const atOnce = Boolean(body.stream) && switches.now.sse_settlement;
        const headers = { 'x-settlement-type': kind, ...(atOnce ? {} : { 'x-upto-session': session.id }) };
        const object = plain ? 'text_completion' : 'chat.completion';
        if (body.stream)
            return stream(response, { headers, model, words: text.split(/(?<= )/),
                last: { object, frame: { choices: [{ ...(plain ? { text: '' } : { delta: {} }), index: 0, finish_reason: 'stop' }], ...rest } },
                afterwards: () => (atOnce ? sessions.settle(session) : null) });
        const choice = { index: 0, finish_reason: 'stop', ...(plain ? { text } : { message: { role: 'assistant', content: text } }) };
        return sendJson(response, 200, { id: `chatcmpl-${crypto.randomUUID()}`, object, created: Math.floor(Date.now() / 1000),
            choices: [choice], ...rest }, headers);
    }

    const perToken = (n) => `0.${String(n).padStart(9, '0')}`;
    const models = { object: 'list', data: Object.entries(PRICES).map(([id, [input, output]]) => ({ id, object: 'model', owned_by: 'devnet',
        pricing: { input_usd_per_token: perToken(input), output_usd_per_token: perToken(output) } })) };

    async function answer(request, response) {
        const path = request.url.split('?')[0];
        if (await switches.handle(request, response)) return undefined;
        if (request.method === 'GET' && path === '/health') return sendJson(response, 200, { status: 'ok', price_feed: { price_usd: '0.100' } });
        if (request.method === 'GET' && path === '/signing-key') return sendJson(response, 200, { public_key: enclave.pem, tee_id: enclave.id });
        if (request.method === 'GET' && path === '/v1/models') return sendJson(response, 200, models);
        if (request.method === 'POST' && PLACES.includes(path)) return complete(request, response, path);
        return sendJson(response, 404, { error: 'not found' });
    }

    const server = https.createServer(certificate, (request, response) => answer(request, response).catch((e) => {
        if (!response.headersSent) sendJson(response, e.status ?? (e instanceof SyntaxError ? 400 : 502), { error: e.message });
        else response.destroy();
    }));
    return { server, certificate: certificate.der };
}
