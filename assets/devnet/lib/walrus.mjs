// A Walrus aggregator and publisher with the quirks of the real ones: one explicit range only, 416
// for open ranges and past the end, 400 for unknown query keys, no word about expiry. And a storage
// node, which hands out metadata and says how long a blob is stored. Blob IDs of uploads and
// metadata are computed by the reference WASM, in a worker because that takes seconds.

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
const EPOCH = 20; // of 24 hours; it never ends here

/** The blob ID of `bytes`, by the reference implementation. Slow: about two seconds. */
export async function blobId(bytes) {
    const { BlobEncoder } = createRequire(import.meta.url)('@mysten/walrus-wasm');
    const [id] = new BlobEncoder(SHARDS).compute_metadata(new Uint8Array(bytes));
    return typeof id === 'string' ? id : Buffer.from(id).toString('base64url');
}

const uleb = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...uleb(n >> 7)]);

/** The metadata of `bytes` as storage nodes hand it out: BCS of the ID, version 1, RS2, the length and
 *  two hashes a shard. Slow: about two seconds, and more for large files. */
export function metadata(bytes) {
    const { BlobEncoder } = createRequire(import.meta.url)('@mysten/walrus-wasm');
    const f = Math.floor((SHARDS - 1) / 3);
    const [rows, columns] = [SHARDS - 2 * f, SHARDS - f];
    const symbol = Math.max(2, 2 * Math.ceil(bytes.length / (rows * columns) / 2));
    const room = (symbols) => Array.from({ length: SHARDS }, () => new Uint8Array(uleb(symbols * symbol).length + symbols * symbol + 4));
    const [{ blob_id: id, metadata: { V1: m } }] = new BlobEncoder(SHARDS).encode(new Uint8Array(bytes), room(columns), room(rows));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    const hashes = m.hashes.flatMap((h) => [[1], h.primary_hash.Digest, [1], h.secondary_hash.Digest]);
    return Buffer.concat([id, [0, 1], length, uleb(SHARDS), ...hashes].map((part) => Buffer.from(part)));
}

if (!isMainThread && parentPort) {
    parentPort.on('message', async ({ walrus, n, bytes, what }) => {
        if (!walrus) return;
        try {
            parentPort.postMessage({ n, answer: what === 'metadata' ? metadata(bytes) : await blobId(bytes) });
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

    /** Asks the worker, started when it is first needed, for the 'id' or the 'metadata'. */
    function compute(bytes, what) {
        if (!worker) {
            worker = new Worker(new URL(import.meta.url));
            worker.unref();
            worker.on('message', ({ n, answer, error: e }) => {
                const { resolve, reject } = waiting.get(n);
                waiting.delete(n);
                if (e) reject(new Error(e));
                else resolve(answer);
            });
            worker.on('error', (e) => {
                for (const { reject } of waiting.values()) reject(e);
                waiting.clear();
                worker = null;
            });
        }
        return new Promise((resolve, reject) => {
            waiting.set(++asked, { resolve, reject });
            worker.postMessage({ walrus: true, n: asked, bytes, what });
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
        const id = await compute(bytes, 'id');
        const sha = createHash('sha256').update(id).digest('hex');
        const endEpoch = EPOCH + epochs;
        if (content(id) && query.get('force') !== 'true')
            return sendJson(response, 200, { alreadyCertified: { blobId: id, event: { txDigest: sha.slice(0, 43), eventSeq: '0' }, endEpoch } });
        const deletable = query.get('permanent') !== 'true';
        uploads.set(id, { bytes, endEpoch, deletable });
        sendJson(response, 200, { newlyCreated: { blobObject: { id: `0x${sha}`, registeredEpoch: EPOCH, blobId: id, size: bytes.length,
            encodingType: 'RS2', certifiedEpoch: EPOCH, storage: { id: `0x${sha.split('').reverse().join('')}`, startEpoch: EPOCH, endEpoch,
                storageSize: 66034000 }, deletable },
        resourceOperation: { registerFromScratch: { encodedLength: 66034000, epochsAhead: epochs } }, cost: 132300 } });
    }

    // --- the storage node

    const success = (response, data) => sendJson(response, 200, { success: { code: 200, data } });

    /** Of the history's blobs every fifth can be deleted; the others are paid for, some not for long. */
    function status(response, id) {
        const k = known.get(id);
        const blob = uploads.get(id) ?? (k && { endEpoch: EPOCH + 1 + (k.index % 50), deletable: k.index % 5 === 4 });
        if (!blob) return success(response, 'nonexistent');
        const deletableCounts = { count_deletable_total: blob.deletable ? 1 : 0, count_deletable_certified: blob.deletable ? 1 : 0 };
        if (blob.deletable) return success(response, { deletable: { initialCertifiedEpoch: EPOCH, deletableCounts } });
        success(response, { permanent: { endEpoch: blob.endEpoch, isCertified: true, initialCertifiedEpoch: EPOCH, deletableCounts,
            statusEvent: { txDigest: createHash('sha256').update(id).digest('hex').slice(0, 43), eventSeq: '0' } } });
    }

    const computed = new Map();
    /** Of what the ID names, also where the aggregator serves something else. */
    async function serveMetadata(response, id) {
        const k = known.get(id);
        const bytes = uploads.get(id)?.bytes ?? (k && modelFile(k.index));
        if (!bytes) return error(response, 404, 'BLOB_NOT_FOUND', 'the requested metadata does not exist');
        if (!computed.has(id)) computed.set(id, compute(bytes, 'metadata'));
        const body = Buffer.from(await computed.get(id));
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
        response.end(body);
    }

    return http.createServer((request, response) => {
        const url = new URL(request.url, 'http://walrus');
        const plain = (status, text) => {
            response.writeHead(status, { 'content-type': 'text/plain' });
            response.end(text);
        };
        if (url.pathname === '/status') return plain(200, 'OK');
        if (url.pathname === '/v1/health') return success(response, { uptime: { secs: 1, nanos: 0 }, epoch: EPOCH, nodeStatus: 'Active' });
        if (url.pathname === '/v1/blobs' && request.method === 'PUT') {
            store(request, response, url.searchParams).catch((e) => plain(e.status ?? 500, e.message));
            return;
        }
        const match = /^\/v1\/blobs\/([^/]+)(\/byte-range|\/metadata|\/status)?$/.exec(url.pathname);
        if (!match) return plain(404, '');
        if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, '');
        if (!ID.test(match[1])) return plain(400, 'Invalid URL: failed to parse blob ID');
        if (match[2] === '/status') return status(response, match[1]);
        if (match[2] === '/metadata') {
            serveMetadata(response, match[1]).catch((e) => plain(500, e.message));
            return;
        }
        (match[2] ? byteRange : read)(request, response, match[1], url.searchParams);
    });
}
