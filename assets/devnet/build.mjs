// Builds a world into a cache directory:
//   node build.mjs --dir DIR [--seed N] [--models N] [--payments N] [--inferences N] [--authors N]
//                  [--days N] [--end UNIXTIME] [--seller URL] [--anvil PATH]
// Everything is written to DIR.tmp and renamed at the end: there is a whole cache or none.

import fs from 'node:fs';
import path from 'node:path';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { compile, sourceHash } from './lib/compile.mjs';

const say = (s) => process.stderr.write(`${s}\n`);

function fail(message, code = 1) {
    say(`devnet build: ${message}`);
    process.exit(code);
}

/** Cuts the execution traces, half of the file, out of a state dump: nobody asks for them. */
function dropTraces(file) {
    const buffer = fs.readFileSync(file);
    const parts = [];
    let at = 0;
    for (;;) {
        const start = buffer.indexOf('"traces":[', at);
        const end = start < 0 ? -1 : buffer.indexOf('],"exit":', start);
        if (end < 0) break;
        parts.push(buffer.subarray(at, start), Buffer.from('"traces":['));
        at = end;
    }
    parts.push(buffer.subarray(at));
    fs.writeFileSync(file, Buffer.concat(parts));
}

/** The compiled contracts, kept beside the caches: loading the compiler takes seconds. */
async function contractsFor(shelf) {
    const file = `${shelf}/contracts-${sourceHash()}.json`;
    try {
        return JSON.parse(fs.readFileSync(file, 'utf8'));
    } catch {
        const code = await new Promise((resolve, reject) => {
            new Worker(new URL(import.meta.url)).once('message', resolve).once('error', reject);
        });
        fs.writeFileSync(`${file}.${process.pid}`, JSON.stringify(code));
        fs.renameSync(`${file}.${process.pid}`, file);
        return code;
    }
}

/** What the servers need to know about the world. */
function worldFile(world, built) {
    const { endpoint } = built;
    const models = world.models.map((m) => ({
        index: m.i, author: m.author?.username ?? null, name: m.name, task: m.task, description: m.description,
        llm_path: m.llmPath, blob: m.blob ?? null, store: m.store,
        versions: [...(m.old ? [{ version: '1.00', index: m.old.index, blob: m.old.blob }] : []),
            ...(m.llm ? [] : [{ version: m.old ? '1.01' : '1.00', index: m.i, blob: m.blob }])],
    }));
    const listings = world.listings.filter((l) => l.delisted === null).map((l) => {
        const v = l.versions.at(-1);
        return { author: l.author, name: l.name, owner: l.owner, impostor: l.impostor, model: l.m?.i ?? l.victim.m.i,
            price: v.price.toString(), asset: l.asset, pay_to: v.payTo, scheme: l.scheme,
            path: endpoint('', l), recent: l.fate === 'alive' };
    });
    return { seller: world.params.seller, gateway_pay_to: world.gatewayPayTo, models, listings,
        author_index: Object.fromEntries(world.authors.map((a) => [a.username, a.i])) };
}

function ledgerModels(world) {
    const paid = new Set(world.payments.filter((p) => p.l?.m).map((p) => p.l.m));
    const inferred = new Set(world.inferences.filter((e) => e.m && !e.simulation).map((e) => e.m));
    return world.models.map((m) => ({ kind: 'model', author: m.author?.username ?? null, name: m.name, task: m.task,
        blob_id: m.blob ?? null, old_blob_id: m.old?.blob ?? null, llm_path: m.llmPath, store: m.store, hint: m.hint,
        dead: !paid.has(m) && !inferred.has(m), awkward: Boolean(m.awkward) }));
}

