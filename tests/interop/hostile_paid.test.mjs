// Sellers that get one honest signature and do what they like with it: one call is one signature,
// nothing is taken beyond it, and the receipt says what the chain says.
//   node --test tests/interop/hostile_paid.test.mjs        (what is never paid: hostile.test.mjs)

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startWorld } from './world.mjs';
import { receipts, runWith } from './money.mjs';
import { Hostility, signedValue } from './hostility.mjs';

const PRICE = 1000n;
const UPTO = 40000n;

let w, h;

/** Buys from this attack; what came of it, and what the chain took meanwhile. */
async function bought(name, { query, args = [] } = {}) {
    const [taken, counted] = [await h.taken(), await h.counted()];
    const r = await h.call(h.url(name, query), ...args);
    const now = await h.taken();
    const after_ = await h.counted();
    assert.ok(after_.USDC >= now.USDC && after_.OPG >= now.OPG, 'the ledger is never below the chain');
    const charged = now.USDC - taken.USDC || now.OPG - taken.OPG;
    return { ...r, charged, reserved: after_.USDC - counted.USDC };
}

/** One header was sent, once; it was for this much. */
function paidOnce(r, most = PRICE) {
    assert.equal(r.sent.length, 1, r.err);
    assert.equal(signedValue(r.sent[0]), most);
}

const receipt = async (id) => (await receipts(h.home, String(id))).doc;
const lastLine = (r) => r.err.trimEnd().split('\n').at(-1);

/** Exit code, state, what the chain took, and what was said. */
function came(r, code, state, charged, words) {
    assert.deepEqual({ code: r.code, state: r.doc?.state, charged: r.charged }, { code, state, charged }, r.err);
    if (words) assert.match(lastLine(r), words);
}

