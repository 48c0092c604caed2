// A seller that means harm, for the tests: one path for each attack on who pays a 402. Where an
// attack needs money to move, it moves, through the real facilitator.
//
//   POST /a/NAME   the attack of that name (any method); /a/NAME/ANYTHING too, as a subject of its own
//   GET  /         the names
//   GET  /log      every payment header that came, here and at the second server, with the path
//   GET  /visits   every request that came, at both: {where, method, path, paid}
//   GET  /wait?path=P&paid=B   answers when such a request has come
//   POST /flush    settles what "late-settlement" holds back
//
// "as-told" asks what its query says: ?base=fair|in-opg|upto, ?offer= an object of members to put
// over that (or a list of them, one for each unpaid request), ?demand= the same for the rest.
//
// The second server is where redirects lead: another port, so another origin.

import http from 'node:http';
import { HTTPFacilitatorClient } from '@x402/core/server';
import { readBody, sendJson } from './web.mjs';

const PAYMENT_HEADERS = ['payment-signature', 'x-payment'];
const MAX = (2n ** 256n - 1n).toString();
const PERMIT2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3';
const STRANGER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const AUTHOR = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
const MIB = 1 << 20;

const base64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const answer = { answer: 'forty-two' };

export function hostileServers({ facilitatorUrl, facilitatorAddress, network, tokens, wallet }) {
    const facilitator = new HTTPFacilitatorClient({ url: facilitatorUrl });
    const [usdc, opg] = ['USDC', 'OPG'].map((s) => tokens.find((t) => t.symbol === s));
    const log = [];
    const held = [];
    const turns = new Map();
    const visits = [];
    const waiting = [];

    // --- what is said ----------------------------------------------------------------------------

    const fair = { scheme: 'exact', network, amount: '1000', asset: usdc.address, payTo: AUTHOR, maxTimeoutSeconds: 300,
        extra: { name: usdc.name, version: usdc.version } };
    const inOpg = { ...fair, asset: opg.address, amount: (10n ** 16n).toString(),
        extra: { name: opg.name, version: opg.version, assetTransferMethod: 'permit2' } };
    const upto = { ...fair, scheme: 'upto', amount: '40000',
        extra: { ...fair.extra, assetTransferMethod: 'permit2', facilitatorAddress } };
    const sponsoring = { eip2612GasSponsoring: { info: { description: 'The facilitator pays for a permit', version: '1' },
        schema: { type: 'object' } } };

    const urlOf = (request) => `http://${request.headers.host}${request.url}`;
    const demand = (request, accepts, more = {}) => ({ x402Version: 2, error: 'Payment required',
        resource: { url: urlOf(request), description: 'One answer', mimeType: 'application/json' }, accepts: [accepts].flat(), ...more });
    const ask = (response, header, status = 402, body = {}) => sendJson(response, status, body,
        { 'payment-required': header, 'cache-control': 'no-store' });
    const raw = (request, bytes) => {
        request.socket.write(bytes);
        return request.socket;
    };

    // --- what is done with a payment -----------------------------------------------------------------

    /** The payment of a request: {payload, accepted}; null when there is none. */
    function payment(request) {
        const name = PAYMENT_HEADERS.find((h) => request.headers[h]);
        if (!name) return null;
        try {
            const payload = JSON.parse(Buffer.from(request.headers[name], 'base64').toString('utf8'));
            return { payload, accepted: payload.accepted };
        } catch {
            return { payload: null, accepted: null };
        }
    }

    async function take({ payload, accepted }, amount = undefined) {
        if (!accepted) return { success: false, transaction: '', network, errorReason: 'unreadable' };
        try {
            return await facilitator.settle(payload, amount === undefined ? accepted : { ...accepted, amount });
        } catch (e) {
            return { success: false, transaction: '', network, errorReason: e.message };
        }
    }

    const receipt = (settled) => ({ 'payment-response': base64(settled) });

    /** Answers as an honest seller does. */
    async function serve(request, response, paid) {
        const settled = await take(paid);
        return settled.success ? sendJson(response, 200, answer, receipt(settled)) : ask(response, base64(demand(request, fair)), 402);
    }

    // --- the attacks -----------------------------------------------------------------------------------

    /** Offers this, and serves who pays it. */
    const offering = (accepts, more) => async (request, response, paid) => (paid ? serve(request, response, paid)
        : ask(response, base64(demand(request, typeof accepts === 'function' ? accepts(turn(request), request) : accepts,
            typeof more === 'function' ? more(request) : more))));
    /** Offers something fair, and does this with the payment. */
    const paid = (act, accepts = fair, more = undefined) => (request, response, payment_) => (payment_ ? act(request, response, payment_)
        : ask(response, base64(demand(request, accepts, more))));
    /** Says this header, always. */
    const header = (value) => (request, response) => ask(response, typeof value === 'function' ? value(request) : value);
    const text = (request, members) => `{"x402Version":2,"resource":{"url":${JSON.stringify(urlOf(request))}},"accepts":[{${members}}]}`;
    const members = (amount) => `"scheme":"exact","network":"${network}","amount":${amount},"asset":"${usdc.address}","payTo":"${AUTHOR}",` +
        `"maxTimeoutSeconds":300,"extra":{"name":"${usdc.name}","version":"${usdc.version}"}`;

    /** How often this path was asked without payment, from 0. */
    function turn(request) {
        const n = turns.get(request.url) ?? 0;
        turns.set(request.url, n + 1);
        return n;
    }

    /** What the query tells to say. */
    const told = (request, name) => new URL(request.url, 'http://here').searchParams.get(name);
    const toldOffer = (n, request) => {
        const over = [JSON.parse(told(request, 'offer') ?? '{}')].flat();
        return { ...{ fair, 'in-opg': inOpg, upto }[told(request, 'base') ?? 'fair'], ...over[Math.min(n, over.length - 1)] };
    };

    const attacks = {
        fair: offering(fair),
        'as-told': offering(toldOffer, (request) => JSON.parse(told(request, 'demand') ?? '{}')),
        // 1: the price
        'price-switched': offering((n) => (n === 0 ? fair : { ...fair, amount: '9000' })),
        'price-raised-when-paid': paid((request, response) => ask(response, base64(demand(request, { ...fair, amount: '9000' })))),
        'above-cap': offering({ ...fair, amount: '1000000000' }),
        'all-of-it': offering({ ...fair, amount: MAX }),
        // 2: the asset
        'asset-switched': offering((n) => (n === 0 ? fair : { ...inOpg, amount: (10n ** 18n).toString() })),
        'fake-usdc': offering({ ...fair, asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e' }),
        'decimals-lied': offering({ ...inOpg, amount: (3n * 10n ** 18n).toString(), extra: { ...inOpg.extra, decimals: 24, symbol: 'USDC' } },
            { extensions: sponsoring }),
        'domain-lied': offering({ ...fair, extra: { name: 'USDC', version: '1' } }),
        'domain-missing': offering({ ...fair, extra: {} }),
        // 3: the network
        'wrong-network': offering({ ...fair, network: 'eip155:1' }),
        'bad-network': offering({ ...fair, network: `${network}abc` }),
        'padded-network': offering({ ...fair, network: network.replace(':', ':0') }),
        'solana': offering({ ...fair, network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', asset: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v' }),
        // 4: the payee
        'payto-changed': offering((n) => (n === 0 ? fair : { ...fair, payTo: STRANGER })),
        'payto-zero': offering({ ...fair, payTo: `0x${'0'.repeat(40)}` }),
        'payto-self': offering({ ...fair, payTo: wallet }),
        'payto-token': offering({ ...fair, payTo: usdc.address }),
        'payto-permit2': offering({ ...fair, payTo: PERMIT2 }),
        'payto-checksum': offering({ ...fair, payTo: AUTHOR.replace('F', 'f') }),
        'payto-short': offering({ ...fair, payTo: AUTHOR.slice(0, 40) }),
        // 5: the time
        'ten-years': offering({ ...fair, maxTimeoutSeconds: 315360000 }),
        'no-time': offering({ ...fair, maxTimeoutSeconds: 0 }),
        'time-before': offering({ ...fair, maxTimeoutSeconds: -300 }),
        'half-second': offering({ ...fair, maxTimeoutSeconds: 0.5 }),
        'endless-time': header((request) => base64(text(request, members('"1000"').replace(':300,', ':1e400,')))),
        // 6: the charge
        overcharge: paid(async (request, response, p) => {
            const settled = await take(p);
            return sendJson(response, 200, { answer: '.' }, receipt(settled));
        }, upto, { extensions: sponsoring }),
        'charged-beyond': paid(async (request, response, p) => {
            const settled = await take(p, (BigInt(upto.amount) + 1n).toString());
            return sendJson(response, 200, answer, receipt(settled.success ? settled : { success: true, network,
                transaction: `0x${'22'.repeat(32)}`, amount: (BigInt(upto.amount) + 1n).toString() }));
        }, upto, { extensions: sponsoring }),
        'no-facilitator': offering({ ...upto, extra: { ...upto.extra, facilitatorAddress: undefined } }),
        // 7: twice, or for nothing
        'again-and-again': paid(async (request, response, p) => {
            await take(p);
            return ask(response, base64(demand(request, fair)));
        }),
        'approval-first': (request, response) => ask(response, base64(demand(request, inOpg, { error: 'permit2_allowance_required' })), 412),
        'approval-again': paid((request, response) => ask(response, base64(demand(request, inOpg, { error: 'permit2_allowance_required' })), 412), inOpg),
        'never-satisfied': paid((request, response) => ask(response, base64(demand(request, fair, { error: 'invalid_exact_evm_payload_signature' })))),
        'dropped-after-settlement': paid(async (request, response, p) => {
            await take(p);
            request.socket.destroy();
        }),
        'half-an-answer': paid(async (request, response, p) => {
            const settled = await take(p);
            raw(request, `HTTP/1.1 200 OK\r\nPAYMENT-RESPONSE: ${base64(settled)}\r\nContent-Length: 5000\r\n\r\n{"answer":`).end();
        }),
        'error-after-settlement': paid(async (request, response, p) => {
            await take(p);
            return sendJson(response, 500, { error: 'Internal Server Error' });
        }),
        'error-unsettled': paid((request, response) => sendJson(response, 500, { error: 'Internal Server Error' })),
        'empty-answer': paid(async (request, response, p) => {
            response.writeHead(200, { ...receipt(await take(p)), 'content-length': 0 });
            response.end();
        }),
        'late-settlement': paid((request, response, p) => {
            held.push(p);
            return sendJson(response, 200, answer);
        }),
        unsettled: paid((request, response) => sendJson(response, 200, answer)),
        // receipts
        'lying-receipt': paid((request, response, p) => sendJson(response, 200, answer, receipt({ success: true,
            transaction: `0x${'11'.repeat(32)}`, network, payer: p.payload?.payload?.authorization?.from }))),
        'receipt-of-another': paid((request, response) => sendJson(response, 200, answer, receipt({ success: true,
            transaction: told(request, 'tx'), network }))),
        'another-receipt-settled': paid(async (request, response, p) => {
            const settled = await take(p);
            return sendJson(response, 200, answer, receipt({ ...settled, transaction: told(request, 'tx') }));
        }),
        'lying-amount': paid(async (request, response, p) => {
            const settled = await take(p, '20000');
            return sendJson(response, 200, answer, receipt({ ...settled, amount: '1' }));
        }, upto, { extensions: sponsoring }),
        'failure-claimed': paid(async (request, response, p) => {
            await take(p);
            return sendJson(response, 402, {}, { 'payment-required': base64(demand(request, fair)),
                ...receipt({ success: false, transaction: '', network, errorReason: 'insufficient_funds' }) });
        }),
        'garbage-receipt': paid(async (request, response, p) => {
            await take(p);
            return sendJson(response, 200, answer, { 'payment-response': '%%%' });
        }),
        // 8: elsewhere
        'other-host': offering(fair, () => ({ resource: { url: 'https://api.other.example/a/other-host', description: 'Another', mimeType: '' } })),
        'other-port': offering(fair, () => ({ resource: { url: `${elsewhereUrl()}/a/fair`, description: 'Another', mimeType: '' } })),
        'user-in-url': offering(fair, (request) => ({ resource: { url: `http://${request.headers.host}@api.other.example/`, description: '', mimeType: '' } })),
        redirect: paid((request, response) => {
            response.writeHead(Number(told(request, 'status') ?? 307), { location: `${elsewhereUrl()}/stolen` });
            response.end();
        }),
        'redirect-first': (request, response) => {
            response.writeHead(Number(told(request, 'status') ?? 307), { location: `${elsewhereUrl()}/a/fair` });
            response.end();
        },
        // 11: more than a payment
        'unlimited-permit': offering({ ...inOpg }, { extensions: { eip2612GasSponsoring: { info: { description: 'Sign this too', version: '1',
            spender: STRANGER, amount: MAX }, schema: { type: 'object' } } } }),
        'approval-demanded': offering(inOpg, { extensions: { erc20ApprovalGasSponsoring: { info: { description: 'Approve everything', version: '1',
            amount: MAX }, schema: { type: 'object' } } } }),
        // 19: what cannot be read
        'garbage-base64': header('!!!this is no base64!!!'),
        'base64url': header((request) => base64(demand(request, fair, { error: '???>>>' })).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')),
        'half-json': header(base64('{"x402Version":2,"accepts":[')),
        'deep-json': header(base64(`${'['.repeat(20000)}${']'.repeat(20000)}`)),
        'deeper-json': (request, response) => {
            response.writeHead(402, { 'content-type': 'application/json' });
            response.end(`{"x402Version":1,"accepts":${'['.repeat(100000)}${']'.repeat(100000)}}`);
        },
        'bad-utf8': header((request) => Buffer.from(text(request, `${members('"1000"')},"note":"\u00c3\u0028"`), 'latin1').toString('base64')),
        'nul-byte': header((request) => base64(text(request, `${members('"1000"')},"note":"a\\u0000b"`))),
        'duplicate-keys': header((request) => base64(text(request, `${members('"1000"')},"amount":"900000"`))),
        'number-amount': header((request) => base64(text(request, members('1000')))),
        'exponent-amount': header((request) => base64(text(request, members('1e3')))),
        'float-amount': header((request) => base64(text(request, members('"0.001"')))),
        'hex-amount': header((request) => base64(text(request, members('"0x3e8"')))),
        'blank-amount': header((request) => base64(text(request, members('" 1000"')))),
        'negative-amount': header((request) => base64(text(request, members('"-1000"')))),
        'huge-amount': header((request) => base64(text(request, members(`"${2n ** 256n + 1000n}"`)))),
        'zero-amount': header((request) => base64(text(request, members('"0"')))),
        'no-offers': header((request) => base64(demand(request, []))),
        'thousand-offers': header((request) => base64(demand(request, Array.from({ length: 1000 }, () => fair)))),
        'other-version': header((request) => base64({ ...demand(request, fair), x402Version: 3 })),
        'unknown-scheme': offering({ ...fair, scheme: 'subscription' }),
        'unknown-flow': offering({ ...fair, extra: { ...fair.extra, paymentFlow: 'mandate' } }),
        'batch-only': offering({ ...fair, scheme: 'batch-settlement' }),
        'no-x402': (request, response) => {
            response.writeHead(402, { 'content-type': 'text/html' });
            response.end('<h1>Pay at the desk</h1>');
        },
        'huge-header': (request) => {
            const socket = raw(request, 'HTTP/1.1 402 Payment Required\r\nPAYMENT-REQUIRED: ');
            const block = Buffer.alloc(MIB, 'A');
            let left = 10;
            const more = () => {
                while (left-- > 0) if (!socket.write(block)) return socket.once('drain', more);
                return socket.end('\r\nContent-Length: 0\r\n\r\n');
            };
            more();
        },
        'many-headers': (request) => {
            raw(request, `HTTP/1.1 402 Payment Required\r\n${'X-Filler: and more of it\r\n'.repeat(10000)}\r\n`).end();
        },
        'huge-description': (request, response) => sendJson(response, 402, { x402Version: 1, error: 'X-PAYMENT header is required',
            accepts: [{ ...fair, network: 'base-sepolia', amount: undefined, maxAmountRequired: '1000', resource: urlOf(request),
                description: 'A'.repeat(MIB), mimeType: 'application/json' }] }),
        'escapes': offering(fair, (request) => ({ error: '\u001b[2J\u001b]0;owned\u0007 \u202eyap',
            resource: { url: urlOf(request), description: 'Free \u001b[31mmoney\u200b\u202e', mimeType: '\u0007' } })),
        'two-voices': (request, response) => ask(response, base64(demand(request, fair)), 402, { x402Version: 1, error: 'X-PAYMENT header is required',
            accepts: [{ ...fair, network: 'base-sepolia', amount: undefined, maxAmountRequired: '1', resource: urlOf(request), description: '', mimeType: '' }] }),
        // time as a weapon
        'never-answers': () => {},
        'never-answers-paid': paid(() => {}),
        'slow-drip': (request) => {
            const socket = raw(request, 'HTTP/1.1 402 Payment Required\r\nContent-Type: application/json\r\n\r\n{');
            const timer = setInterval(() => socket.write(' '), 200);
            socket.once('close', () => clearInterval(timer));
        },
    };

    // --- the servers ---------------------------------------------------------------------------------

    /** Who waits for a request of this path hears of it, also when it came before. */
    const awaited = ({ path, paid: isPaid }) => visits.some((v) => v.path === path && (isPaid === null || v.paid === isPaid));
    function wakeWaiting() {
        for (const w of waiting.splice(0))
            if (awaited(w)) sendJson(w.response, 200, {});
            else waiting.push(w);
    }

    function note(request, where) {
        if (where === 'elsewhere' || request.url.startsWith('/a/')) {
            visits.push({ where, method: request.method, path: request.url.split('?')[0], paid: payment(request) !== null });
            wakeWaiting();
        }
        for (const name of PAYMENT_HEADERS)
            if (request.headers[name])
                log.push({ where, path: request.url, header: name, value: request.headers[name], payload: payment(request).payload });
    }

    async function handle(request, response) {
        note(request, 'here');
        const path = request.url.split('?')[0];
        await readBody(request, MIB);
        if (request.method === 'GET' && path === '/') return sendJson(response, 200, { attacks: Object.keys(attacks) });
        if (request.method === 'GET' && path === '/log') return sendJson(response, 200, log);
        if (request.method === 'GET' && path === '/visits') return sendJson(response, 200, visits);
        if (request.method === 'GET' && path === '/wait') {
            const isPaid = told(request, 'paid');
            waiting.push({ path: told(request, 'path'), paid: isPaid === null ? null : isPaid === 'true', response });
            return wakeWaiting();
        }
        if (request.method === 'POST' && path === '/flush')
            return sendJson(response, 200, await Promise.all(held.splice(0).map((p) => take(p))));
        const name = path.startsWith('/a/') ? path.split('/')[2] : '';
        const attack = Object.hasOwn(attacks, name) ? attacks[name] : null;
        return attack ? attack(request, response, payment(request)) : sendJson(response, 404, { error: 'no such attack' });
    }

    const server = http.createServer((request, response) => handle(request, response).catch((e) => {
        if (response.headersSent) response.destroy();
        else sendJson(response, 500, { error: e.message });
    }));
    const elsewhere = http.createServer((request, response) => {
        note(request, 'elsewhere');
        sendJson(response, 200, { answer: 'thank you' });
    });
    const elsewhereUrl = () => `http://127.0.0.1:${elsewhere.address().port}`;
    return { server, elsewhere, attacks: Object.keys(attacks) };
}
