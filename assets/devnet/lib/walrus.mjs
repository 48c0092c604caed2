// A Walrus aggregator and publisher with the quirks of the real ones: one explicit range only, 416
// for open ranges and past the end, 400 for unknown query keys, no word about expiry. Blob IDs of
// uploads are computed by the reference WASM, in a worker because that takes seconds.

import http from 'node:http';
import { createRequire } from 'node:module';
import { createHash } from 'node:crypto';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { readBody, sendJson } from './web.mjs';
import { modelFile } from './onnx.mjs';

const SHARDS = 1000;
const ID = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const READ_OPTIONS = new Set(['strict_consistency_check', 'skip_consistency_check']);
const STORE_OPTIONS = new Set(['epochs', 'permanent', 'deletable', 'force', 'reuse_resources', 'send_object_to', 'share', 'encoding_type']);
const PUBLISH_LIMIT = 10 * 1024 * 1024;

/** The blob ID of `bytes`, by the reference implementation. Slow: about two seconds. */
export async function blobId(bytes) {
    const { BlobEncoder } = createRequire(import.meta.url)('@mysten/walrus-wasm');
    const [id] = new BlobEncoder(SHARDS).compute_metadata(new Uint8Array(bytes));
    return typeof id === 'string' ? id : Buffer.from(id).toString('base64url');
}

if (!isMainThread && parentPort) {
    parentPort.on('message', async ({ walrus, n, bytes }) => {
        if (!walrus) return;
        try {
            parentPort.postMessage({ n, id: await blobId(bytes) });
        } catch (e) {
            parentPort.postMessage({ n, error: e.message });
        }
    });
}

function error(response, status, reason, message) {
    sendJson(response, status, { error: { status: reason === 'BLOB_NOT_FOUND' ? 'NOT_FOUND' : 'INVALID_ARGUMENT', code: status, message,
        details: [{ '@type': 'ErrorInfo', reason, domain: 'daemon.walrus.space' }] } });
}

