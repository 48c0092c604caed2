// Sellers that mean harm, and what souk signs for them: nothing, and it says why.
//   node --test tests/interop/hostile.test.mjs        (paid ones: hostile_paid.test.mjs)

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startWorld } from './world.mjs';
import { quote } from './money.mjs';
import { CAPS, Hostility, INPUT } from './hostility.mjs';

const AUTHOR = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
const LOOKALIKE = '0x90f79bf60000000000000000000000001e93b906';
const PERMIT2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3';

let w, h;

const says = {
    unreadable: ['not_readable', /not written as the protocol asks/],
    asset: ['asset_not_allowed', /a token that is not in your configuration/],
    domain: ['domain_mismatch', /signature domain is not the one souk knows/],
    network: ['network_not_allowed', /on a chain this network does not use/],
    badNetwork: ['bad_network', /network is not written as the protocol asks/],
    payee: ['bad_pay_to', /payee is no one who could be paid/],
    checksum: ['bad_checksum', /wrong checksum/],
    window: ['window_too_long', /valid for longer than ten minutes/],
    timeout: ['bad_timeout', /time limit makes no sense/],
    resource: ['resource_host_mismatch', /another server's resource/],
    amount: ['bad_amount', /amount is not a whole number/],
    tooLarge: ['too_large', /larger than any honest one/],
    notX402: ['not_x402', /not by x402/],
};

/** An offer in which nothing is wrong but this. */
const offer = (members, more = {}) => ({ name: 'as-told', query: { offer: members, ...more } });
const resource = (url) => offer({}, { demand: { resource: { url, description: '', mimeType: '' } } });
const contract = (name) => () => offer({ payTo: w.contracts.contracts[name] });

// Each is refused for what it says in its one answer. A function: known only when the world is.
const refusals = {
    'a token called USDC': ['fake-usdc', says.asset],
    'the zero address as token': [offer({ asset: `0x${'0'.repeat(40)}` }), says.asset],
    'no token': [offer({ asset: '' }), says.asset],
    'another name for the domain': ['domain-lied', says.domain],
    'no domain': ['domain-missing', says.domain],
    'another version of the domain': [() => offer({ extra: { name: w.contracts.tokens[0].name, version: '9' } }), says.domain],
    'another chain': ['wrong-network', says.network],
    'the live chain': [offer({ network: 'eip155:8453' }), says.network],
    'a chain id with letters behind it': ['bad-network', says.badNetwork],
    'a chain id with a zero before it': ['padded-network', says.badNetwork],
    'a chain id in hex': [offer({ network: 'eip155:0x14a34' }), says.badNetwork],
    'a chain id with a blank': [offer({ network: 'eip155:84532 ' }), says.badNetwork],
    'another case of the namespace': [offer({ network: 'EIP155:84532' }), says.badNetwork],
    'no EVM at all': ['solana', says.network],
    'payee: nobody': ['payto-zero', says.payee],
    'payee: the payer': ['payto-self', says.payee],
    'payee: the token': ['payto-token', says.payee],
    'payee: another token': [() => offer({ payTo: w.contracts.tokens[1].address }), says.payee],
    'payee: Permit2': ['payto-permit2', says.payee],
    'payee: the exact proxy': [contract('exact_proxy'), says.payee],
    'payee: the upto proxy': [contract('upto_proxy'), says.payee],
    'payee: one letter in the wrong case': ['payto-checksum', says.checksum],
    'payee: too short': ['payto-short', says.payee],
    'payee: a name': [offer({ payTo: 'author.eth' }), says.payee],
    'valid for ten years': ['ten-years', says.window],
    'valid a second too long': [offer({ maxTimeoutSeconds: 601 }), says.window],
    'valid for no time': ['no-time', says.timeout],
    'valid before now': ['time-before', says.timeout],
    'valid for half a second': ['half-second', says.timeout],
    'valid for 1e400 seconds': ['endless-time', says.timeout],
    'valid for a word': [offer({ maxTimeoutSeconds: '300' }), says.timeout],
    'for another host': ['other-host', says.resource],
    'for another port': ['other-port', says.resource],
    'for a host behind an @': ['user-in-url', says.resource],
    'for a longer host': [() => resource(h.bad.hostile.replace('127.0.0.1', '127.0.0.1.api.example')), says.resource],
    'for a host behind a backslash': [() => resource(`${h.bad.hostile}\\@api.example/`), says.resource],
    'for a host without scheme': [resource('//api.example/x'), says.resource],
    'for this host by another number': [() => resource(h.bad.hostile.replace('127.0.0.1', '2130706433')), says.resource],
    'for a script': [resource('javascript:pay()'), says.resource],
    'no base64': ['garbage-base64', says.unreadable],
    'base64 for URLs': ['base64url', says.unreadable],
    'half of it': ['half-json', says.unreadable],
    'nested 20,000 deep': ['deep-json', says.unreadable],
    'nested 200,000 brackets long': ['deeper-json', says.notX402],
    'keys twice': ['duplicate-keys', says.unreadable],
    'bytes that are no UTF-8': ['bad-utf8', says.unreadable],
    'a zero byte': ['nul-byte', says.unreadable],
    'an amount that is a number': ['number-amount', says.amount],
    'an amount that is 1e3': ['exponent-amount', says.amount],
    'an amount with a point': ['float-amount', says.amount],
    'an amount in hex': ['hex-amount', says.amount],
    'an amount with a blank': ['blank-amount', says.amount],
    'an amount below zero': ['negative-amount', says.amount],
    'an amount beyond 256 bits': ['huge-amount', says.amount],
    'an amount of nothing': ['zero-amount', ['amount_zero', /amount is zero/]],
    'no offer': ['no-offers', ['no_accepts', /no way to pay/]],
    'a later version': ['other-version', ['version_not_supported', /x402 version that souk does not/]],
    'a scheme nobody knows': ['unknown-scheme', ['scheme_not_supported', /does not know this payment scheme/]],
    'a flow nobody knows': ['unknown-flow', ['flow_not_supported', /does not know this payment flow/]],
    'payment channels only': ['batch-only', ['batch_not_supported', /payment channels/]],
    'upto without who may settle': ['no-facilitator', ['no_facilitator', /who may settle/]],
    'upto by EIP-3009': [offer({ extra: { assetTransferMethod: 'eip3009' } }, { base: 'upto' }), ['method_not_supported', /cannot move this token that way/]],
    'not by x402': ['no-x402', says.notX402],
    'a description of a mebibyte': ['huge-description', says.tooLarge],
};

describe('the hostile seller', () => {
    before(async () => {
        w = await startWorld({ seed: 23, models: 120, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200 });
        h = new Hostility(w);
        await h.open();
    });
    after(async () => {
        await h?.close();
        await w?.stop();
    });

    describe('nothing is signed, and the reason is named', () => {
        for (const [what, [attack, [code, words]]] of Object.entries(refusals))
            test(what, async () => {
                const { name, query } = typeof attack === 'string' ? { name: attack } : typeof attack === 'function' ? attack() : attack;
                await h.refused(h.url(name, query), { words });
                const q = await quote(h.home, h.url(name, query), INPUT);
                assert.equal(q.code, 0, q.err);
                assert.equal(q.doc.fault ?? q.doc.offers[0].code, code);
                assert.equal(q.doc.chosen, null);
            });

        test('an answer that is too long to be one', async () => {
            for (const name of ['huge-header', 'many-headers', 'thousand-offers'])
                await h.refused(h.url(name), { code: 3, words: /more than 65536 bytes of headers/ });
        });
    });

    describe('the price', () => {
        const priced = (amount, more) => h.url('as-told/price', { offer: { amount: String(amount), ...more } });

        test('one atom over the limit for a call is refused, and so is everything', async () => {
            await h.refused(priced(CAPS.USDC + 1n), { words: /more than your limit for one call/ });
            await h.refused(h.url('above-cap'), { words: /more than your limit for one call/ });
            await h.refused(h.url('all-of-it'), { words: /more than your limit for one call/ });
            const upto = h.url('as-told/upto', { base: 'upto', offer: { amount: String(CAPS.USDC + 1n) },
                demand: { extensions: { eip2612GasSponsoring: { info: { description: '', version: '1' }, schema: {} } } } });
            await h.refused(upto, { words: /more than your limit for one call/ });
        });

        test('exactly the limit is paid', async () => {
            const before = await h.taken();
            const r = await h.call(priced(CAPS.USDC));
            assert.equal(r.code, 0, r.err);
            assert.equal(r.doc.state, 'settled');
            assert.equal((await h.taken()).USDC - before.USDC, CAPS.USDC);
        });

        test('quoted low, then asked high: both numbers are said', async () => {
            const q = await quote(h.home, h.url('price-switched'), INPUT);
            assert.equal(q.doc.offers[0].amount.amount, '1000');
            await h.refused(h.url('price-switched'), { words: /0\.009 USDC.*--max 0\.001/, args: ['--max', '0.001'] });
        });

        test('quoted in one token, then asked in another', async () => {
            const q = await quote(h.home, h.url('asset-switched'), INPUT);
            assert.equal(q.doc.offers[0].amount.symbol, 'USDC');
            await h.refused(h.url('asset-switched'), { words: /asks for 1 OPG.*--max 0\.001/, args: ['--max', '0.001'] });
        });
    });

    describe('the payee', () => {
        const changing = (name, payTo) => h.url(`as-told/${name}`, { offer: [{}, { payTo }] });

        test('another than the one paid first', async () => {
            const before = await h.taken();
            assert.equal((await h.call(h.url('payto-changed'))).code, 0);
            assert.equal((await h.taken()).USDC - before.USDC, 1000n);
            await h.refused(h.url('payto-changed'), { words: /payee is not the one you paid for this before/ });
        });

        test('one that looks like the one paid first', async () => {
            assert.equal(LOOKALIKE.length, 42);
            assert.equal(LOOKALIKE.slice(0, 10), AUTHOR.slice(0, 10).toLowerCase());
            assert.equal(LOOKALIKE.slice(-8), AUTHOR.slice(-8).toLowerCase());
            assert.equal((await h.call(changing('lookalike', LOOKALIKE))).code, 0);
            await h.refused(changing('lookalike', LOOKALIKE), { words: /payee is not the one you paid for this before/ });
        });

        test('a yes beforehand names the question, and the signer asks its own', async () => {
            await h.refused(h.url('payto-changed'), { words: /payee is not the one paid before/, args: ['--accept', 'new-payee'] });
        });
    });

    describe('more than a payment', () => {
        const words = /Permit2 must first be allowed to move exactly this amount/;

        test('a permit for everything, for a stranger', () => h.refused(h.url('unlimited-permit'), { words }));
        test('a raw approval without bound', () => h.refused(h.url('approval-demanded'), { words }));
        test('412 before anything was paid', () => h.refused(h.url('approval-first'), { words }));
    });

    describe('elsewhere', () => {
        const elsewhere = async () => (await h.visits()).filter((v) => v.where === 'elsewhere');

        test('a redirect of the question is not followed', async () => {
            for (const status of [301, 302, 303, 307, 308])
                await h.refused(h.url('redirect-first', { status: String(status) }), { code: 3, words: /follows no redirect/ });
            assert.deepEqual(await elsewhere(), []);
        });

        test('no https, and not this machine: not called', async () => {
            for (const url of ['http://api.example/a', 'http://10.1.2.3/a', 'http://127.0.0.1.nip.example/a', 'http://0.0.0.0/a', 'http://[::ffff:127.0.0.1]/a'])
                await h.refused(url, { code: 8, words: /not reached by https/ });
        });

        test('what parsers read differently is no address', async () => {
            const port = new URL(h.bad.hostile).port;
            for (const url of [`http://127.0.0.1:${port}@api.example/`, `http://api.example@127.0.0.1:${port}/a/fair`, `http://127.1:${port}/a/fair`,
                `http://2130706433:${port}/a/fair`, `http://0x7f000001:${port}/a/fair`, `http://127.0.0.1:${port}\\@api.example/`, 'https://api.example:0/', 'ftp://api.example/'])
                await h.refused(url, { code: 8, words: /no address souk calls/ });
        });
    });

    describe('time as a weapon', () => {
        for (const name of ['never-answers', 'slow-drip'])
            test(`${name}: stopped by the user, and nothing has happened`, async () => {
                await h.unmoved(async () => {
                    const { child, done } = h.start(h.url(name), '--quiet');
                    await h.came(name, false);
                    child.kill('SIGINT');
                    const r = await done;
                    assert.equal(r.code, 130, r.err);
                    assert.match(r.err, /^souk: stopped\n$/);
                });
            });
    });

    test('of the whole suite the chain took what was paid on purpose', async () => {
        const taken = await h.taken();
        assert.deepEqual(taken, { USDC: CAPS.USDC + 2000n, OPG: 0n });
        const { USDC, OPG } = await h.counted();
        assert.deepEqual({ USDC, OPG }, taken);
    });
});
