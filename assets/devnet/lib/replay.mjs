// Writes a world into two fresh chains, reads every log back, and tells what landed where.

import fs from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { decodeAbiParameters, encodeAbiParameters, encodeFunctionData, getContractAddress, numberToHex } from 'viem';
import { privateKeyToAccount, mnemonicToAccount } from 'viem/accounts';
import { startAnvil } from './chain.mjs';

export const PAYMENT_CHAIN = 84532;
export const INFERENCE_CHAIN = 10740;
export const PERMIT2 = '0x000000000022d473030f116ddee9f6b43ac78ba3';
export const EXACT_PROXY = '0x402085c248eea27d92e8b30b2c58ed07f9e20001';
export const UPTO_PROXY = '0x4020a4f3b7b90cca423b9fabcc0ce57c6c240002';
export const MULTICALL3 = '0xca11bde05977b3631167028862be2a173976ca11';
export const INFERENCE = '0x00000000000000000000000000000000000000f4';

// anvil's well-known development accounts, and the user's play wallet: words of its own, so that it can
// have as many accounts as it wants and none of them is the devnet's. All hold play money, on this
// machine only. `before`: the play wallet of earlier versions, which may still be in use.
const MNEMONIC = 'test test test test test test test test test test test junk';
export const WALLET_WORDS = 'bicycle federal scheme clever shoulder position delay cheap saddle village gasp swift';
export const ROLES = { deployer: 0, facilitator: 1, gateway: 2, traffic: [5, 6, 7], before: 9, wallet: 'wallet' };
export const account = (role) => (role === ROLES.wallet ? mnemonicToAccount(WALLET_WORDS) : mnemonicToAccount(MNEMONIC, { addressIndex: role }));

const CREATE2_FACTORY = '0x4e59b44847b379578588920ca78fbf26c0b4956c';
const PERMIT2_SALT = '0000000000000000000000000000000000000000d3af2663da51c10215000000';
const HISTORY_GAS_LIMIT = '3000000000';
const TOPIC = {
    transfer: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
    authorizationUsed: '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5',
    settled: '0x97088ec3606cfe8cc112180570d03fcde05f9b8e1bfef8e27784eaf5dd5691b6',
    inference: '0x1b283af3452f3718585ce100f80d9aa81fc60924db4a582a36db6aae3b109d87',
};

const modules = new URL('../node_modules/', import.meta.url);

/** Permit2's creation code, read out of the pinned npm package (it is not kept in this repository). */
function permit2Code() {
    const path = new URL('@uniswap/uniswapx-sdk/dist/cjs/src/contracts/factories/Permit2__factory.js', modules);
    const code = /const _bytecode = "(0x[0-9a-f]+)"/.exec(fs.readFileSync(path, 'utf8'));
    if (!code) throw new Error('Permit2 bytecode not found in @uniswap/uniswapx-sdk');
    return code[1];
}

/** Multicall3's, out of viem, which does not export it by name. */
function multicall3Code() {
    return createRequire(import.meta.url)(new URL('viem/_cjs/constants/contracts.js', modules).pathname).multicall3Bytecode;
}

/** A chain being written: keeps the deployer's nonce and mines blocks at chosen times. */
class Writer {
    constructor(rpc, chainId) {
        this.rpc = rpc;
        this.chainId = chainId;
        this.deployer = account(ROLES.deployer).address.toLowerCase();
        this.nonce = 0;
        this.nonces = new Map();
        this.pending = [];
    }

    send(to, data, gas) {
        const nonce = numberToHex(this.nonce++);
        this.pending.push(['eth_sendTransaction', { from: this.deployer, to, data, gas: numberToHex(gas),
            gasPrice: numberToHex(2_000_000_000), nonce }]);
    }

