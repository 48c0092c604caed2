// The Hub's REST API, of the shape its clients are known to read: 0-based pages, no total, nullable
// fields, Markdown as the author wrote it. `GET …/versions` is our own guess: no public client has
// been seen to read it.

import http from 'node:http';
import { createHash } from 'node:crypto';
import { sendJson } from './web.mjs';
import { modelFile } from './onnx.mjs';

const LIMIT_MAX = 1000;

const record = (m) => ({ name: m.name, taskName: m.task, authorUsername: m.author, description: m.description });
const detail = (m) => ({ ...record(m), llmPath: m.llm_path });

function fileName(m) {
    const slug = m.name.normalize('NFKD').replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '').slice(0, 60);
    return `${slug || 'model'}.onnx`;
}

export function hubServer(world) {
    const pages = new Map();

    function list(request, response, query) {
        const whole = (key, fallback) => {
            const v = query.get(key);
            return v === null ? fallback : /^\d{1,9}$/.test(v) ? Number(v) : NaN;
        };
        const page = whole('page', 0);
        const limit = whole('limit', 20);
        if (Number.isNaN(page) || Number.isNaN(limit) || limit < 1)
            return sendJson(response, 422, { detail: 'page and limit must be whole numbers' });
        const n = Math.min(limit, LIMIT_MAX);
        const key = `${page}/${n}`;
        if (!pages.has(key)) {
            const body = Buffer.from(JSON.stringify({ models: world.models.slice(page * n, page * n + n).map(record) }));
            if (pages.size > 200) pages.clear();
            pages.set(key, { body, etag: `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"` });
        }
        const { body, etag } = pages.get(key);
        if ((request.headers['if-none-match'] ?? '').split(/\s*,\s*/).includes(etag)) {
            response.writeHead(304, { etag });
            return response.end();
        }
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, etag });
        response.end(body);
    }

    function find(name, author) {
        return world.models.find((m) => m.name === name && (author === null || m.author === author));
    }

    return http.createServer((request, response) => {
        const url = new URL(request.url, 'http://hub');
        const missing = () => sendJson(response, 404, { detail: 'Model not found' });
        if (request.method !== 'GET') return sendJson(response, request.method === 'POST' ? 401 : 405, { detail: 'Not authenticated' });
        if (/^\/api\/v0\/models\/?$/.test(url.pathname)) return list(request, response, url.searchParams);
        const match = /^\/api\/v0\/models\/([^/]+)(\/versions(?:\/([^/]+)\/files)?)?\/?$/.exec(url.pathname);
        if (!match) return sendJson(response, 404, { detail: 'Not Found' });
        let name;
        try {
            name = decodeURIComponent(match[1]);
        } catch {
            return sendJson(response, 400, { detail: 'malformed path' });
        }
        const m = find(name, url.searchParams.get('authorUsername'));
        if (!m) return missing();
        if (!match[2]) return sendJson(response, 200, detail(m));
        if (!match[3])
            return sendJson(response, 200, m.versions.map((v, i) => ({ versionString: v.version, notes: i ? 'Retrained' : 'Initial version 1.00' })));
        const v = m.versions.find((x) => x.version === match[3]);
        if (!v) return sendJson(response, 404, { detail: 'Version not found' });
        sendJson(response, 200, [{ name: fileName(m), size: modelFile(v.index).length, ipfsCid: v.blob }]);
    });
}
