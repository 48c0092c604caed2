// The facilitator, with Bazaar discovery, and the seller: the x402 reference packages around the
// devnet's chain. The seller really runs the model a listing names.

import express from 'express';
import { createRequire } from 'node:module';
import { createWalletClient, decodeEventLog, defineChain, http, numberToHex, publicActions } from 'viem';
import { nonceManager, privateKeyToAccount } from 'viem/accounts';
import { x402Facilitator } from '@x402/core/facilitator';
import { toFacilitatorEvmSigner } from '@x402/evm';
import { registerExactEvmScheme } from '@x402/evm/exact/facilitator';
import { UptoEvmScheme as UptoFacilitator } from '@x402/evm/upto/facilitator';
import { ExactEvmScheme as ExactServer } from '@x402/evm/exact/server';
import { UptoEvmScheme as UptoServer } from '@x402/evm/upto/server';
import { HTTPFacilitatorClient } from '@x402/core/server';
import { paymentMiddleware, setSettlementOverrides, x402ResourceServer } from '@x402/express';
import { EIP2612_GAS_SPONSORING, ERC20_APPROVAL_GAS_SPONSORING } from '@x402/extensions';
import { Rpc } from './chain.mjs';
import { modelSpec } from './onnx.mjs';

const TIMEOUT = 300;
const UPTO_CAP = 40n;
const SESSIONS = 32;

export const privateKeyOf = (hd) => `0x${Buffer.from(hd.getHdKey().privateKey).toString('hex')}`;

export function walletOn(rpcUrl, chainId, key) {
    const chain = defineChain({ id: chainId, name: 'devnet', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
        rpcUrls: { default: { http: [rpcUrl] } }, contracts: { multicall3: { address: '0xcA11bde05977b3631167028862bE2a173976CA11' } } });
    const account = privateKeyToAccount(key, { nonceManager });
    return createWalletClient({ account, chain, transport: http(rpcUrl), pollingInterval: 50 }).extend(publicActions);
}

/** The listings in force, followed on chain: a new price counts from the next request on. */
export class Listings {
    constructor({ world, contracts, abi, rpcUrl }) {
        this.rpc = new Rpc(rpcUrl);
        this.contract = contracts.contracts.listings;
        this.tokens = new Map(contracts.tokens.map((t) => [t.address.toLowerCase(), t]));
        this.abi = abi.ModelListings.abi;
        this.next = contracts.history.payment_chain.last_block + 1;
        this.byPath = new Map();
        this.byId = new Map();
        this.files = new Map();
        for (const m of world.models) for (const v of m.versions) this.files.set(v.blob, v.index);
        const token = Object.fromEntries(contracts.tokens.map((t) => [t.symbol, t]));
        for (const l of world.listings) {
            const entry = { ...l, id: `${l.owner} ${l.name}`, token: token[l.asset], price: BigInt(l.price),
                index: l.model, updated: contracts.history.payment_chain.last_time };
            this.put(entry);
        }
        this.byModel = new Map(world.models.map((m) => [`${m.author}\0${m.name}`, m]));
    }

    put(l) {
        this.byPath.set(l.path, l);
        this.byId.set(l.id, l);
    }

    async refresh() {
        const head = Number(await this.rpc.call('eth_blockNumber'));
        if (head < this.next) return;
        const logs = await this.rpc.call('eth_getLogs', { address: this.contract, fromBlock: numberToHex(this.next), toBlock: numberToHex(head) });
        this.next = head + 1;
        for (const log of logs) this.apply(decodeEventLog({ abi: this.abi, data: log.data, topics: log.topics }), log);
    }

    apply({ eventName, args }) {
        const owner = args.owner.toLowerCase();
        if (eventName === 'Delisted') {
            for (const l of this.byId.values())
                if (l.owner === owner && l.hash === args.id) this.remove(l);
            return;
        }
        const id = `${owner} ${args.name}`;
        const old = this.byId.get(id);
        if (old) this.remove(old);
        const token = this.tokens.get(args.asset.toLowerCase());
        const index = this.files.get(args.blobId) ?? this.byModel.get(`${args.author}\0${args.name}`)?.index;
        if (!token || index === undefined) return;
        let path;
        try {
            path = new URL(args.endpoint).pathname;
        } catch {
            return;
        }
        this.put({ author: args.author, name: args.name, owner, id, hash: args.id, path, token, price: args.price, asset: token.symbol,
            pay_to: args.payTo, scheme: old?.scheme ?? (token.symbol === 'USDC' ? 'exact-eip3009' : 'exact-permit2'), index,
            impostor: old?.impostor ?? false, updated: Math.floor(Date.now() / 1000) });
    }

