// A Walrus server, aggregator and storage node in one, that is honest until it is told otherwise.

import http from 'node:http';

const COPY = 64 * 1024;

/** What a fault gets: {request, response, id, bytes (what is asked for), range: [first, last] or null,
 *  whole: all of the blob, n: its number from 1}. It answers itself and returns true, or it returns false. */
export class HostileWalrus {
    constructor() {
        this.blobs = new Map(); // id -> bytes
        this.metadata = new Map(); // id -> BCS
        this.status = new Map(); // id -> what a node says
        this.epoch = 20;
        this.reset();
    }

    reset() {
        this.fault = null; // of blob reads
        this.nodeFault = null; // of everything else
        this.seen = []; // blob reads: {id, range: [first, last] or null}
        this.asked = []; // paths of everything else
    }

    put(id, bytes, metadata) {
        this.blobs.set(id, bytes);
        if (metadata) this.metadata.set(id, metadata);
        this.status.set(id, { permanent: { endEpoch: 61, isCertified: true } });
    }

    async listen() {
        this.server = http.createServer((request, response) => {
            response.on('error', () => {});
            this.handle(request, response);
        });
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    close() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }

    handle(request, response) {
        const match = /^\/v1\/(?:blobs\/([\w-]+)(\/metadata|\/status)?|(health))$/.exec(request.url);
        if (!match) return refuse(response, 400, 'Failed to deserialize query string');
        const [, id, what, health] = match;
        if (health || what) {
            this.asked.push(request.url);
            if (this.nodeFault?.({ request, response, id, n: this.asked.length })) return undefined;
            if (health) return json(response, 200, { success: { code: 200, data: { epoch: this.epoch } } });
            if (what === '/status') return json(response, 200, { success: { code: 200, data: this.status.get(id) ?? 'nonexistent' } });
            const bcs = this.metadata.get(id);
            return bcs ? send(response, 200, {}, bcs) : refuse(response, 404, 'no metadata');
        }
        const whole = this.blobs.get(id);
        const asked = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
        const range = asked ? [Number(asked[1]), Number(asked[2])] : null;
        this.seen.push({ id, range });
        const bytes = whole && (range ? whole.subarray(range[0], range[1] + 1) : whole);
        const x = { request, response, id, whole, bytes, range, n: this.seen.length };
        if (this.fault?.(x)) return undefined;
        return honest(x);
    }
}

function send(response, status, headers, bytes) {
    response.writeHead(status, { 'content-length': bytes.length, ...headers });
    response.end(bytes);
}

function json(response, status, value) {
    send(response, status, { 'content-type': 'application/json' }, Buffer.from(JSON.stringify(value)));
}

const refuse = (response, status, message) => json(response, status, { error: { status: 'X', code: status, message,
    details: [{ '@type': 'ErrorInfo', reason: 'X', domain: 'daemon.walrus.space' }] } });

const partOf = ({ range, whole }) => ({ 'content-range': `bytes ${range[0]}-${range[1]}/${whole.length}` });

export function honest(x, bytes = x.bytes) {
    const { response, whole, range, request } = x;
    if (!whole) return refuse(response, 404, 'the requested blob ID does not exist on Walrus');
    if (request.headers.range !== undefined && (!range || range[0] > range[1] || range[1] >= whole.length))
        return refuse(response, 416, 'the requested byte range is invalid');
    return send(response, range ? 206 : 200, range ? partOf(x) : {}, bytes);
}

// --- faults ---------------------------------------------------------------------------------------------

const did = (f) => (x) => {
    f(x);
    return true;
};
const tooFar = (x) => x.range && x.range[1] >= x.whole.length;

/** At most `most(x)` bytes of each answer, then the connection breaks. */
export const cut = (most) => (x) => {
    if (!x.whole || tooFar(x)) return false;
    const n = most(x);
    if (n >= x.bytes.length) return false;
    x.response.writeHead(x.range ? 206 : 200, { 'content-length': x.bytes.length, ...(x.range ? partOf(x) : {}) });
    x.response.write(x.bytes.subarray(0, n), () => x.response.destroy());
    if (n === 0) x.response.flushHeaders();
    return true;
};

