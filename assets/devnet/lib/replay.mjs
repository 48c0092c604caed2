// Writes a world into two fresh chains, reads every log back, and tells what landed where.

import fs from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { decodeAbiParameters, encodeAbiParameters, encodeFunctionData, getContractAddress, numberToHex } from 'viem';
import { privateKeyToAccount, mnemonicToAccount } from 'viem/accounts';
import { startAnvil } from './chain.mjs';
import { PLACES } from './world.mjs';
import { EXACT_PROXY, packChannel, packEscrow, packInferences, packMovements, stepLogs, TOPIC, UPTO_PROXY } from './records.mjs';

export const PAYMENT_CHAIN = 84532;
export const INFERENCE_CHAIN = 10740;
export const PERMIT2 = '0x000000000022d473030f116ddee9f6b43ac78ba3';
export { EXACT_PROXY, UPTO_PROXY } from './records.mjs';
export const MULTICALL3 = '0xca11bde05977b3631167028862be2a173976ca11';
export const INFERENCE = '0x00000000000000000000000000000000000000f4';

// anvil's well-known development accounts, and the user's play wallet: words of its own, so that it can
// have as many accounts as it wants and none of them is the devnet's. All hold play money, on this
// machine only. `before`: the play wallet of earlier versions, which may still be in use.
const MNEMONIC = 'test test test test test test test test test test test junk';
export const WALLET_WORDS = 'bicycle federal scheme clever shoulder position delay cheap saddle village gasp swift';
export const ROLES = { deployer: 0, facilitator: 1, gateway: 2, clearer: 3, traffic: [5, 6, 7], before: 9, wallet: 'wallet' };
export const account = (role) => (role === ROLES.wallet ? mnemonicToAccount(WALLET_WORDS) : mnemonicToAccount(MNEMONIC, { addressIndex: role }));