export function walrusServer(world) {
    const known = new Map();
    for (const m of world.models)
        for (const v of m.versions)
            if (m.store === 'stored' || m.store === 'tampered') known.set(v.blob, { index: v.index, tampered: m.store === 'tampered' });
    const uploads = new Map();
    let worker = null;
    let asked = 0;
    const waiting = new Map();

    /** Asks the worker, started at the first upload. */
    function idOf(bytes) {
        if (!worker) {
            worker = new Worker(new URL(import.meta.url));
            worker.unref();
            worker.on('message', ({ n, id, error: e }) => {
                const { resolve, reject } = waiting.get(n);
                waiting.delete(n);
                if (e) reject(new Error(e));
                else resolve(id);
            });
            worker.on('error', (e) => {
                for (const { reject } of waiting.values()) reject(e);
                waiting.clear();
                worker = null;
            });
        }
        return new Promise((resolve, reject) => {
            waiting.set(++asked, { resolve, reject });
            worker.postMessage({ walrus: true, n: asked, bytes });
        });
    }

    function content(id) {
        if (uploads.has(id)) return uploads.get(id).bytes;
        const k = known.get(id);
        if (!k) return null;
        const bytes = modelFile(k.index);
        if (k.tampered) bytes[bytes.length >> 1] ^= 1;
        return bytes;
    }

    function headers(request, etag, length) {
        const h = { etag, 'cache-control': 'public, max-age=86400, stale-while-revalidate=3600',
            'x-content-type-options': 'nosniff', 'content-length': length };
        const type = request.headers.accept && !request.headers.accept.includes('*') ? request.headers.accept : request.headers['content-type'];
        if (type) h['content-type'] = type;
        return h;
    }

    function read(request, response, id, query) {
        if ([...query.keys()].some((k) => !READ_OPTIONS.has(k)) || [...query.values()].some((v) => v !== 'true' && v !== 'false') ||
            (query.get('strict_consistency_check') === 'true' && query.get('skip_consistency_check') === 'true'))
            return error(response, 400, 'INVALID_OPTIONS', 'Failed to deserialize query string: unknown field or invalid options');
        const bytes = content(id);
        if (!bytes) return error(response, 404, 'BLOB_NOT_FOUND', 'the requested blob ID does not exist on Walrus, ensure that it was entered correctly');
        const range = request.headers.range;
        if (range === undefined) {
            response.writeHead(200, headers(request, id, bytes.length));
            return response.end(bytes);
        }
        const match = /^bytes=(\d+)-(\d+)$/.exec(range);
        const [a, b] = match ? [Number(match[1]), Number(match[2])] : [1, 0];
        if (a > b || b >= bytes.length) return error(response, 416, 'INVALID_BYTE_RANGE', 'the requested byte range is invalid');
        response.writeHead(206, { ...headers(request, id, b - a + 1), 'content-range': `bytes ${a}-${b}/${bytes.length}` });
        response.end(bytes.subarray(a, b + 1));
    }

    function byteRange(request, response, id, query) {
        const [start, length] = [Number(query.get('start') ?? NaN), Number(query.get('length') ?? NaN)];
        const bytes = content(id);
        if (!bytes) return error(response, 404, 'BLOB_NOT_FOUND', 'the requested blob ID does not exist on Walrus');
        if (!Number.isInteger(start) || !Number.isInteger(length) || length < 1 || start < 0 || start + length > bytes.length)
            return error(response, 400, 'INVALID_BYTE_RANGE', 'the requested byte range is invalid');
        response.writeHead(200, headers(request, `${id}-${start}-${length}`, length));
        response.end(bytes.subarray(start, start + length));
    }

    async function store(request, response, query) {
        const epochs = Number(query.get('epochs') ?? 1);
        if ([...query.keys()].some((k) => !STORE_OPTIONS.has(k)) || !Number.isInteger(epochs) || epochs < 1 || epochs > 53)
            return error(response, 400, 'INVALID_OPTIONS', 'Failed to deserialize query string: unknown field or invalid options');
        const bytes = await readBody(request, PUBLISH_LIMIT);
        const id = await idOf(bytes);
        const sha = createHash('sha256').update(id).digest('hex');
        const endEpoch = 20 + epochs;
        if (content(id) && query.get('force') !== 'true')
            return sendJson(response, 200, { alreadyCertified: { blobId: id, event: { txDigest: sha.slice(0, 43), eventSeq: '0' }, endEpoch } });
        uploads.set(id, { bytes });
        sendJson(response, 200, { newlyCreated: { blobObject: { id: `0x${sha}`, registeredEpoch: 20, blobId: id, size: bytes.length,
            encodingType: 'RS2', certifiedEpoch: 20, storage: { id: `0x${sha.split('').reverse().join('')}`, startEpoch: 20, endEpoch,
                storageSize: 66034000 }, deletable: query.get('permanent') !== 'true' },
        resourceOperation: { registerFromScratch: { encodedLength: 66034000, epochsAhead: epochs } }, cost: 132300 } });
    }

    return http.createServer((request, response) => {
        const url = new URL(request.url, 'http://walrus');
        const plain = (status, text) => {
            response.writeHead(status, { 'content-type': 'text/plain' });
            response.end(text);
        };
        if (url.pathname === '/status') return plain(200, 'OK');
        if (url.pathname === '/v1/blobs' && request.method === 'PUT') {
            store(request, response, url.searchParams).catch((e) => plain(e.status ?? 500, e.message));
            return;
        }
        const match = /^\/v1\/blobs\/([^/]+)(\/byte-range)?$/.exec(url.pathname);
        if (!match) return plain(404, '');
        if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, '');
        if (!ID.test(match[1])) return plain(400, 'Invalid URL: failed to parse blob ID');
        (match[2] ? byteRange : read)(request, response, match[1], url.searchParams);
    });
}