    /** A transaction really signed by its sender. Earlier ones pay a little more: that is their order. */
    async sendSigned(key, to, data, gas) {
        const signer = privateKeyToAccount(key);
        const nonce = this.nonces.get(signer.address) ?? 0;
        this.nonces.set(signer.address, nonce + 1);
        const raw = await signer.signTransaction({ type: 'legacy', chainId: this.chainId, nonce, to, data, gas: BigInt(gas),
            gasPrice: 4_000_000_000n - BigInt(this.pending.length) });
        this.pending.push(['eth_sendRawTransaction', raw]);
    }

    async mine(timestamp) {
        if (this.pending.length) await this.rpc.batch(this.pending);
        this.pending = [];
        await this.rpc.call('evm_mine', { timestamp });
    }

    async create(bytecode, timestamp) {
        this.send(undefined, bytecode, 30_000_000);
        await this.mine(timestamp);
        const block = await this.rpc.call('eth_getBlockByNumber', 'latest', false);
        const receipt = await this.rpc.call('eth_getTransactionReceipt', block.transactions[0]);
        if (receipt.status !== '0x1') throw new Error('a contract could not be deployed');
        return receipt.contractAddress;
    }

    /** By the deterministic deployment proxy, as souk does: the same address on every chain. */
    async createAnywhere(bytecode, timestamp) {
        const salt = `0x${'0'.repeat(64)}`;
        const at = getContractAddress({ opcode: 'CREATE2', from: CREATE2_FACTORY, salt, bytecode }).toLowerCase();
        this.send(CREATE2_FACTORY, `${salt}${bytecode.slice(2)}`, 30_000_000);
        await this.mine(timestamp);
        if ((await this.rpc.call('eth_getCode', at, 'latest')) === '0x') throw new Error('a contract could not be deployed');
        return at;
    }

    /** Puts the code deployed at `from` to a canonical address. */
    async place(at, from) {
        await this.rpc.call('anvil_setCode', at, await this.rpc.call('eth_getCode', from, 'latest'));
    }
}

const withArgs = (contract, ...types) => (...values) =>
    contract.bytecode + encodeAbiParameters(types.map((type) => ({ type })), values).slice(2);

async function deployPayment(w, code, world, time) {
    const a = { permit2: PERMIT2, exact_proxy: EXACT_PROXY, upto_proxy: UPTO_PROXY, multicall3: MULTICALL3 };
    a.usdc = await w.create(code.Usdc.bytecode, time());
    a.opg = await w.create(code.Opg.bytecode, time());
    a.listings = await w.createAnywhere(code.ModelListings.bytecode, time());
    await w.place(EXACT_PROXY, await w.create(withArgs(code.ExactProxy, 'address')(a.opg), time()));
    await w.place(UPTO_PROXY, await w.create(withArgs(code.UptoProxy, 'address')(a.opg), time()));
    await w.place(MULTICALL3, await w.create(multicall3Code(), time()));
    w.send(CREATE2_FACTORY, `0x${PERMIT2_SALT}${permit2Code().slice(2)}`, 30_000_000);
    await w.mine(time());
    if ((await w.rpc.call('eth_getCode', PERMIT2, 'latest')).length < 1000)
        throw new Error('Permit2 did not land on its canonical address');
    const mints = [];
    const mint = (token, symbol, to, value) => {
        w.send(token, encodeFunctionData({ abi: code.Usdc.abi, functionName: 'mint', args: [to, value] }), 200_000);
        mints.push({ asset: symbol, to: to.toLowerCase(), amount: value });
    };
    for (const bank of world.exchanges) {
        mint(a.usdc, 'USDC', bank, 10n ** 15n);
        mint(a.opg, 'OPG', bank, 10n ** 27n);
    }
    for (const index of [...ROLES.traffic, ROLES.before, ROLES.wallet]) {
        mint(a.usdc, 'USDC', account(index).address, 10n ** 9n);
        mint(a.opg, 'OPG', account(index).address, 10n ** 22n);
    }
    const owners = [...new Set(world.listings.map((l) => l.owner))];
    await w.rpc.batch(owners.map((o) => ['anvil_setBalance', o, numberToHex(10n ** 18n)]));
    await w.rpc.call('anvil_setBalance', account(ROLES.wallet).address, numberToHex(10n ** 22n));
    await w.mine(time());
    return [a, mints];
}

