// What the facilitator and the seller share: wallets on the devnet's chain, and the listings in force.

import { createWalletClient, decodeEventLog, defineChain, http, numberToHex, publicActions } from 'viem';
import { nonceManager, privateKeyToAccount } from 'viem/accounts';
import { Rpc } from './chain.mjs';

export const TIMEOUT = 300;
export const UPTO_CAP = 40n;

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
