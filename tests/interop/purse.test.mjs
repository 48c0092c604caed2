// The purse on a real chain: what there is, sending, hurrying and dropping, allowances; nodes that
// lie, and a program killed between signing and sending.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { configure, newHome, startWorld } from './world.mjs';
import { head, lock, openWallet, PASSWORD, peers, runWith, saidJson, startWith } from './money.mjs';
import { Payer } from './payer.mjs';
import { Proxy } from './proxy.mjs';

const viem = peers('viem');
const SIZES = { seed: 37, models: 120, payments: 700, inferences: 900, authors: 30, days: 14, end: 1795219200 };
const TO = viem.getAddress('0x00000000000000000000000000000000000000b7');
const yes = { '--password-fd': `${PASSWORD}\n${PASSWORD}\n` };

describe('the purse', () => {
    let w, home, wallet, payer, proxy;
    before(async () => {
        w = await startWorld(SIZES);
        payer = new Payer(w);
        proxy = await new Proxy(payer.rpc.url).listen();
        home = configure(newHome(), w.status, `[network.devnet]\npayment_rpc = ${proxy.url}\n`);
        wallet = await openWallet(home, w);
    });
    after(async () => {
        if (wallet) await lock(home);
        await proxy?.close();
        await w.stop();
    });

    const words = (...args) => runWith(home, yes, 'wallet', ...args, '--yes');
    const json = async (...args) => {
        const r = await saidJson(runWith(home, {}, 'wallet', ...args, '--json'));
        assert.equal(r.code, 0, r.err);
        return r.doc;
    };
    const history = async () => (await json('history')).history;
    const good = async (...args) => {
        const r = await words(...args);
        assert.equal(r.code, 0, r.err);
        return r;
    };
    const read = async (token, name, ...args) => BigInt(await payer.rpc.call('eth_call', { to: token.address,
        data: viem.encodeFunctionData({ abi: viem.parseAbi([`function ${name}(${args.map(() => 'address').join()}) view returns (uint256)`]), args }) }, 'latest'));
    const methods = (since = 0) => proxy.seen.slice(since).flatMap((x) => x.calls);
    /** Resolves when the node has a transaction that waits for a block. */
    const pending = async () => {
        while ((await payer.rpc.call('eth_getBlockByNumber', 'pending', false)).transactions.length === 0);
    };

    test('balances are the chain\'s, asked in one question', async () => {
        await payer.approve(payer.opg, 123n);
        const seen = proxy.seen.length;
        const doc = await json('balance');
        const said = Object.fromEntries(doc.balances.map((b) => [b.balance.symbol, b]));
        assert.equal(BigInt(said.USDC.balance.amount), await read(payer.usdc, 'balanceOf', payer.account.address));
        assert.equal(BigInt(said.OPG.balance.amount), await read(payer.opg, 'balanceOf', payer.account.address));
        assert.equal(said.OPG.permit2_allowance.amount, '123');
        assert.equal(BigInt(said.ETH.balance.amount), BigInt(await payer.rpc.call('eth_getBalance', payer.account.address, 'latest')));
        assert.equal(doc.block, await head(payer.rpc));
        const calls = methods(seen).filter((c) => c.method === 'eth_call');
        assert.ok(calls.length === 1 && calls.every((c) => c.params[0].to.toLowerCase() === w.contracts.contracts.multicall3.toLowerCase()));
    });

    test('a token is sent, once, and the history knows it', async () => {
        const before = await read(payer.usdc, 'balanceOf', TO);
        const r = await good('send', '1.25', 'USDC', TO);
        assert.equal(await read(payer.usdc, 'balanceOf', TO) - before, 1250000n);
        const [row] = await history();
        assert.equal(row.state, 'mined');
        assert.equal(row.tx, r.out.trim());
        assert.equal(row.to, TO);
        assert.match(r.err, /for the first time/);
        assert.doesNotMatch((await good('send', '0.25', 'USDC', TO)).err, /first time/);
    });

    test('coin is sent', async () => {
        await good('send', '0.001', 'ETH', TO);
        assert.equal(BigInt(await payer.rpc.call('eth_getBalance', TO, 'latest')), 10n ** 15n);
    });

    test('an address that only looks like one used before is pointed out', async () => {
        const like = '0x00000000000000000000000000000000000100b7';
        assert.match((await good('send', '0.01', 'USDC', like)).err, /WARNING/);
    });

    test('allowances: exact, listed, taken back; an unbounded one shows', async () => {
        const spender = viem.getAddress('0x00000000000000000000000000000000000000c3');
        await good('approve', '2', 'USDC');
        await payer.send(payer.account, payer.usdc.address, payer.call('approve', [spender, (1n << 256n) - 1n]));
        const list = (await json('allowances')).allowances;
        const usdc = list.filter((a) => a.amount.symbol === 'USDC');
        assert.deepEqual(usdc.map((a) => [a.name, a.unlimited]).sort(), [['Permit2', false], [null, true]].sort());
        assert.equal(usdc.find((a) => a.name === 'Permit2').amount.amount, '2000000');
        await good('revoke', 'USDC', spender);
        await good('revoke', 'USDC');
        assert.equal(await read(payer.usdc, 'allowance', payer.account.address, spender), 0n);
        assert.equal((await json('allowances')).allowances.filter((a) => a.amount.symbol === 'USDC').length, 0);
    });

    test('a stuck one is hurried, another dropped', async () => {
        await payer.rpc.call('evm_setAutomine', false);
        const stuck = startWith(home, yes, 'wallet', 'send', '0.5', 'USDC', TO, '--yes');
        await pending();
        stuck.child.kill('SIGKILL'); // whoever waits may go: it is kept
        await stuck.done;
        const before = await read(payer.usdc, 'balanceOf', TO);
        const [row] = await history();
        assert.equal(row.state, 'pending');
        const first = (await payer.rpc.call('eth_getTransactionByHash', row.tx));
        const faster = startWith(home, yes, 'wallet', 'speed-up', String(row.id), '--yes');
        while (await payer.rpc.call('eth_getTransactionByHash', row.tx)); // until it took its place
        await payer.rpc.call('evm_mine');
        const r = await faster.done;
        assert.equal(r.code, 0, r.err);
        const second = await payer.rpc.call('eth_getTransactionByHash', r.out.trim());
        assert.equal(second.nonce, first.nonce);
        for (const fee of ['maxFeePerGas', 'maxPriorityFeePerGas'])
            assert.ok(BigInt(second[fee]) * 1000n >= BigInt(first[fee]) * 1125n, fee);
        assert.equal(await read(payer.usdc, 'balanceOf', TO) - before, 500000n, 'once, not twice');
        assert.deepEqual((await history()).slice(0, 2).map((h) => h.state), ['mined', 'replaced']);

        const unwanted = startWith(home, yes, 'wallet', 'send', '0.5', 'USDC', TO, '--yes');
        await pending();
        unwanted.child.kill('SIGKILL');
        await unwanted.done;
        const [doomed] = await history();
        const drop = startWith(home, yes, 'wallet', 'drop', String(doomed.id), '--yes');
        while (await payer.rpc.call('eth_getTransactionByHash', doomed.tx));
        await payer.rpc.call('evm_mine');
        assert.equal((await drop.done).code, 0);
        await payer.rpc.call('evm_setAutomine', true);
        assert.equal(await read(payer.usdc, 'balanceOf', TO) - before, 500000n);
        assert.deepEqual((await history()).slice(0, 2).map((h) => h.state), ['mined', 'replaced']);
    });

    test('signed and not sent: the same bytes go out later', async () => {
        const before = await read(payer.usdc, 'balanceOf', TO);
        proxy.fault = (x) => x.calls.some((c) => c.method === 'eth_sendRawTransaction') && (x.response.destroy(), true);
        const r = await words('send', '0.125', 'USDC', TO);
        assert.equal(r.code, 6, r.err);
        assert.match(r.err, /signed and kept/);
        proxy.fault = null;
        const raws = () => new Set(methods().filter((c) => c.method === 'eth_sendRawTransaction').map((c) => c.params[0]));
        const tried = raws().size;
        await history(); // sends it
        assert.equal((await history())[0].state, 'mined');
        assert.equal(raws().size, tried, 'no other bytes than those');
        assert.equal(await read(payer.usdc, 'balanceOf', TO) - before, 125000n);
    });

    test('killed at any moment of a transfer: it is made at most once', async () => {
        const seen = new Set();
        for (let i = 1; i <= 12; i++) {
            const before = await read(payer.usdc, 'balanceOf', TO);
            const run = startWith(home, yes, 'wallet', 'send', '0.001', 'USDC', TO, '--yes');
            let n = 0;
            proxy.fault = () => (++n === i && run.child.kill('SIGKILL'), false); // at its i-th request
            await run.done;
            proxy.fault = null;
            await history();
            const rows = (await history()).filter((h) => h.state === 'pending');
            assert.equal(rows.length, 0);
            const moved = await read(payer.usdc, 'balanceOf', TO) - before;
            assert.ok(moved === 0n || moved === 1000n, `${moved}`);
            seen.add(moved);
        }
        assert.equal(seen.size, 2, 'both before and after it was kept');
    });

    test('a fee a thousand times too high is not signed', async () => {
        const { nonce } = (await history())[0];
        proxy.fault = (x) => x.calls.some((c) => c.method === 'eth_getBlockByNumber') && ((a) => {
            for (const one of [a].flat()) if (one.result?.baseFeePerGas) one.result.baseFeePerGas = `0x${(BigInt(one.result.baseFeePerGas) * 100000n + 10n ** 13n).toString(16)}`;
            return a;
        });
        const r = await words('send', '0.1', 'USDC', TO);
        proxy.fault = null;
        assert.equal(r.code, 5, r.err);
        assert.match(r.err, /network fee/);
        assert.equal((await history())[0].nonce, nonce, 'nothing was signed');
    });

    test('two nodes that differ decide nothing', async () => {
        configure(home, w.status, `[network.devnet]\npayment_rpc = ${payer.rpc.url} ${proxy.url}\n`);
        assert.equal((await runWith(home, {}, 'wallet', 'balance')).code, 0);
        proxy.fault = (x) => x.calls.some((c) => c.method === 'eth_getBalance') && ((a) => {
            for (const one of a) if (/^0x[0-9a-f]{8,20}$/.test(one.result ?? '')) one.result = `${one.result}0`;
            return a;
        });
        for (const args of [['balance'], ['send', '0.1', 'USDC', TO, '--yes']]) {
            const r = await runWith(home, yes, 'wallet', ...args);
            assert.equal(r.code, 4, r.err);
            assert.match(r.err, /differ about your balance/);
        }
        proxy.fault = null;
    });
});