async function main() {
    const { parameters, cacheKey } = await import('./key.mjs');
    const { whenOrphaned } = await import('./lib/guard.mjs');
    let given;
    try {
        given = parameters(process.argv.slice(2));
    } catch (e) {
        fail(e.message, 2);
    }
    const { params } = given;
    if (!given.dir) fail('--dir is required', 2);
    const { refuse } = await import('./lib/params.mjs');
    const wrong = refuse(params);
    if (wrong) fail(wrong, 2);

    const dir = path.resolve(given.dir);
    const tmp = `${dir}.tmp`;
    const children = [];
    whenOrphaned((why) => {
        children.forEach((c) => c.kill());
        fs.rmSync(tmp, { recursive: true, force: true });
        fail(`stopped (${why})`, 130);
    });
    fs.rmSync(tmp, { recursive: true, force: true });
    fs.mkdirSync(tmp, { recursive: true });

    const started = Date.now();
    const progress = (f, words) => say(`progress: ${f.toFixed(2)} ${words}`);
    try {
        progress(0, 'compiling the contracts, inventing the world');
        const { makeWorld } = await import('./lib/world.mjs');
        const compiled = contractsFor(path.dirname(dir));
        const world = makeWorld(params);
        const code = await compiled;
        const { replay, endpoint, account, ROLES, WALLET_WORDS, PAYMENT_CHAIN, INFERENCE_CHAIN } = await import('./lib/replay.mjs');
        const { anvilBinary } = await import('./lib/chain.mjs');
        progress(0.05, 'writing the history');
        const built = await replay({ world, code, binary: given.anvil || anvilBinary(), dir: tmp,
            onChild: (c) => children.push(c), progress: (f, words) => progress(0.05 + 0.85 * f, words) });
        progress(0.9, 'saving');
        for (const name of ['payment', 'inference']) dropTraces(`${tmp}/${name}.state`);
        const a = built.addresses;
        const wallet = account(ROLES.wallet);
        const anvilArgs = (id, name) => ['--chain-id', String(id), '--hardfork', 'cancun', '--gas-limit', '60000000',
            '--no-request-size-limit', '--load-state', `${dir}/${name}.state`];
        const contracts = {
            key: cacheKey(params), parameters: params, seller: params.seller,
            payment_chain: { chain_id: PAYMENT_CHAIN, anvil_args: anvilArgs(PAYMENT_CHAIN, 'payment') },
            inference_chain: { chain_id: INFERENCE_CHAIN, anvil_args: anvilArgs(INFERENCE_CHAIN, 'inference') },
            contracts: { listings: a.listings, permit2: a.permit2, exact_proxy: a.exact_proxy, upto_proxy: a.upto_proxy,
                channel: a.channel, escrow: a.escrow, facilitators: a.facilitators, multicall3: a.multicall3, tee_registry: a.tee_registry, inference: a.inference },
            tokens: [{ symbol: 'USDC', address: a.usdc, decimals: 6, name: 'USD Coin', version: '2', can: ['eip3009', 'eip2612', 'permit2'] },
                { symbol: 'OPG', address: a.opg, decimals: 18, name: 'OpenGradient', version: '1', can: ['eip2612', 'permit2'] }],
            wallet: { address: wallet.address.toLowerCase() },
            history: { payment_chain: built.payment, inference_chain: built.inference },
        };
        const meta = { kind: 'meta', ...params, payment_chain: PAYMENT_CHAIN, inference_chain: INFERENCE_CHAIN,
            contracts: contracts.contracts, tokens: contracts.tokens, history: contracts.history,
            gateway_pay_to: world.gatewayPayTo, exchanges: world.exchanges };
        const lines = [meta, ...ledgerModels(world), ...built.lines].map((l) => JSON.stringify(l));
        fs.writeFileSync(`${tmp}/ledger.jsonl`, `${lines.join('\n')}\n`);
        fs.writeFileSync(`${tmp}/world.json`, JSON.stringify(worldFile(world, { endpoint })));
        fs.writeFileSync(`${tmp}/abi.json`, JSON.stringify(code));
        // In a file of its own, which souk hands to its signer without reading it; and the first account's
        // key, for programs that take no words.
        fs.writeFileSync(`${tmp}/wallet.words`, `${WALLET_WORDS}\n`, { mode: 0o600 });
        fs.writeFileSync(`${tmp}/wallet.key`, `${keyOf(wallet)}\n`, { mode: 0o600 });
        fs.writeFileSync(`${tmp}/contracts.json`, JSON.stringify(contracts, null, 1));
        fs.rmSync(dir, { recursive: true, force: true });
        fs.renameSync(tmp, dir);
        progress(1, `done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
        process.exit(0);
    } catch (e) {
        children.forEach((c) => c.kill());
        fs.rmSync(tmp, { recursive: true, force: true });
        fail(process.env.DEVNET_DEBUG ? e.stack : e.message);
    }
}

function keyOf(hdAccount) {
    return `0x${Buffer.from(hdAccount.getHdKey().privateKey).toString('hex')}`;
}

if (isMainThread) main();
else parentPort.postMessage(compile());
