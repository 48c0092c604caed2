// What became of a signature, by the chain's word alone: `souk witness` asked about payments that
// viem signed and that were settled, cancelled, forgotten, or only seem to be.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { spawn } from 'node:child_process';
import { configure, newHome, souk, startWorld } from './world.mjs';
import { Payer, ZERO } from './payer.mjs';
import { Proxy } from './proxy.mjs';

const SIZES = { seed: 31, models: 120, payments: 700, inferences: 900, authors: 30, days: 14, end: 1795219200 };
const KIND = { eip3009: 1, exact: 3, upto: 4 };
const NO_TX = `0x${'0'.repeat(64)}`;
const TO = '0x00000000000000000000000000000000000000a7';

/** One `souk witness`; ask() resolves to {fate, charged, tx}. */
class Witness {
    constructor(home) {
        this.child = spawn(souk, ['witness', '--network', 'devnet', '--data', home], { stdio: ['pipe', 'pipe', 'inherit'] });
        this.ended = new Promise((resolve) => this.child.once('exit', resolve));
        this.waiting = new Map();
        this.said = '';
        this.next = 1;
        this.child.stdout.setEncoding('utf8').on('data', (d) => {
            const lines = (this.said + d).split('\n');
            this.said = lines.pop();
            for (const line of lines) {
                const [id, fate, charged, tx, ...more] = line.split(' ');
                assert.equal(more.length, 0, line);
                this.waiting.get(id)?.({ fate, charged, tx });
                this.waiting.delete(id);
            }
        });
    }

    line(chain, p, id = String(this.next++), upto = ZERO) {
        return [id, KIND[p.scheme], chain, p.token.address, p.from, p.to, p.amount, p.nonce, p.before, p.since, upto].join(' ');
    }

    raw(text) {
        this.child.stdin.write(text);
    }

    ask(payer, p, chain = payer.chain) {
        const id = String(this.next++);
        const answer = new Promise((resolve) => this.waiting.set(id, resolve));
        this.raw(`${this.line(chain, p, id, payer.facilitator.address)}\n`);
        return answer;
    }

    async end() {
        this.child.stdin.end();
        return this.ended;
    }
}

const open = { fate: 'open', charged: '0', tx: NO_TX };
const settled = (receipt, amount) => ({ fate: 'settled', charged: String(amount), tx: receipt.transactionHash });