const CREATE2_FACTORY = '0x4e59b44847b379578588920ca78fbf26c0b4956c';
const PERMIT2_SALT = '0000000000000000000000000000000000000000d3af2663da51c10215000000';
const HISTORY_GAS_LIMIT = '3000000000';
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
        this.clearer = account(ROLES.clearer).address.toLowerCase();
        this.nonces = new Map();
        this.pending = [];
    }

    /** A transaction of an account that anvil has the key of. Who pays less comes later in the block. */
    send(to, data, gas, from = this.deployer) {
        const nonce = this.nonces.get(from) ?? 0;
        this.nonces.set(from, nonce + 1);
        this.pending.push(['eth_sendTransaction', { from, to, data, gas: numberToHex(gas),
            gasPrice: numberToHex(from === this.deployer ? 2_000_000_000 : 1_500_000_000), nonce: numberToHex(nonce) }]);
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
    const a = { permit2: PERMIT2, exact_proxy: EXACT_PROXY, upto_proxy: UPTO_PROXY, multicall3: MULTICALL3,
        channel: PLACES.channel, escrow: PLACES.escrow, facilitators: w.clearer };
    a.usdc = await w.create(code.Usdc.bytecode, time());
    a.opg = await w.create(code.Opg.bytecode, time());
    a.listings = await w.createAnywhere(code.ModelListings.bytecode, time());
    await w.place(EXACT_PROXY, await w.create(withArgs(code.ExactProxy, 'address')(a.opg), time()));
    await w.place(UPTO_PROXY, await w.create(withArgs(code.UptoProxy, 'address')(a.opg), time()));
    await w.place(PLACES.channel, await w.create(code.Channels.bytecode, time()));
    await w.place(PLACES.escrow, await w.create(withArgs(code.Escrow, 'address', 'address', 'address')(world.operator, world.feeReceiver,
        world.tokenStore), time()));
    await w.place(world.forger, await w.create(code.Forger.bytecode, time()));
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
    const replayed = (list) => encodeFunctionData({ abi: code.Usdc.abi, functionName: 'replay', args: [packMovements(list)] });
    for (const step of world.steps) {
        for (const { l, v } of step.main ? actions[step.slot] : []) {
            const data = v === null
                ? encodeFunctionData({ abi: code.ModelListings.abi, functionName: 'delist', args: [l.name] })
                : encodeFunctionData({ abi: code.ModelListings.abi, functionName: 'list', args: [l.author, l.name, v.blob, v.price,
                    addresses[l.asset], v.payTo, endpoint(world.params.seller, l)] });
            await w.sendSigned(l.key, a.listings, data, 3_000_000);
        }
        for (const asset of ['USDC', 'OPG'])
            if (step[asset].length) w.send(addresses[asset], replayed(step[asset]), 200_000 + 120_000 * step[asset].length);
        for (const [name, at, pack] of [['channel', PLACES.channel, packChannel], ['escrow', PLACES.escrow, packEscrow]])
            if (step[name].length)
                w.send(at, encodeFunctionData({ abi: code.Escrow.abi, functionName: 'replay', args: [pack(step[name], addresses)] }),
                    200_000 + 400_000 * step[name].length);
        for (const f of step.forged)
            w.send(world.forger, encodeFunctionData({ abi: code.Forger.abi, functionName: 'forge', args: [addresses[f.asset], f.payTo, f.amount] }), 400_000);
        for (const asset of ['USDC', 'OPG'])
            if (step.clear[asset].length)
                w.send(addresses[asset], replayed(step.clear[asset]), 200_000 + 120_000 * step.clear[asset].length, w.clearer);
        await w.mine(step.time);
        progress(step.slot);
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

/** Calls `each(logs, i)` for every one of `count` blocks, in order. */
async function readBack(rpc, firstBlock, count, each) {
    const STEP = 64;
    for (let block = 0; block < count; block += STEP) {
        const end = Math.min(count, block + STEP);
        const logs = await rpc.call('eth_getLogs', { fromBlock: numberToHex(firstBlock + block),
            toBlock: numberToHex(firstBlock + end - 1) });
        const perBlock = Array.from({ length: end - block }, () => []);
        for (const log of logs) perBlock[Number(log.blockNumber) - firstBlock - block].push(log);
        perBlock.forEach((list, i) => each(list, block + i));
    }
}

const place = (log, time) => ({ block: Number(log.blockNumber), log: Number(log.logIndex), tx: log.transactionHash, time });
const topicAddress = (topic) => `0x${topic.slice(26)}`;

function expect(ok, what) {
    if (!ok) throw new Error(`the chain does not hold what was written: ${what}`);
}

/** The ledger line of something that moved. */
function moneyLine(world, e, addresses, at) {
    const where = { chain: PAYMENT_CHAIN, ...at };
    const asset = addresses[e.asset];
    if (!e.pay) return { kind: 'transfer', ...where, from: e.from, to: e.to, asset, amount: e.amount.toString(), why: e.why };
    const { l, scheme, label, payer } = e.pay;
    return { kind: 'payment', ...where, payer, pay_to: e.pay.payTo, from: e.from, asset, amount: e.amount.toString(), scheme,
        author: l?.author ?? null, model: l?.name ?? null, listing_owner: l?.owner ?? null, label,
        attributable: l ? world.attributable(l, e.amount) : false };
}

/** Ledger lines of the payment chain, from the logs that are really there. */
async function readPayments(rpc, first, world, a, addresses, actions, line) {
    await readBack(rpc, first, world.steps.length, (logs, i) => {
        const step = world.steps[i];
        let at = 0;
        for (const { l, v } of step.main ? actions[step.slot] : []) {
            const log = logs[at++];
            expect(log?.address === a.listings && topicAddress(log.topics[1]) === l.owner, 'a listing differs');
            const base = { owner: l.owner, id: log.topics[2], author: l.author, name: l.name };
            if (v === null) line({ kind: 'delisted', ...base, ...place(log, step.time) });
            else line({ kind: 'listing', ...base, blob_id: v.blob, price: v.price.toString(), asset: addresses[l.asset],
                pay_to: v.payTo, endpoint: endpoint(world.params.seller, l), scheme: l.scheme,
                ...place(log, step.time), proven: l.proven, impostor: l.impostor, shared_pay_to: Boolean(l.shared) });
        }
        for (const e of stepLogs(world, step, addresses)) {
            const log = logs[at++];
            expect(log?.address === e.at && log.topics[0] === e.topic, 'another event');
            if (e.topic === TOPIC.transfer)
                expect(topicAddress(log.topics[1]) === e.from && topicAddress(log.topics[2]) === e.to && BigInt(log.data) === e.amount, 'a transfer differs');
            if (e.refund) line({ kind: 'refund', chain: PAYMENT_CHAIN, ...place(log, step.time), ...e.refund });
            if (e.asset) line(moneyLine(world, e, addresses, place(log, step.time)));
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
    const history = (c, blocks) => ({ first_block: c.first, last_block: c.first + blocks - 1, first_time: world.times[0],
        last_time: world.times[world.slots - 1] });
    return { addresses: { ...p.a, ...i.a }, lines: [...p.lines, ...i.lines], payment: history(p, world.steps.length), inference: history(i, world.slots) };
}
