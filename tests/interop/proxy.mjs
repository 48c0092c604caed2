// A faulty network between souk and a server: forwards requests, and spoils answers on order.

import http from 'node:http';
import net from 'node:net';

const forward = (target, request, body) => new Promise((resolve, reject) => {
    const { host, ...headers } = request.headers;
    delete headers['accept-encoding'];
    const out = http.request(new URL(request.url, target), { method: request.method, headers }, (answer) => {
        const parts = [];
        answer.on('data', (d) => parts.push(d));
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    out.on('error', reject);
    out.end(body);
});

const read = (request) => new Promise((resolve) => {
    const parts = [];
    request.on('data', (d) => parts.push(d));
    request.on('end', () => resolve(Buffer.concat(parts)));
});

function plain(response, status, type, body, headers = {}) {
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
    response.end(body);
}

/** What a fault gets: {request, body, calls (JSON-RPC, or []), response, target, n: its number from 1}. */
export class Proxy {
    constructor(target) {
        this.target = target;
        this.n = 0;
        this.told = this.lies = 0; // answers with logs, and how many of them were not the truth
        this.seen = [];
        this.fault = null;
    }

    /** fault(x) answers itself and returns true, or returns false to let the request through; or a
     *  function of the good answer's JSON that returns what is to be sent instead. */
    async listen() {
        this.server = http.createServer(async (request, response) => {
            try {
                await this.handle(request, response);
            } catch {
                response.destroy();
            }
        });
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    async handle(request, response) {
        const body = await read(request);
        let calls = [];
        if (request.method === 'POST') calls = [JSON.parse(body)].flat();
        const x = { request, body, calls, response, target: this.target, n: ++this.n, proxy: this };
        this.seen.push(x);
        const did = this.fault ? await this.fault(x) : false;
        if (did === true) return;
        const good = await forward(this.target, request, body);
        if (typeof did !== 'function') {
            response.writeHead(good.status, good.headers);
            response.end(good.body);
            return;
        }
        const changed = did(JSON.parse(good.body), x);
        plain(response, good.status, 'application/json', JSON.stringify(changed));
    }

    close() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }
}

const isLogs = (x) => x.calls.some((c) => c.method === 'eth_getLogs');
const span = (x) => {
    const [p] = x.calls.find((c) => c.method === 'eth_getLogs').params;
    return Number(p.toBlock) - Number(p.fromBlock) + 1;
};

/** Applies a change to the logs in an answer. */
const withLogs = (change) => (answer, x) => {
    const list = [answer].flat();
    for (const a of list) {
        const asked = x.calls.find((c) => c.id === a.id);
        if (asked?.method === 'eth_getLogs' && Array.isArray(a.result)) a.result = change(a.result);
    }
    return Array.isArray(answer) ? list : list[0];
};

/** The node answers each eth_getLogs of too wide a range with an error; other calls go through. */
const tooMany = (blocks, message, code = -32005) => (x) => {
    if (!isLogs(x) || span(x) <= blocks) return false;
    const answer = x.calls.map((c) => (c.method === 'eth_getLogs' ? { jsonrpc: '2.0', id: c.id, error: { code, message: message(c.params[0]) } }
        : { jsonrpc: '2.0', id: c.id, result: null }));
    plain(x.response, 200, 'application/json', JSON.stringify(x.body[0] === 0x5b ? answer : answer[0]));
    return true;
};

const every = (k, fault) => (x) => (x.n % k === 0 ? fault(x) : false);
const hex = (n) => `0x${n.toString(16)}`;

/** Sends a body without end: 2 GB are promised. */
function flood(x) {
    x.response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 ** 31 });
    const part = Buffer.alloc(1 << 20, 0x20);
    const more = () => { while (!x.response.destroyed && x.response.write(part)); };
    x.response.on('drain', more);
    more();
    return true;
}

function cut(x) {
    x.response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5000 });
    x.response.write('[{"jsonrpc":"2.0","id":1,"result":[{"address":"0x', () => x.response.destroy());
    return true;
}

const answer = (status, type, body, headers) => (x) => {
    plain(x.response, status, type, body, headers);
    return true;
};

const HTML = '<!doctype html><title>502</title><body>\u001b]0;owned\u0007Bad gateway</body>';

