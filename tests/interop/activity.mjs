// New blocks on a running devnet, by the doubles' own hands: payments of every kind, wherever asked.

import { encodeFunctionData, numberToHex } from '../../assets/devnet/node_modules/viem/_esm/index.js';
import { packChannel, packEscrow, packMovements } from '../../assets/devnet/lib/records.mjs';
import { account, ROLES } from '../../assets/devnet/lib/replay.mjs';
import { readJson } from '../../assets/devnet/lib/harness.mjs';

const deployer = account(ROLES.deployer).address;
const clearer = account(ROLES.clearer).address;
const someone = (n) => `0x${n.toString(16).padStart(40, '7')}`;

export class Activity {
    /** r: a Prng; the devnet's exchanges pay, for they never run out. */
    constructor(w, r) {
        const ledger = w.ledger();
        const meta = ledger.find((l) => l.kind === 'meta');
        this.rpc = w.chains.payment.rpc;
        this.r = r;
        this.abi = readJson(`${w.dir}/abi.json`);
        this.contracts = w.contracts.contracts;
        this.banks = meta.exchanges;
        this.usdc = w.contracts.tokens[0].address;
        this.payees = [...new Set(ledger.filter((l) => l.kind === 'listing' && l.asset === this.usdc).map((l) => l.pay_to))].sort();
        this.salt = 1000000;
    }

    record(scheme, amount = BigInt(this.r.between(1, 5000))) {
        return { pay: scheme ? { scheme } : null, from: this.r.pick(this.banks), to: this.r.chance(90) ? this.r.pick(this.payees) : someone(this.r.below(5)), amount };
    }

    replayed(name, list) {
        return encodeFunctionData({ abi: this.abi[name].abi, functionName: 'replay', args: [list] });
    }

    /** A transaction, of some ways of paying. */
    one() {
        const { r, usdc } = this;
        const base = { payer: r.pick(this.banks), receiver: r.pick(this.payees), asset: 'USDC' };
        const amount = BigInt(r.between(1000, 9000));
        const at = { USDC: usdc };
        switch (r.below(6)) {
        case 0: {
            const total = amount * 3n;
            return [this.contracts.channel, this.replayed('Channels', packChannel([{ ...base, op: 'deposit', amount: total, total, first: true },
                { ...base, op: 'claim', amount, total: amount }, { ...base, op: 'settle', amount, total: 0n }], at)), deployer];
        }
        case 1: {
            const e = { ...base, max: amount, amount, feeBps: 100, salt: ++this.salt };
            return [this.contracts.escrow, this.replayed('Escrow', packEscrow([{ ...e, op: 'authorize' }, { ...e, op: 'capture' }], at)), deployer];
        }
        case 2: return [usdc, this.replayed('Usdc', packMovements([this.record(null)])), clearer];
        default: return [usdc, this.replayed('Usdc', packMovements([this.record('exact-eip3009'), this.record(r.chance(30) ? null : 'exact-eip3009')])), deployer];
        }
    }

    /** `n` blocks, most of them with something in them. */
    async blocks(n) {
        for (let i = 0; i < n; i++) {
            if (this.r.chance(30)) {
                await this.rpc.call('anvil_mine', '0x1');
                continue;
            }
            const [to, data, from] = this.one();
            const hash = await this.rpc.call('eth_sendTransaction', { from, to, data, gas: numberToHex(3000000) });
            let receipt;
            while (!(receipt = await this.rpc.call('eth_getTransactionReceipt', hash)));
            if (receipt.status !== '0x1') throw new Error('the activity failed');
        }
    }
}
