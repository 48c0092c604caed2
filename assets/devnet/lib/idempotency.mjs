// The payment-identifier extension on the seller's side: an id that comes again with the same
// payment gets the same answer and is not charged again; with another payment it is a conflict.

import crypto from 'node:crypto';

const ID = /^[A-Za-z0-9_-]{16,128}$/;
const KEPT = 1000;

function idOf(header) {
    try {
        return JSON.parse(Buffer.from(header, 'base64').toString('utf8')).extensions?.['payment-identifier']?.info?.id;
    } catch {
        return undefined;
    }
}

/** Collects what an answer says while it is said; `done(body)` at its end. */
function record(res, done) {
    const parts = [];
    const add = (chunk) => chunk && typeof chunk !== 'function' && parts.push(Buffer.from(chunk));
    const { write, end } = res;
    res.write = (chunk, ...rest) => {
        add(chunk);
        return write.call(res, chunk, ...rest);
    };
    res.end = (chunk, ...rest) => {
        add(chunk);
        done(Buffer.concat(parts));
        return end.call(res, chunk, ...rest);
    };
}

export function idempotency(required) {
    const seen = new Map();
    return async (req, res, next) => {
        const header = req.get('payment-signature');
        if (!header) return next();
        const id = idOf(header);
        if (id === undefined && !required) return next();
        if (!ID.test(id ?? '')) return res.status(400).json({ error: 'a payment-identifier of 16 to 128 letters is required' });
        const print = crypto.createHash('sha256').update(`${req.path}\0${header}`).digest('hex');
        const known = seen.get(id);
        if (known && known.print !== print) return res.status(409).json({ error: 'this payment-identifier was used for another payment' });
        if (known) {
            const { status, headers, bytes } = await known.answer;
            return res.status(status).set(headers).send(bytes);
        }
        let tell;
        seen.set(id, { print, answer: new Promise((resolve) => (tell = resolve)) });
        if (seen.size > KEPT) seen.delete(seen.keys().next().value);
        record(res, (bytes) => {
            const { 'content-length': _, ...headers } = res.getHeaders();
            tell({ status: res.statusCode, headers, bytes });
            if (res.statusCode >= 300) seen.delete(id); // nothing was bought: the id is free again
        });
        return next();
    };
}
