// What the enclave of an LLM gateway signs, and how: facts of OpenGradient's tee-gateway.

import crypto from 'node:crypto';
import { keccak256 } from 'viem';

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

const toolCalls = (calls) => calls.map((t) => ({ id: t.id, type: t.type,
    function: { name: t.function?.name, arguments: t.function?.arguments } }));

const content = (c) => (Array.isArray(c) ? c.map((p) => ('text' in p ? { type: p.type, text: p.text }
    : { type: p.type, ...(p.filename === undefined ? {} : { filename: p.filename }) })) : c ?? '');

/** The members of a request that count: stream, top_p, user and their like are not signed. */
export function signedView(body) {
    const view = { model: body.model, temperature: body.temperature ?? 0 };
    if (body.messages === undefined) view.prompt = body.prompt ?? '';
    else view.messages = body.messages.map((m) => ({ role: m.role, content: content(m.content),
        ...(m.tool_calls ? { tool_calls: toolCalls(m.tool_calls) } : {}),
        ...(m.tool_call_id ? { tool_call_id: m.tool_call_id } : {}),
        ...(m.role === 'function' && m.name ? { name: m.name } : {}) }));
    for (const key of ['max_tokens', 'stop', 'tools', 'response_format', 'web_search'])
        if (body[key] !== undefined && body[key] !== null && body[key] !== false && !(Array.isArray(body[key]) && body[key].length === 0))
            view[key] = body[key];
    return view;
}

export function makeEnclave() {
    const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const der = publicKey.export({ type: 'spki', format: 'der' });
    return { privateKey, der, pem: publicKey.export({ type: 'spki', format: 'pem' }), id: keccak256(der) };
}

const bytes = (hex) => Buffer.from(hex.slice(2), 'hex');

/** The tee_* members for an answer; `tool_calls` are hashed in place of a text when there are some. */
export function attest(enclave, body, text, calls = null) {
    const request = keccak256(Buffer.from(canonical(signedView(body))));
    const output = keccak256(Buffer.from(calls ? canonical(calls) : text, 'utf8'));
    const timestamp = Math.floor(Date.now() / 1000);
    const word = Buffer.alloc(32);
    word.writeBigUInt64BE(BigInt(timestamp), 24);
    const message = bytes(keccak256(Buffer.concat([bytes(request), bytes(output), word])));
    const signature = crypto.sign('sha256', message,
        { key: enclave.privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    return { tee_signature: signature.toString('base64'), tee_request_hash: request.slice(2), tee_output_hash: output.slice(2),
        tee_timestamp: timestamp, tee_id: enclave.id };
}