describe('the fate of a signature', () => {
    let w, payer, witness, home;
    before(async () => {
        w = await startWorld(SIZES);
        home = configure(newHome(), w.status);
        payer = new Payer(w);
        await payer.approve(payer.opg, 10n ** 24n);
        witness = new Witness(home);
    });
    after(async () => {
        const code = await witness?.end();
        await w.stop();
        assert.equal(code, 0, 'it ends with its input');
    });

    for (const scheme of ['eip3009', 'exact', 'upto']) {
        test(`${scheme}: open, then settled`, async () => {
            const p = await payer.sign(scheme, { amount: 1234, to: TO });
            assert.deepEqual(await witness.ask(payer, p), open);
            const receipt = await payer.settle(p);
            assert.deepEqual(await witness.ask(payer, p), settled(receipt, 1234));
            await payer.pass(1000); // and stays so when its time is over
            assert.deepEqual(await witness.ask(payer, p), settled(receipt, 1234));
        });

        test(`${scheme}: lapsed, not before a block says so`, async () => {
            const p = await payer.sign(scheme, { amount: 5, to: TO, seconds: 60 });
            await payer.pass(30);
            assert.deepEqual(await witness.ask(payer, p), open);
            await payer.pass(40);
            assert.deepEqual(await witness.ask(payer, p), { ...open, fate: 'lapsed' });
        });

        test(`${scheme}: cancelled on chain`, async () => {
            const p = await payer.sign(scheme, { amount: 77, to: TO });
            const receipt = await payer.cancel(p);
            assert.deepEqual(await witness.ask(payer, p), { fate: 'cancelled', charged: '0', tx: receipt.transactionHash });
        });

        test(`${scheme}: a plain transfer of the same amount to the same payee is not it`, async () => {
            const p = await payer.sign(scheme, { amount: 999, to: TO });
            await payer.transfer(p.token, TO, 999);
            assert.deepEqual(await witness.ask(payer, p), open);
            const receipt = await payer.settle(p);
            await payer.transfer(p.token, TO, 999);
            assert.deepEqual(await witness.ask(payer, p), settled(receipt, 999));
            const q = await payer.sign(scheme, { amount: 999, to: TO });
            await payer.transfer(p.token, TO, 999);
            const cancelled = await payer.cancel(q);
            assert.equal((await witness.ask(payer, q)).tx, cancelled.transactionHash);
        });
    }

    test('upto: what was taken, not what was allowed', async () => {
        const p = await payer.sign('upto', { amount: 1000000, to: TO });
        const receipt = await payer.settle(p, 321n);
        assert.deepEqual(await witness.ask(payer, p), settled(receipt, 321));
    });

    test('two settled in one transaction are told apart', async () => {
        const first = await payer.sign('eip3009', { amount: 10, to: TO });
        const second = await payer.sign('eip3009', { amount: 20, to: TO });
        const other = await payer.sign('exact', { amount: 30, to: TO });
        const receipt = await payer.settleTogether(first, other, second);
        const answers = await Promise.all([first, second, other].map((p) => witness.ask(payer, p)));
        assert.deepEqual(answers, [settled(receipt, 10), settled(receipt, 20), settled(receipt, 30)]);
    });

    test('of another chain nothing is known', async () => {
        const p = await payer.sign('eip3009', { amount: 1, to: TO });
        await payer.settle(p);
        assert.deepEqual(await witness.ask(payer, p, 8453), open);
    });

    test('many at once', async () => {
        const p = await payer.sign('eip3009', { amount: 2, to: TO });
        const receipt = await payer.settle(p);
        const answers = await Promise.all(Array.from({ length: 40 }, () => witness.ask(payer, p)));
        answers.forEach((a) => assert.deepEqual(a, settled(receipt, 2)));
    });

    test('junk is passed over', async () => {
        const p = await payer.sign('exact', { amount: 3, to: TO });
        const receipt = await payer.settle(p);
        const good = witness.line(payer.chain, p, '9');
        witness.raw(`\n\0\0\n${'x'.repeat(5000)}\n${good} and more\n9 9\n-1 1\n\u{1f600} ${good}\n`);
        witness.raw(`${'y'.repeat(1500)} ${good}`); // a line in pieces, too long
        witness.raw(`${'z'.repeat(3000)}\n`);
        assert.deepEqual(await witness.ask(payer, p), settled(receipt, 3));
        const answer = new Promise((resolve) => witness.waiting.set('a1', resolve));
        witness.raw(`a1 1 ${payer.chain} nonsense 1 2 3 4 5 6 7\n`);
        assert.deepEqual(await answer, open, 'what cannot be answered is open');
    });

    test('ranges as small as the node wants', async () => {
        const p = await payer.sign('upto', { amount: 4000, to: TO });
        const receipt = await payer.settle(p, 5n);
        await payer.rpc.call('anvil_mine', '0x40');
        const proxy = await new Proxy(payer.rpc.url).listen();
        proxy.fault = (x) => x.calls.some((c) => c.method === 'eth_getLogs' && Number(c.params[0].toBlock) - Number(c.params[0].fromBlock) > 6)
            && ((answers) => answers.map((a) => ({ jsonrpc: '2.0', id: a.id, error: { code: -32005, message: 'block range too large, at most 7 blocks' } })));
        const strict = new Witness(configure(newHome(), w.status, `[network.devnet]\npayment_rpc = ${proxy.url}\n`));
        assert.deepEqual(await strict.ask(payer, p), settled(receipt, 5));
        await strict.end();
        await proxy.close();
    });
});