    remove(l) {
        this.byId.delete(l.id);
        if (this.byPath.get(l.path) === l) this.byPath.delete(l.path);
    }

    /** What the 402 of a listing says. */
    terms(l) {
        const extra = { name: l.token.name, version: l.token.version };
        if (l.scheme !== 'exact-eip3009') extra.assetTransferMethod = 'permit2';
        const amount = l.scheme === 'upto' ? l.price * UPTO_CAP : l.price;
        return { scheme: l.scheme === 'upto' ? 'upto' : 'exact', amount: amount.toString(), asset: l.token.address, payTo: l.pay_to, extra };
    }
}

/** An example input of a model, as nested arrays. */
export function exampleInput(spec) {
    const fill = (shape) => (shape.length === 0 ? 0.1 : Array.from({ length: shape[0] === 'N' ? 1 : shape[0] }, () => fill(shape.slice(1))));
    return { [spec.input.name]: fill(spec.input.shape) };
}

// --- facilitator -----------------------------------------------------------------------------------

function discoveryItems(listings, network, seller) {
    const items = [...listings.byPath.values()].map((l) => {
        const spec = modelSpec(l.index);
        const terms = listings.terms(l);
        return { resource: `${seller}${l.path}`, type: 'http', x402Version: 2,
            accepts: [{ scheme: terms.scheme, network, amount: terms.amount, asset: terms.asset, payTo: terms.payTo,
                maxTimeoutSeconds: TIMEOUT, extra: terms.extra }],
            // The specification says a number, implementations an ISO string: clients meet both.
            lastUpdated: l.index % 2 ? l.updated : new Date(l.updated * 1000).toISOString(),
            description: `${l.name} by ${l.author}`, mimeType: 'application/json',
            extensions: { bazaar: { info: { input: { type: 'http', method: 'POST', bodyType: 'json', body: exampleInput(spec) },
                output: { type: 'json', example: { output: { [spec.output.name]: [[0]] } } } } } } };
    });
    const stray = (n, item) => ({ resource: `http://127.0.0.1:9/stray/${n}`, type: 'http', x402Version: 2, mimeType: 'application/json',
        lastUpdated: 1700000000 + n, ...item });
    const accepts = [{ scheme: 'exact', network, amount: '1000', asset: [...listings.tokens.keys()][0],
        payTo: '0x000000000000000000000000000000000000dead', maxTimeoutSeconds: 60, extra: { name: 'USD Coin', version: '2' } }];
    return [...items, stray(1, { accepts, description: 'A weather service that is no model at all' }),
        stray(2, { accepts, description: 'Ghost \u001b[31mlisting\u001b]0;x\u0007 \u202egnitsil' }),
        stray(3, { x402Version: 1, accepts: [{ ...accepts[0], network: 'base-sepolia', amount: undefined, maxAmountRequired: '5000',
            resource: 'http://127.0.0.1:9/stray/3', description: 'An old entry', mimeType: '' }] })];
}

export function facilitatorApp({ wallet, network, listings, seller }) {
    const signer = toFacilitatorEvmSigner({ ...wallet, address: wallet.account.address });
    const facilitator = new x402Facilitator();
    registerExactEvmScheme(facilitator, { signer, networks: network });
    facilitator.register(network, new UptoFacilitator(signer));
    facilitator.registerExtension(EIP2612_GAS_SPONSORING);
    facilitator.registerExtension(ERC20_APPROVAL_GAS_SPONSORING);

    const app = express();
    app.disable('x-powered-by');
    app.use(express.json({ limit: '256kb' }));
    const answer = (act) => async (req, res) => {
        try {
            res.json(await act(req));
        } catch (e) {
            res.status(e.status ?? 500).json({ error: e.shortMessage ?? e.message });
        }
    };
    app.post('/verify', answer((req) => facilitator.verify(req.body.paymentPayload, req.body.paymentRequirements)));
    app.post('/settle', answer((req) => facilitator.settle(req.body.paymentPayload, req.body.paymentRequirements)));
    app.get('/supported', answer(() => facilitator.getSupported()));
    app.get('/health', answer(() => ({ status: 'ok' })));
    app.get('/discovery/resources', answer(async (req) => {
        await listings.refresh();
        const whole = (v, fallback) => (/^\d{1,7}$/.test(v ?? '') ? Number(v) : fallback);
        const limit = Math.max(1, Math.min(100, whole(req.query.limit, 20)));
        const offset = whole(req.query.offset, 0);
        const all = discoveryItems(listings, network, seller).filter((i) => (req.query.type ?? i.type) === i.type);
        return { x402Version: 2, items: all.slice(offset, offset + limit), pagination: { limit, offset, total: all.length } };
    }));
    return app;
}