async function deployInference(w, code, time) {
    const a = { inference: INFERENCE, multicall3: MULTICALL3 };
    await w.place(INFERENCE, await w.create(code.Inference.bytecode, time()));
    a.tee_registry = await w.create(code.TeeRegistry.bytecode, time());
    await w.place(MULTICALL3, await w.create(multicall3Code(), time()));
    return a;
}

// --- history -----------------------------------------------------------------------------------------

const KIND = { 'exact-eip3009': 1, 'exact-permit2': 1, upto: 2 };

function packMovements(list) {
    const buffer = Buffer.alloc(53 * list.length);
    list.forEach((e, i) => {
        const at = 53 * i;
        buffer[at] = e.pay ? KIND[e.pay.scheme] : 0;
        buffer.write(e.from.slice(2), at + 1, 'hex');
        buffer.write(e.to.slice(2), at + 21, 'hex');
        buffer.write(e.amount.toString(16).padStart(24, '0'), at + 41, 'hex');
    });
    return `0x${buffer.toString('hex')}`;
}

function packInferences(list) {
    return `0x${Buffer.concat(list.map((e, i) => {
        const cid = Buffer.from(e.cid);
        // Every fourth event carries its input; all would double the size of the chain.
        return Buffer.concat([Buffer.from([(e.simulation ? 1 : 0) | (i % 4 === 0 ? 2 : 0), cid.length]), cid]);
    })).toString('hex')}`;
}

/** Listing events per slot, in order. */
function listingActions(world) {
    const perSlot = Array.from({ length: world.slots }, () => []);
    for (const l of world.listings) {
        for (const v of l.versions) perSlot[v.slot].push({ l, v });
        if (l.delisted !== null) perSlot[l.delisted].push({ l, v: null });
    }
    return perSlot;
}

/** Where a listing is sold: by name, or by a short id where the name is a stranger's or too long for a URL. */
export function endpoint(seller, l) {
    if (l.impostor || Buffer.byteLength(l.name) > 200)
        return `${seller}/v1/l/${createHash('sha256').update(`${l.owner} ${l.name}`).digest('hex').slice(0, 16)}/infer`;
    return `${seller}/v1/models/${encodeURIComponent(l.author)}/${encodeURIComponent(l.name)}/infer`;
}

async function writePayments(w, code, world, a, addresses, progress) {
    const actions = listingActions(world);
    for (let slot = 0; slot < world.slots; slot++) {
        for (const { l, v } of actions[slot]) {
            const data = v === null
                ? encodeFunctionData({ abi: code.ModelListings.abi, functionName: 'delist', args: [l.name] })
                : encodeFunctionData({ abi: code.ModelListings.abi, functionName: 'list', args: [l.author, l.name, v.blob, v.price,
                    addresses[l.asset], v.payTo, endpoint(world.params.seller, l)] });
            await w.sendSigned(l.key, a.listings, data, 3_000_000);
        }
        for (const asset of ['USDC', 'OPG']) {
            const list = world.movements[slot][asset];
            if (!list.length) continue;
            const data = encodeFunctionData({ abi: code.Usdc.abi, functionName: 'replay', args: [packMovements(list)] });
            w.send(addresses[asset], data, 200_000 + 120_000 * list.length);
        }
        await w.mine(world.times[slot]);
        progress(slot);
    }
    return actions;
}

async function writeInferences(w, code, perSlot, world, progress) {
    for (let slot = 0; slot < world.slots; slot++) {
        if (perSlot[slot].length) {
            const data = encodeFunctionData({ abi: code.Inference.abi, functionName: 'replay', args: [packInferences(perSlot[slot])] });
            w.send(INFERENCE, data, 200_000 + 80_000 * perSlot[slot].length);
        }
        await w.mine(world.times[slot]);
        progress(slot);
    }
}

// --- reading back -------------------------------------------------------------------------------------

