// Signs and settles x402 payments by hand, with viem: what a seller's facilitator does, but exactly
// as a test wants it.

import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';

const require = createRequire(new URL('../../assets/devnet/package.json', import.meta.url));
export const viem = require('viem');
const { mnemonicToAccount } = require('viem/accounts');

const WALLET_WORDS = 'bicycle federal scheme clever shoulder position delay cheap saddle village gasp swift';
const MNEMONIC = 'test test test test test test test test test test test junk';
export const PERMIT2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3';
export const ZERO = '0x0000000000000000000000000000000000000000';
const nonce32 = () => `0x${randomBytes(32).toString('hex')}`;

const abi = viem.parseAbi([
    'function transfer(address to, uint256 value)',
    'function approve(address spender, uint256 value)',
    'function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)',
    'function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)',
    'function invalidateUnorderedNonces(uint256 wordPos, uint256 mask)',
    'function aggregate3((address target, bool allowFailure, bytes callData)[] calls)',
]);
const permitParts = '((address token, uint256 amount) permitted, uint256 nonce, uint256 deadline) permit';
const exactAbi = viem.parseAbi([`function settle(${permitParts}, address owner, (address to, uint256 validAfter) witness, bytes signature)`]);
const uptoAbi = viem.parseAbi([`function settle(${permitParts}, uint256 amount, address owner, (address to, address facilitator, uint256 validAfter) witness, bytes signature)`]);

const TRANSFER = ['from:address', 'to:address', 'value:uint256', 'validAfter:uint256', 'validBefore:uint256', 'nonce:bytes32'];
const CANCEL = ['authorizer:address', 'nonce:bytes32'];
const TOKEN = ['token:address', 'amount:uint256'];
const PERMIT = ['permitted:TokenPermissions', 'spender:address', 'nonce:uint256', 'deadline:uint256', 'witness:Witness'];
const fields = (list) => list.map((f) => ({ name: f.split(':')[0], type: f.split(':')[1] }));

export class Payer {
    /** A devnet (world.mjs) and the accounts that act on it. */
    constructor(world) {
        this.world = world;
        this.chain = world.contracts.payment_chain.chain_id;
        this.account = mnemonicToAccount(WALLET_WORDS); // the devnet's play wallet
        this.facilitator = mnemonicToAccount(MNEMONIC, { addressIndex: 1 });
        this.rpc = world.chains.payment.rpc;
        [this.usdc, this.opg] = world.contracts.tokens;
    }

    /** Sends and waits; the receipt. */
    async send(account, to, data, value = 0n) {
        const [nonce, price] = await this.rpc.batch([['eth_getTransactionCount', account.address, 'pending'], ['eth_gasPrice']]);
        const raw = await account.signTransaction({ type: 'eip1559', chainId: this.chain, nonce: Number(nonce), to, data, value,
            gas: 600000n, maxFeePerGas: BigInt(price) * 2n, maxPriorityFeePerGas: 1n });
        const hash = await this.rpc.call('eth_sendRawTransaction', raw);
        let receipt = null;
        while (!receipt) receipt = await this.rpc.call('eth_getTransactionReceipt', hash); // anvil mines at once, nearly
        if (receipt?.status !== '0x1') throw new Error(`transaction failed: ${JSON.stringify(receipt)}`);
        return receipt;
    }

    call(name, args) {
        return viem.encodeFunctionData({ abi, functionName: name, args });
    }

    async now() {
        return BigInt((await this.rpc.call('eth_getBlockByNumber', 'latest', false)).timestamp);
    }

    /** Lets the chain's time pass. */
    async pass(seconds) {
        await this.rpc.call('evm_increaseTime', seconds);
        await this.rpc.call('evm_mine');
    }

