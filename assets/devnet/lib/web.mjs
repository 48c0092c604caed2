// What the devnet's small HTTP servers share.

import http from 'node:http';

/** Listens on loopback; a port in use becomes one clear line. */
export function listen(handler, port, what) {
    return new Promise((resolve, reject) => {
        const server = typeof handler === 'function' ? http.createServer(handler) : handler;
        server.once('error', (e) => reject(new Error(e.code === 'EADDRINUSE'
            ? `port ${port} for the ${what} is in use` : `${what}: ${e.message}`)));
        server.listen(port, '127.0.0.1', () => resolve(server));
    });
}

export function sendJson(response, status, value, headers = {}) {
    const body = Buffer.from(JSON.stringify(value));
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, ...headers });
    response.end(body);
}

export function readBody(request, limit) {
    return new Promise((resolve, reject) => {
        const parts = [];
        let size = 0;
        request.on('data', (d) => {
            size += d.length;
            if (size > limit) reject(Object.assign(new Error('body too large'), { status: 413 }));
            else parts.push(d);
        });
        request.on('end', () => resolve(Buffer.concat(parts)));
        request.on('error', reject);
    });
}