describe('paid once', () => {
    before(async () => {
        w = await startWorld({ seed: 24, models: 120, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200 });
        h = new Hostility(w);
        await h.open();
    });
    after(async () => {
        await h?.close();
        await w?.stop();
    });

    test('a fair seller: settled', async () => {
        const r = await bought('fair');
        came(r, 0, 'settled', PRICE);
        paidOnce(r);
        assert.equal(r.doc.by_chain, true);
    });

    test('decimals and symbol lied: our own are shown and signed', async () => {
        const r = await bought('decimals-lied');
        came(r, 0, 'settled', 3n * 10n ** 18n);
        paidOnce(r, 3n * 10n ** 18n);
        assert.match(r.err, /^pay +3 OPG /m);
        assert.deepEqual([r.doc.charged.symbol, r.doc.charged.decimals], ['OPG', 18]);
    });

    test('two voices: the header counts, not the body that asks for less', async () => {
        const r = await bought('two-voices');
        came(r, 1, 'refused', 0n, /refused the payment/);
        paidOnce(r);
    });

    test('escapes in its words reach nobody', async () => {
        came(await bought('escapes'), 0, 'settled', PRICE); // h.call looks at every byte
    });

    test('dearer when paid: no second signature, and the new price is said', async () => {
        const r = await bought('price-raised-when-paid');
        came(r, 1, 'refused', 0n, /refused the payment.*it now asks 0\.009 USDC/);
        paidOnce(r);
        assert.equal(r.reserved, PRICE);
    });

    test('never satisfied: one header, and no loop', async () => {
        const r = await bought('never-satisfied');
        came(r, 1, 'refused', 0n, /refused the payment/);
        paidOnce(r);
        assert.equal(r.reserved, PRICE, 'it could still be taken, so it stays reserved');
    });

    test('412 after the payment, for ever: one header, no approval', async () => {
        const allowance = await bought('as-told/approve', { query: { base: 'in-opg' }, args: ['--accept', 'approve'] });
        came(allowance, 0, 'settled', 10n ** 16n);
        const r = await bought('approval-again', { args: ['--accept', 'approve'] });
        assert.ok(r.sent.length <= 2, 'at most the same bytes once more');
        came(r, 1, 'refused', 0n, /refused the payment/);
    });

    test('takes it and asks again: disputed, one charge', async () => {
        for (const name of ['again-and-again', 'failure-claimed']) {
            const r = await bought(name);
            came(r, 4, 'disputed', PRICE, /paid and not served/);
            paidOnce(r);
        }
    });

    test('takes it and drops the answer: the chain tells, one charge', async () => {
        for (const name of ['dropped-after-settlement', 'half-an-answer', 'error-after-settlement']) {
            const r = await bought(name);
            came(r, 4, 'disputed', PRICE, /paid and not served: 0\.001 USDC was taken on chain/);
            paidOnce(r);
            assert.equal(r.doc.by_chain, true);
            assert.equal((await h.call(h.url(name), '--max', '0.0001')).sent.length, 0);
        }
    });

    test('takes it and serves nothing: disputed', async () => {
        const r = await bought('empty-answer');
        came(r, 4, 'disputed', PRICE, /paid and not served/);
        paidOnce(r);
    });

    test('fails without taking it: unknown, reserved, and never signed anew', async () => {
        const r = await bought('error-unsettled');
        came(r, 6, 'sent', 0n, /not known yet: 0\.001 USDC stays reserved/);
        paidOnce(r);
        assert.equal(r.reserved, PRICE);
        const before_ = await h.headers();
        await runWith(h.home, {}, 'receipts', String(r.doc.id), '--resume');
        const again = (await h.headers()).slice(before_.length);
        assert.deepEqual(new Set(again.map((s) => s.value)), new Set(again.length ? [r.sent[0].value] : []), 'the same bytes or none');
    });

    test('settles late: answered first, settled by the chain later, one charge', async () => {
        const r = await bought('late-settlement');
        came(r, 0, 'answered', 0n);
        await h.flush();
        await receipts(h.home);
        const late = await receipt(r.doc.id);
        assert.deepEqual([late.state, late.by_chain, late.charged.amount], ['settled', true, String(PRICE)]);
    });

    test('serves and never settles: stays answered, and reserved', async () => {
        const r = await bought('unsettled');
        came(r, 0, 'answered', 0n);
        assert.equal(r.doc.by_chain, false);
        assert.equal(r.reserved, PRICE);
    });

    test('a receipt with a transaction that is not there proves nothing', async () => {
        const r = await bought('lying-receipt');
        came(r, 0, 'answered', 0n);
        assert.equal(r.doc.by_chain, false);
    });

    test("a receipt with somebody's transaction proves nothing; the chain names the right one", async () => {
        const fair = await bought('fair');
        const r = await bought('receipt-of-another', { query: { tx: fair.doc.tx } });
        came(r, 0, 'answered', 0n);
        assert.equal(r.doc.by_chain, false);
        const settled = await bought('another-receipt-settled', { query: { tx: fair.doc.tx } });
        came(settled, 0, 'settled', PRICE);
        assert.notEqual(settled.doc.tx, fair.doc.tx);
    });

    test('a receipt for less than was taken: disputed, by the chain', async () => {
        const r = await bought('lying-amount');
        came(r, 4, 'disputed', 20000n, /charged more than said: 0\.02 USDC instead of 0\.000001/);
        assert.equal(r.doc.charged.amount, '20000');
    });

    test('a receipt nobody can read: the chain is asked', async () => {
        const r = await bought('garbage-receipt');
        came(r, 0, 'settled', PRICE);
        paidOnce(r);
    });

    test('takes all that upto allows: on the receipt, and said before the next call', async () => {
        const r = await bought('overcharge');
        came(r, 0, 'settled', UPTO);
        paidOnce(r, UPTO);
        assert.match(r.doc.words, /charged all that the signature allowed: 0\.04 USDC/);
        const next = await bought('overcharge');
        assert.match(next.err, /^! +This payee charged all that a signature allowed, 1 time before\./m);
    });

    test('more than upto allows cannot be taken, whatever its receipt says', async () => {
        const r = await bought('charged-beyond');
        assert.equal(r.charged, 0n);
        paidOnce(r, UPTO);
        assert.equal(r.doc.by_chain, false);
    });

    test('a redirect after the payment is not followed', async () => {
        for (const status of ['302', '307', '308']) {
            const r = await bought('redirect', { query: { status } });
            came(r, 1, 'refused', 0n, /sends the request elsewhere/);
            paidOnce(r);
        }
        assert.deepEqual((await h.visits()).filter((v) => v.where === 'elsewhere'), []);
    });

    test('no answer to a payment: stopped by the user, the books stay right', async () => {
        const [taken, counted] = [await h.taken(), await h.counted()];
        const { child, done } = h.start(h.url('never-answers-paid'), '--quiet');
        await h.came('never-answers-paid', true);
        child.kill('SIGINT');
        const r = await done;
        assert.equal(r.code, 6, r.err);
        assert.match(r.err, /^souk: stopped waiting; what was signed stays signed and is kept[^\n]*\n$/);
        assert.deepEqual(await h.taken(), taken);
        assert.equal((await h.counted()).USDC, counted.USDC + PRICE, 'reserved');
        const { doc } = await receipts(h.home);
        assert.equal(doc.receipts[0].state, 'sent');
    });

    test('at the end: every charge has its receipt, no two share one, and the ledger holds all', async () => {
        const { doc } = await receipts(h.home);
        const [taken, counted] = [await h.taken(), await h.counted()];
        const charged = doc.receipts.filter((r) => r.by_chain);
        assert.equal(new Set(charged.map((r) => r.tx)).size, charged.length);
        for (const symbol of ['USDC', 'OPG']) {
            const sum = charged.filter((r) => r.charged.symbol === symbol).reduce((n, r) => n + BigInt(r.charged.amount), 0n);
            assert.equal(sum, taken[symbol], symbol);
            assert.ok(counted[symbol] >= taken[symbol], symbol);
        }
        const sent = await h.headers();
        assert.ok(new Set(sent.map((s) => s.value)).size <= doc.receipts.length, 'a signature for each call, no more');
    });
});