/** Calls `each(logs, slot)` for every slot's block, in order. */
async function readBack(rpc, firstBlock, slots, each) {
    const STEP = 64;
    for (let slot = 0; slot < slots; slot += STEP) {
        const end = Math.min(slots, slot + STEP);
        const logs = await rpc.call('eth_getLogs', { fromBlock: numberToHex(firstBlock + slot),
            toBlock: numberToHex(firstBlock + end - 1) });
        const perSlot = Array.from({ length: end - slot }, () => []);
        for (const log of logs) perSlot[Number(log.blockNumber) - firstBlock - slot].push(log);
        perSlot.forEach((list, i) => each(list, slot + i));
    }
}

const place = (log, time) => ({ block: Number(log.blockNumber), log: Number(log.logIndex), tx: log.transactionHash, time });
const topicAddress = (topic) => `0x${topic.slice(26)}`;

function expect(ok, what) {
    if (!ok) throw new Error(`the chain does not hold what was written: ${what}`);
}

function takeTransfer(log, token, e) {
    expect(log && log.address === token && log.topics[0] === TOPIC.transfer && topicAddress(log.topics[1]) === e.from &&
        topicAddress(log.topics[2]) === e.to && BigInt(log.data) === e.amount, 'a transfer differs');
}

/** Ledger lines of the payment chain, from the logs that are really there. */
async function readPayments(rpc, first, world, a, addresses, actions, line) {
    await readBack(rpc, first, world.slots, (logs, slot) => {
        const time = world.times[slot];
        let at = 0;
        for (const { l, v } of actions[slot]) {
            const log = logs[at++];
            expect(log?.address === a.listings && topicAddress(log.topics[1]) === l.owner, 'a listing differs');
            const base = { owner: l.owner, id: log.topics[2], author: l.author, name: l.name };
            if (v === null) line({ kind: 'delisted', ...base, ...place(log, time) });
            else line({ kind: 'listing', ...base, blob_id: v.blob, price: v.price.toString(), asset: addresses[l.asset],
                pay_to: v.payTo, endpoint: endpoint(world.params.seller, l), scheme: l.scheme,
                ...place(log, time), proven: l.proven, impostor: l.impostor, shared_pay_to: Boolean(l.shared) });
        }
        for (const asset of ['USDC', 'OPG']) {
            for (const e of world.movements[slot][asset]) {
                const eip3009 = e.pay?.scheme === 'exact-eip3009';
                if (eip3009) expect(logs[at++]?.topics[0] === TOPIC.authorizationUsed, 'an authorization is missing');
                const log = logs[at++];
                takeTransfer(log, addresses[asset], e);
                if (e.pay && !eip3009) {
                    const proxy = e.pay.scheme === 'upto' ? UPTO_PROXY : EXACT_PROXY;
                    const mark = logs[at++];
                    expect(mark?.address === proxy && mark.topics[0] === TOPIC.settled, 'a settlement mark is missing');
                }
                const where = { chain: PAYMENT_CHAIN, ...place(log, time) };
                if (!e.pay) {
                    line({ kind: 'transfer', ...where, from: e.from, to: e.to, asset: addresses[asset], amount: e.amount.toString(),
                        why: e.transfer });
                    continue;
                }
                const { l, scheme, label } = e.pay;
                line({ kind: 'payment', ...where, payer: e.from, pay_to: e.to, asset: addresses[asset], amount: e.amount.toString(),
                    scheme, author: l?.author ?? null, model: l?.name ?? null, listing_owner: l?.owner ?? null, label,
                    attributable: l ? world.attributable(l, e.amount) : false });
            }
        }
        expect(at === logs.length, 'logs nobody asked for');
    });
}

const EVENT = [{ type: 'string' }, { type: 'tuple', components: [{ type: 'uint8' }, { type: 'string' }] }];