/** The bytes at these places are others. */
export const changed = (places) => (x) => {
    if (!x.whole || tooFar(x)) return false;
    const bytes = Buffer.from(x.bytes);
    const from = x.range ? x.range[0] : 0;
    for (const p of places) if (p >= from && p < from + bytes.length) bytes[p - from] ^= 1;
    honest(x, bytes);
    return true;
};

export const status = (code, headers = {}, body = 'no') => did((x) => send(x.response, code, headers, Buffer.from(body)));

/** Another total in Content-Range. */
export const otherTotal = (total) => (x) => {
    if (!x.range || !x.whole) return false;
    const [a, b] = x.range;
    const bytes = Buffer.alloc(b - a + 1);
    x.whole.copy(bytes, 0, a, b + 1);
    send(x.response, 206, { 'content-range': `bytes ${a}-${b}/${typeof total === 'function' ? total(x) : total}` }, bytes);
    return true;
};

/** Content-Length says so much more than comes, or less. */
export const otherLength = (more) => (x) => {
    if (!x.whole || tooFar(x)) return false;
    x.response.writeHead(x.range ? 206 : 200, { ...(x.range ? partOf(x) : {}), 'content-length': Math.max(0, x.bytes.length + more) });
    x.response.write(x.bytes.subarray(0, Math.max(0, x.bytes.length + Math.min(0, more))), () => x.response.destroy());
    return true;
};

/** Another range than the one that was asked for. */
export const otherRange = (by) => (x) => {
    if (!x.range || !x.whole || tooFar(x)) return false;
    const [a, b] = [x.range[0] + by, x.range[1] + by];
    send(x.response, 206, { 'content-range': `bytes ${a}-${b}/${x.whole.length}` }, x.whole.subarray(a, b + 1));
    return true;
};

/** No Content-Range at all. */
export const noRange = () => (x) => x.range && x.whole ? (send(x.response, 206, {}, x.bytes), true) : false;

/** Ranges are ignored: always the whole. With or without its length. */
export const always200 = (length = true) => (x) => {
    if (!x.whole) return false;
    x.response.writeHead(200, length ? { 'content-length': x.whole.length } : {});
    x.response.end(x.whole);
    return true;
};

/** A body that never ends, of unstated length. */
export const endless = () => did((x) => {
    x.response.writeHead(200);
    const part = Buffer.alloc(COPY, 7);
    const more = () => { while (!x.response.destroyed && x.response.write(part)); };
    x.response.on('drain', more);
    more();
});

/** Nothing more comes behind the first bytes; `reached` is called when they are out. */
export const hold = (n, reached = () => {}) => did((x) => {
    x.response.writeHead(x.range ? 206 : 200, { 'content-length': x.bytes.length, ...(x.range ? partOf(x) : {}) });
    x.response.write(x.bytes.subarray(0, n), () => reached(x));
});

/** In small pieces, one after the other has left. */
export const slow = (piece) => (x) => {
    if (!x.whole || tooFar(x)) return false;
    x.response.writeHead(x.range ? 206 : 200, { 'content-length': x.bytes.length, ...(x.range ? partOf(x) : {}) });
    const next = (at) => {
        if (x.response.destroyed) return;
        if (at >= x.bytes.length) x.response.end();
        else x.response.write(x.bytes.subarray(at, at + piece), () => setImmediate(next, at + piece));
    };
    next(0);
    return true;
};

/** The connection breaks before any answer. */
export const dead = did((x) => x.response.destroy());

/** Only every k-th request meets the fault. */
export const every = (k, fault) => (x) => (x.n % k === 0 ? fault(x) : false);
/** Only the first n do. */
export const first = (n, fault) => (x) => (x.n <= n ? fault(x) : false);
/** The first of these that answers. */
export const either = (...faults) => (x) => faults.some((f) => f(x));