describe('two nodes', () => {
    let w, payer, proxy, witness;
    before(async () => {
        w = await startWorld(SIZES);
        payer = new Payer(w);
        await payer.approve(payer.opg, 10n ** 24n);
        proxy = await new Proxy(payer.rpc.url).listen();
        witness = new Witness(configure(newHome(), w.status, `[network.devnet]\npayment_rpc = ${payer.rpc.url} ${proxy.url}\n`));
    });
    after(async () => {
        await witness?.end();
        await proxy?.close();
        await w.stop();
    });

    /** The second node tells this about one method. */
    const lie = (method, change) => {
        proxy.fault = (x) => {
            const ids = x.calls.filter((c) => c.method === method).map((c) => c.id);
            return ids.length > 0 && ((good) => {
                for (const a of [good].flat()) if (ids.includes(a.id)) a.result = change(a.result);
                return good;
            });
        };
    };
    const ZEROES = `0x${'0'.repeat(64)}`;
    const ONE = `0x${'0'.repeat(63)}1`;

    test('agree', async () => {
        const p = await payer.sign('eip3009', { amount: 6, to: TO });
        const receipt = await payer.settle(p);
        assert.deepEqual(await witness.ask(payer, p), settled(receipt, 6));
        assert.ok(proxy.seen.length > 0, 'the second one was asked');
    });

    test('a lie of either leaves it open', async () => {
        const settledOne = await payer.sign('upto', { amount: 60, to: TO });
        const receipt = await payer.settle(settledOne, 7n);
        const cancelled = await payer.sign('eip3009', { amount: 60, to: TO });
        await payer.cancel(cancelled);
        const lapsed = await payer.sign('eip3009', { amount: 60, to: TO, seconds: 10 });
        await payer.pass(20);
        const unused = await payer.sign('eip3009', { amount: 60, to: TO });
        const lies = [
            [settledOne, 'eth_call', () => ZEROES],
            [settledOne, 'eth_getLogs', () => []],
            [settledOne, 'eth_getTransactionByHash', (t) => ({ ...t, input: '0x' })],
            [settledOne, 'eth_getBlockByNumber', (b) => ({ ...b, hash: ONE })],
            [cancelled, 'eth_call', () => ZEROES],
            [cancelled, 'eth_getLogs', () => []],
            [lapsed, 'eth_getBlockByNumber', (b) => ({ ...b, timestamp: '0x1' })],
            [lapsed, 'eth_call', () => ONE],
            [unused, 'eth_call', () => ONE],
            [settledOne, 'eth_chainId', () => '0x2105'],
        ];
        for (const [p, method, change] of lies) {
            lie(method, change);
            assert.deepEqual(await witness.ask(payer, p), open, `${method} of ${p.scheme}`);
        }
        proxy.fault = null;
        assert.deepEqual(await witness.ask(payer, settledOne), settled(receipt, 7));
    });

    test('one that does not answer leaves it open', async () => {
        const p = await payer.sign('eip3009', { amount: 8, to: TO });
        await payer.settle(p);
        proxy.fault = (x) => (x.response.destroy(), true);
        assert.deepEqual(await witness.ask(payer, p), open);
        proxy.fault = null;
        assert.equal((await witness.ask(payer, p)).fate, 'settled');
    });
});

describe('confirmations', () => {
    let w, payer, witness;
    before(async () => {
        w = await startWorld(SIZES);
        payer = new Payer(w);
        witness = new Witness(configure(newHome(), w.status, '[network.devnet]\npayment_confirmations = 4\n'));
    });
    after(async () => {
        await witness?.end();
        await w.stop();
    });

    test('what gives money back must be deep, what takes it counts at once', async () => {
        const lapsed = await payer.sign('eip3009', { amount: 9, to: TO, seconds: 10 });
        await payer.pass(20);
        assert.deepEqual(await witness.ask(payer, lapsed), open);
        const cancelled = await payer.sign('eip3009', { amount: 9, to: TO });
        await payer.cancel(cancelled);
        const paid = await payer.sign('eip3009', { amount: 9, to: TO });
        const receipt = await payer.settle(paid);
        assert.deepEqual(await witness.ask(payer, cancelled), open);
        assert.deepEqual(await witness.ask(payer, paid), settled(receipt, 9));
        await payer.rpc.call('anvil_mine', '0x4');
        assert.equal((await witness.ask(payer, lapsed)).fate, 'lapsed');
        assert.equal((await witness.ask(payer, cancelled)).fate, 'cancelled');
    });
});