async function readInferences(rpc, first, world, perSlot, line) {
    await readBack(rpc, first, world.slots, (logs, slot) => {
        expect(logs.length === perSlot[slot].length, 'the number of inferences differs');
        perSlot[slot].forEach((e, i) => {
            const log = logs[i];
            expect(log.topics[0] === TOPIC.inference && log.address === INFERENCE, 'an inference differs');
            if (i === 0) expect(decodeAbiParameters(EVENT, log.data)[1][1] === e.cid, 'a CID differs');
            line({ kind: 'inference', chain: INFERENCE_CHAIN, ...place(log, world.times[slot]), cid: e.cid,
                author: e.m ? e.m.author?.username ?? null : null, model: e.m?.name ?? null, simulation: e.simulation });
        });
    });
}

// --- the whole -------------------------------------------------------------------------------------------

/**
 * Replays `world` into two new anvils and leaves their state in `dir`. `onChild(anvil)` is told about
 * each process; `progress(fraction, words)` about the way. Returns the ledger lines and addresses.
 */
export async function replay({ world, code, binary, dir, onChild, progress }) {
    const genesis = world.t0 - 86400;
    const perSlot = Array.from({ length: world.slots }, () => []);
    for (const e of world.inferences) perSlot[e.slot].push(e);
    const open = async (chainId, name) => {
        const anvil = await startAnvil(binary, ['--chain-id', String(chainId), '--timestamp', String(genesis), '--no-mining',
            '--gas-limit', HISTORY_GAS_LIMIT, '--hardfork', 'cancun', '--order', 'fees', '--no-request-size-limit', '--prune-history',
            '--dump-state', `${dir}/${name}.state`]);
        onChild(anvil);
        return anvil;
    };
    const clock = () => {
        let t = genesis;
        return () => (t += 60);
    };
    const report = { p: 0, i: 0, payments: 0 };
    const tell = () => progress((report.p + report.i) / (2 * world.slots), `payments ${report.payments}/${world.payments.length}`);

    const payments = async () => {
        const anvil = await open(PAYMENT_CHAIN, 'payment');
        const w = new Writer(anvil.rpc, PAYMENT_CHAIN);
        const time = clock();
        const [a, mints] = await deployPayment(w, code, world, time);
        const first = Number(await anvil.rpc.call('eth_blockNumber')) + 1;
        const addresses = { USDC: a.usdc, OPG: a.opg };
        const lines = [];
        for (const log of await anvil.rpc.call('eth_getLogs', { fromBlock: numberToHex(first - 1), toBlock: numberToHex(first - 1) })) {
            const m = mints.shift();
            expect(topicAddress(log.topics[2]) === m.to && BigInt(log.data) === m.amount, 'a mint differs');
            lines.push({ kind: 'transfer', chain: PAYMENT_CHAIN, ...place(log, genesis + 60 * (first - 1)),
                from: topicAddress(log.topics[1]), to: m.to, asset: addresses[m.asset], amount: m.amount.toString(), why: 'mint' });
        }
        const actions = await writePayments(w, code, world, a, addresses, (slot) => {
            report.p = slot + 1;
            while (world.payments[report.payments]?.slot <= slot) report.payments++;
            if (slot % 100 === 0) tell();
        });
        await readPayments(anvil.rpc, first, world, a, addresses, actions, (l) => lines.push(l));
        await anvil.stop();
        return { a, first, lines };
    };
    const inferences = async () => {
        const anvil = await open(INFERENCE_CHAIN, 'inference');
        const w = new Writer(anvil.rpc, INFERENCE_CHAIN);
        const a = await deployInference(w, code, clock());
        const first = Number(await anvil.rpc.call('eth_blockNumber')) + 1;
        const lines = [];
        await writeInferences(w, code, perSlot, world, (slot) => {
            report.i = slot + 1;
        });
        await readInferences(anvil.rpc, first, world, perSlot, (l) => lines.push(l));
        await anvil.stop();
        return { a, first, lines };
    };
    const [p, i] = await Promise.all([payments(), inferences()]);
    const history = (c) => ({ first_block: c.first, last_block: c.first + world.slots - 1, first_time: world.times[0],
        last_time: world.times[world.slots - 1] });
    return { addresses: { ...p.a, ...i.a }, lines: [...p.lines, ...i.lines], payment: history(p), inference: history(i) };
}