    async sign(scheme, { amount, to, token, seconds = 600 }) {
        const at = await this.now();
        const p = { scheme, amount: BigInt(amount), to, token: token ?? (scheme === 'eip3009' ? this.usdc : this.opg),
            after: at - 600n, before: at + BigInt(seconds), nonce: nonce32(), from: this.account.address, since: at };
        p.signature = await this.account.signTypedData(scheme === 'eip3009' ? this.typed3009(p) : this.typedPermit(p));
        return p;
    }

    domain(token) {
        return { name: token.name, version: token.version, chainId: this.chain, verifyingContract: token.address };
    }

    typed3009(p) {
        return { domain: this.domain(p.token), primaryType: 'TransferWithAuthorization',
            types: { TransferWithAuthorization: fields(TRANSFER) },
            message: { from: p.from, to: p.to, value: p.amount, validAfter: p.after, validBefore: p.before, nonce: p.nonce } };
    }

    spender(p) {
        const c = this.world.contracts.contracts;
        return viem.getAddress(p.scheme === 'upto' ? c.upto_proxy : c.exact_proxy);
    }

    witness(p) {
        return p.scheme === 'upto' ? { to: p.to, facilitator: this.facilitator.address, validAfter: p.after }
            : { to: p.to, validAfter: p.after };
    }

    typedPermit(p) {
        const upto = p.scheme === 'upto';
        return { domain: { name: 'Permit2', chainId: this.chain, verifyingContract: PERMIT2 }, primaryType: 'PermitWitnessTransferFrom',
            types: { PermitWitnessTransferFrom: fields(PERMIT), TokenPermissions: fields(TOKEN),
                Witness: fields(['to:address', ...(upto ? ['facilitator:address'] : []), 'validAfter:uint256']) },
            message: { permitted: { token: p.token.address, amount: p.amount }, spender: this.spender(p), nonce: BigInt(p.nonce),
                deadline: p.before, witness: this.witness(p) } };
    }

    settlement(p, taken = p.amount) {
        if (p.scheme === 'eip3009')
            return { to: p.token.address, data: this.call('transferWithAuthorization', [p.from, p.to, p.amount, p.after, p.before, p.nonce, p.signature]) };
        const permit = { permitted: { token: p.token.address, amount: p.amount }, nonce: BigInt(p.nonce), deadline: p.before };
        const upto = p.scheme === 'upto';
        const args = [permit, ...(upto ? [taken] : []), p.from, this.witness(p), p.signature];
        return { to: this.spender(p), data: viem.encodeFunctionData({ abi: upto ? uptoAbi : exactAbi, functionName: 'settle', args }) };
    }

    settle(p, taken) {
        const { to, data } = this.settlement(p, taken);
        return this.send(this.facilitator, to, data);
    }

    /** Several settlements in one transaction, by Multicall3. */
    settleTogether(...payments) {
        const calls = payments.map((p) => this.settlement(p)).map(({ to, data }) => ({ target: to, allowFailure: false, callData: data }));
        return this.send(this.facilitator, this.world.contracts.contracts.multicall3, this.call('aggregate3', [calls]));
    }

    async cancel(p) {
        if (p.scheme !== 'eip3009') {
            const n = BigInt(p.nonce);
            return this.send(this.account, PERMIT2, this.call('invalidateUnorderedNonces', [n >> 8n, 1n << (n & 255n)]));
        }
        const signature = viem.parseSignature(await this.account.signTypedData({ domain: this.domain(p.token),
            primaryType: 'CancelAuthorization', types: { CancelAuthorization: fields(CANCEL) },
            message: { authorizer: p.from, nonce: p.nonce } }));
        return this.send(this.facilitator, p.token.address,
            this.call('cancelAuthorization', [p.from, p.nonce, Number(signature.v), signature.r, signature.s]));
    }

    approve(token, amount) {
        return this.send(this.account, token.address, this.call('approve', [PERMIT2, amount]));
    }

    transfer(token, to, amount) {
        return this.send(this.account, token.address, this.call('transfer', [to, amount]));
    }
}