/** Faults that a patient client gets over: the figures must be right in the end. */
export const passing = {
    'a third of answers 429 with Retry-After': () => every(3, answer(429, 'text/plain', 'slow down', { 'retry-after': '0' })),
    'some answers 429 without Retry-After': () => every(7, answer(429, 'text/plain', 'slow down')),
    'a third of answers 500': () => (x) => (isLogs(x) && x.n % 3 === 0 ? answer(500, 'text/plain', 'oops')(x) : false),
    'some answers cut': () => (x) => (isLogs(x) && x.n % 3 === 0 ? cut(x) : false),
    'some answers HTML': () => (x) => (isLogs(x) && x.n % 3 === 0 ? answer(200, 'text/html', HTML)(x) : false),
    'some answers empty': () => (x) => (isLogs(x) && x.n % 3 === 0 ? answer(200, 'application/json', '')(x) : false),
    'at most 40 blocks, and says so': () => tooMany(40, (p) => `query returned more than 10000 results. Try with this block range [${p.fromBlock}, ${hex(Number(p.fromBlock) + 39)}].`),
    'at most 23 blocks, without a number': () => tooMany(23, () => 'query returned more than 10000 results'),
    'a block at a time': () => tooMany(1, () => 'Response size exceeded'),
    'at most 16 blocks, another dialect': () => tooMany(16, () => 'exceed maximum block range: 16', -32000),
    'wide ranges too large': () => (x) => (isLogs(x) && span(x) > 60 ? flood(x) : false),
    'drops connections': () => (x) => (x.n % 9 === 4 ? x.response.destroy() ?? true : false),
    'limits the rate in an error': () => (x) => (x.n % 7 === 3 ? answer(200, 'application/json', JSON.stringify(x.calls.map((c) => ({ jsonrpc: '2.0', id: c.id,
        error: { code: -32005, message: 'rate limit exceeded, retry in a moment' } }))).replace(...(x.body[0] === 0x5b ? ['', ''] : [/^\[|\]$/g, ''])))(x) : false),
    'logs twice': () => (x) => (isLogs(x) ? withLogs((l) => l.flatMap((one) => [one, one])) : false),
    'logs in reverse': () => (x) => (isLogs(x) ? withLogs((l) => [...l].reverse()) : false),
    'batches in reverse': () => (x) => (x.calls.length > 1 ? (list) => [...list].reverse() : false),
    'no batches': () => (x) => (x.body[0] === 0x5b ? answer(200, 'application/json',
        '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch not allowed"}}')(x) : false),
    'no block times in logs': () => (x) => (isLogs(x) ? withLogs((l) => l.map(({ blockTimestamp, ...rest }) => rest)) : false),
    'removed logs now and then': () => (x) => (isLogs(x) && x.n % 4 === 0 ? withLogs((l) => l.map((one) => ({ ...one, removed: true }))) : false),
    'blocks missing at the head now and then': () => (x) => (isLogs(x) && x.n % 4 === 0 ? (list) => [list].flat().map((a) => ({ ...a, result: Array.isArray(a.result) ? [] : null })) : false),
};

/** A node that lies in the logs of one answer in `rate`, where there is anything to lie about. */
const lying = (change) => (rate) => (x) => (isLogs(x) ? withLogs((logs) => {
    const p = x.proxy;
    if (logs.length === 0 || ++p.told % rate !== Math.floor(rate / 2)) return logs;
    p.lies++;
    return change(structuredClone(logs), p.lies);
}) : false);
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';

export const liars = {
    'a log is missing': lying((logs, k) => logs.filter((_, i) => i !== k % logs.length)),
    'an amount is another': lying((logs) => {
        const log = logs.find((l) => l.topics[0] === TRANSFER) ?? logs[0];
        log.data = `${log.data.slice(0, -1)}${log.data.endsWith('1') ? '2' : '1'}`;
        return logs;
    }),
    'a payer is another': lying((logs) => {
        const log = logs.find((l) => l.topics[0] === TRANSFER) ?? logs[0];
        log.topics[1] = `${log.topics[1]?.slice(0, -4)}beef`;
        return logs;
    }),
    'a log is there twice, further on': lying((logs) => [...logs, { ...logs[0], logIndex: hex(Number(logs.at(-1).logIndex) + 1), blockNumber: logs.at(-1).blockNumber,
        blockHash: logs.at(-1).blockHash, transactionHash: logs.at(-1).transactionHash }]),
    'no logs at all': lying(() => []),
};

/** Faults that stay: [fault, what the message must say]. */
export const lasting = {
    'another chain': [(x) => (x.calls.some((c) => c.method === 'eth_chainId')
        ? (list) => [list].flat().map((a) => (x.calls.find((c) => c.id === a.id).method === 'eth_chainId' ? { ...a, result: '0x1' } : a)) : false),
    /chain 1, not \d+/],
    'always removed logs': [(x) => (isLogs(x) ? withLogs((l) => l.map((one) => ({ ...one, removed: true }))) : false), /taken back/],
    'logs of other blocks': [(x) => (isLogs(x) ? withLogs((l) => l.map((one) => ({ ...one, blockNumber: '0xfffffff' }))) : false), /other blocks/],
    'logs of another contract': [(x) => (isLogs(x) ? withLogs((l) => l.map((one) => ({ ...one, address: `0x${'11'.repeat(20)}` }))) : false), /other contracts/],
    'two hashes for one block': [(x) => (isLogs(x) ? withLogs((l) => l.map((one) => ({ ...one, blockHash: `0x${'22'.repeat(32)}` }))) : false), /hash|another block/],
    'an error': [(x) => (isLogs(x) ? (list) => [list].flat().map((a) => (Array.isArray(a.result) ? { jsonrpc: '2.0', id: a.id,
        error: { code: -32603, message: 'disk \u001b[31mon fire\u001b]0;owned\u0007' } } : a)) : false), /on fire/],
    HTML: [answer(200, 'text/html', HTML), /JSON/],
    nothing: [answer(200, 'application/json', ''), /empty/],
    '500': [answer(500, 'text/plain', 'oops'), /500/],
    'cut answers': [cut, /./],
    '2 GB': [flood, /./],
    'nobody there': [(x) => { x.response.destroy(); return true; }, /./],
};

/** The same for the Hub. */
export const hubLasting = {
    HTML: [answer(200, 'text/html', HTML), /Hub/],
    'half a page': [(x) => { x.response.writeHead(200, { 'content-type': 'application/json' }); x.response.end('{"models":[{"name":"half'); return true; }, /Hub/],
    'a cut page': [cut, /Hub/],
    '500': [answer(500, 'text/plain', 'oops'), /Hub.* 500/],
    '429': [answer(429, 'text/plain', 'later', { 'retry-after': '3600' }), /Hub.*429/],
    nothing: [answer(200, 'application/json', ''), /Hub/],
    'another shape': [answer(200, 'application/json', '{"detail":"\u001b]0;owned\u0007"}'), /Hub/],
    '2 GB': [flood, /Hub/],
    'the same page for ever': [(x) => { x.request.url = x.request.url.replace(/page=\d+/, 'page=0'); return false; }, /same models/],
};

/** A port where nobody listens. */
export async function deadPort() {
    const server = net.createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}
