// A wallet beside the hostile seller: what it asked, what it got, and whether anything moved.

import assert from 'node:assert/strict';
import { ask, serveHostile } from '../../assets/devnet/lib/harness.mjs';
import { configure, newHome } from './world.mjs';
import { head, limits, lock, openWallet, saidJson, spent, startWith, token } from './money.mjs';

export const INPUT = { question: 'What is six times seven?' };
/** What the wallet may spend on one call, in atoms. */
export const CAPS = { USDC: 50000n, OPG: 5n * 10n ** 18n };

// Nothing of it may reach a terminal: C0 but the line's end, DEL, C1, what turns or hides text.
const UNDRAWABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;

/** The signed maximum of a payment header: {symbol-less token, value}. */
export function signedValue({ payload }) {
    const p = payload.payload;
    return p.authorization ? BigInt(p.authorization.value) : BigInt(p.permit2Authorization.permitted.amount);
}

export class Hostility {
    /** config: what its configuration file says besides. */
    constructor(w, config = '') {
        this.w = w;
        this.home = configure(newHome(), w.status, config);
    }

    async open() {
        this.bad = await serveHostile(this.w.dir, this.w.status.facilitator);
        this.wallet = await openWallet(this.home, this.w);
        this.since = await head(this.w.chains.payment.rpc); // its last block pays nobody from here
    }

    async close() {
        await lock(this.home);
        await this.bad?.stop();
    }

    url(name, query = {}) {
        const words = Object.entries(query).map(([k, v]) => `${k}=${encodeURIComponent(typeof v === 'string' ? v : JSON.stringify(v))}`);
        return `${this.bad.hostile}/a/${name}${words.length ? `?${words.join('&')}` : ''}`;
    }

    async get(path) {
        return JSON.parse((await ask(this.bad.hostile + path)).body);
    }
    headers = () => this.get('/log');
    visits = () => this.get('/visits');
    flush = () => ask(`${this.bad.hostile}/flush`, { method: 'POST' });
    /** Resolves when such a request has come. */
    came = (name, paid) => this.get(`/wait?path=/a/${name}&paid=${paid}`);

    start(url, ...args) {
        return startWith(this.home, {}, 'call', url, '--input', JSON.stringify(INPUT), '--yes', '--json', ...args);
    }

    /** One call, bought without questions: {code, out, err, doc, sent: the payment headers it sent}. */
    async call(url, ...args) {
        const before = (await this.headers()).length;
        const r = await saidJson(this.start(url, ...args).done);
        const sent = (await this.headers()).slice(before);
        assert.equal(r.signal, null, `it died of ${r.signal}: ${r.err}`);
        assert.doesNotMatch(r.err, UNDRAWABLE, JSON.stringify(r.err));
        assert.doesNotMatch(r.out, UNDRAWABLE, JSON.stringify(r.out));
        for (const s of sent) {
            const of = this.w.contracts.tokens.find((t) => t.address.toLowerCase() === s.payload.accepted.asset.toLowerCase());
            assert.ok(signedValue(s) <= CAPS[of.symbol], `signed for ${signedValue(s)} ${of.symbol}`);
            assert.equal(s.where, 'here', 'no payment goes to another server');
        }
        assert.ok(new Set(sent.map((s) => s.value)).size <= 1, 'one call has one signature');
        return { ...r, sent };
    }

    /** What was taken of the wallet on chain: {USDC, OPG}. */
    async taken() {
        const sum = async (symbol) => (await spent(this.w.chains.payment.rpc, token(this.w, symbol), this.wallet.account.address, this.since))
            .reduce((n, t) => n + t.value, 0n);
        return { USDC: await sum('USDC'), OPG: await sum('OPG') };
    }

    /** What the signer counts against the limits: {open, USDC, OPG}. */
    async counted() {
        const { doc, err } = await limits(this.home);
        assert.ok(doc?.verified, `the ledger is not proven: ${err}`);
        const of = (symbol) => BigInt(doc.limits.find((l) => l.per_call?.symbol === symbol).spent_day.amount);
        return { open: doc.open, USDC: of('USDC'), OPG: of('OPG') };
    }

    /** Runs this; nothing may be signed or taken by it. */
    async unmoved(act) {
        const [counted, taken, headers] = await Promise.all([this.counted(), this.taken(), this.headers()]);
        const result = await act();
        assert.deepEqual(await this.headers(), headers, 'no payment header was sent');
        assert.deepEqual(await this.counted(), counted, 'nothing was signed');
        assert.deepEqual(await this.taken(), taken, 'nothing was taken');
        return result;
    }

    /** A call that must be refused before anything is signed, with one line that names the reason. */
    async refused(url, { code = 5, words, args = [] }) {
        const r = await this.unmoved(() => this.call(url, '--quiet', ...args));
        assert.equal(r.code, code, r.err || r.out);
        assert.match(r.err, /^souk: [^\n]+\n$/, 'one line says it');
        assert.match(r.err, words);
        return r;
    }
}