// --- seller ---------------------------------------------------------------------------------------------

/** Runs models, keeping the last few sessions. */
class Runner {
    constructor(content) {
        this.content = content;
        this.sessions = new Map();
    }

    async session(index) {
        let s = this.sessions.get(index);
        if (!s) {
            const ort = createRequire(import.meta.url)('onnxruntime-node');
            s = await ort.InferenceSession.create(this.content(index), { intraOpNumThreads: 1, logSeverityLevel: 3 });
        }
        this.sessions.delete(index);
        this.sessions.set(index, s);
        if (this.sessions.size > SESSIONS) this.sessions.delete(this.sessions.keys().next().value);
        return s;
    }

    async run(index, body) {
        const bad = (message) => Object.assign(new Error(message), { status: 400 });
        const spec = modelSpec(index);
        const given = body?.[spec.input.name] ?? body?.input?.[spec.input.name];
        if (given === undefined) throw bad(`missing input "${spec.input.name}"`);
        const values = [given].flat(Infinity);
        const fixed = spec.input.shape.reduce((n, d) => n * (d === 'N' ? 1 : d), 1);
        const batch = values.length / fixed;
        if (!values.every((v) => typeof v === 'number' && Number.isFinite(v)) || !Number.isInteger(batch) || batch < 1 ||
            (batch !== 1 && !spec.input.shape.includes('N')) || batch > 1024)
            throw bad(`"${spec.input.name}" must hold ${fixed} finite numbers of shape ${JSON.stringify(spec.input.shape)}`);
        const { Tensor } = createRequire(import.meta.url)('onnxruntime-node');
        const shape = spec.input.shape.map((d) => (d === 'N' ? batch : d));
        const session = await this.session(index);
        const out = await session.run({ [spec.input.name]: new Tensor('float32', Float32Array.from(values), shape) });
        const tensor = out[spec.output.name];
        return { output: { [spec.output.name]: { shape: tensor.dims, data: Array.from(tensor.data) } } };
    }
}

export async function sellerApp({ facilitatorUrl, network, listings, content }) {
    const server = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl }))
        .register(network, new ExactServer()).register(network, new UptoServer());
    await server.initialize();
    const runner = new Runner(content);
    const find = (path) => listings.byPath.get(path);
    const guard = (scheme, extensions) => paymentMiddleware({
        'POST /v1/*': { accepts: { scheme, network, maxTimeoutSeconds: TIMEOUT,
            payTo: (c) => listings.terms(find(c.adapter.getPath())).payTo,
            price: (c) => {
                const { asset, amount, extra } = listings.terms(find(c.adapter.getPath()));
                return { asset, amount, extra };
            } },
        description: 'One inference', mimeType: 'application/json', extensions },
    }, server, undefined, undefined, false);
    const sponsoring = { eip2612GasSponsoring: { info: { description: 'The facilitator pays for a permit', version: '1' },
        schema: { type: 'object' } } };
    const guards = { 'exact-eip3009': guard('exact'), 'exact-permit2': guard('exact', sponsoring), upto: guard('upto', sponsoring) };

    const app = express();
    app.disable('x-powered-by');
    app.get('/health', (req, res) => res.json({ status: 'ok' }));
    app.post('/v1/{*path}', async (req, res, next) => {
        try {
            await listings.refresh();
        } catch {
            return res.status(503).json({ error: 'the chain does not answer' });
        }
        const l = find(req.path);
        if (!l) return res.status(404).json({ error: 'no such listing' });
        req.listing = l;
        guards[l.scheme](req, res, next);
    }, express.json({ limit: '1mb' }), async (req, res) => {
        try {
            const result = await runner.run(req.listing.index, req.body);
            if (req.listing.scheme === 'upto') setSettlementOverrides(res, { amount: req.listing.price.toString() });
            res.json({ author: req.listing.author, model: req.listing.name, ...result });
        } catch (e) {
            res.status(e.status ?? 500).json({ error: e.message });
        }
    });
    app.use((e, req, res, next) => (res.headersSent ? next(e) : res.status(e.status ?? 500).json({ error: e.message })));
    return app;
}
