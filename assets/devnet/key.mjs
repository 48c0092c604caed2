// The cache key of a world: a hash of everything it is made from, so that a changed generator or a
// changed parameter never meets an old cache.
//   node key.mjs [the same options as build.mjs]

import fs from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { options } from './lib/guard.mjs';
import { DEFAULTS } from './lib/params.mjs';

const here = new URL('./', import.meta.url);

function files(dir) {
    return fs.readdirSync(new URL(dir, here)).sort().filter((f) => /\.(mjs|sol|txt)$/.test(f)).map((f) => dir + f);
}

/** The last UTC midnight: the default end of the history. */
export const midnight = () => Math.floor(Date.now() / 86400000) * 86400;

export function parameters(argv) {
    const o = options(argv, { ...DEFAULTS, end: midnight(), dir: '', anvil: '' });
    const { dir, anvil, ...params } = o;
    return { dir, anvil, params };
}

/** What the servers do with a world does not change it: their sources are not hashed. */
const SERVING = new Set(['./serve.mjs', './hostile.mjs', ...['cert', 'facilitator', 'gateway', 'harness', 'hostile', 'hub', 'idempotency', 'legacy',
    'market', 'runner', 'seller', 'sessions', 'switches', 'tee', 'traffic', 'walrus', 'web'].map((f) => `lib/${f}.mjs`)]);

export function cacheKey(params) {
    const hash = createHash('sha256');
    for (const f of [...files('./'), ...files('lib/'), ...files('../contracts/'), 'package-lock.json']) {
        if (SERVING.has(f)) continue;
        hash.update(`${f}\0`).update(fs.readFileSync(new URL(f, here))).update('\0');
    }
    hash.update(JSON.stringify(Object.entries(params).sort()));
    return hash.digest('hex').slice(0, 24);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    try {
        console.log(cacheKey(parameters(process.argv.slice(2)).params));
    } catch (e) {
        console.error(`key: ${e.message}`);
        process.exit(2);
    }
}
