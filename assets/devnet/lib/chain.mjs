// anvil processes and plain JSON-RPC to them.

import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { spawn } from 'node:child_process';

const modules = new URL('../node_modules/', import.meta.url);

/** The anvil binary. Its platform package is pinned, for the wrapper would start a child of its own. */
export function anvilBinary() {
    if (process.platform !== 'linux' || process.arch !== 'x64')
        throw new Error(`no anvil is pinned for ${process.platform} on ${process.arch}: give one with --anvil`);
    const path = new URL('@foundry-rs/anvil-linux-amd64/bin/anvil', modules).pathname;
    if (!fs.existsSync(path)) throw new Error('anvil is not installed: run npm ci --ignore-scripts first');
    return path;
}

export async function freePort() {
    const server = net.createServer();
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

const agent = new http.Agent({ keepAlive: true });

function post(url, body) {
    return new Promise((resolve, reject) => {
        const request = http.request(url, {
            method: 'POST', agent,
            headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        }, (response) => {
            const parts = [];
            response.on('data', (d) => parts.push(d));
            response.on('error', reject);
            response.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
        });
        request.on('error', reject);
        request.end(body);
    });
}

/** One JSON-RPC endpoint. */
export class Rpc {
    constructor(url) {
        this.url = url;
    }

    async call(method, ...params) {
        return (await this.batch([[method, ...params]]))[0];
    }

    /** Sends [[method, ...params], …] as one batch; answers in the same order, or the first error. */
    async batch(calls) {
        const body = JSON.stringify(calls.map(([method, ...params], id) =>
            ({ jsonrpc: '2.0', id, method, params })));
        const answers = JSON.parse(await post(this.url, body));
        if (!Array.isArray(answers)) throw new Error(`RPC: ${JSON.stringify(answers).slice(0, 300)}`);
        const results = new Array(calls.length);
        for (const a of answers) {
            if (a.error) throw new Error(`${calls[a.id][0]}: ${a.error.message}`);
            results[a.id] = a.result;
        }
        return results;
    }
}

/** Starts anvil on a free loopback port and waits until it answers. */
export async function startAnvil(binary, args) {
    const port = await freePort();
    const argv = [binary, ...args, '--host', '127.0.0.1', '--port', String(port), '--silent'];
    // util-linux's setpriv execs anvil under our pid's eye: if we are killed outright, so is it.
    if (fs.existsSync('/usr/bin/setpriv')) argv.unshift('/usr/bin/setpriv', '--pdeathsig', 'KILL');
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (d) => (said = (said + d).slice(-500)));
    const ended = new Promise((resolve) => {
        child.once('exit', (code) => resolve(`anvil ended with code ${code}: ${said.trim()}`));
        child.once('error', (e) => resolve(`anvil did not start: ${e.message}`));
    });
    const rpc = new Rpc(`http://127.0.0.1:${port}`);
    let gone = null;
    ended.then((why) => (gone = why));
    for (;;) {
        if (gone) throw new Error(gone);
        try {
            await rpc.call('eth_chainId');
            break;
        } catch {
            await new Promise((resolve) => setTimeout(resolve, 25));
        }
    }
    return {
        rpc,
        stop: async (signal = 'SIGTERM') => {
            child.kill(signal);
            await ended;
        },
        kill: () => child.kill('SIGKILL'),
    };
}
