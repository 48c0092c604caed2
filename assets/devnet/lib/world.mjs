// The world: authors, models, listings, and who paid whom when. A pure function of its parameters;
// nothing here knows a chain. Time is counted in slots of one hour, one block each.

import fs from 'node:fs';
import { createHash } from 'node:crypto';
import { privateKeyToAddress } from 'viem/accounts';
import { Prng, Weighted } from './prng.mjs';
import { modelFile, modelSpec } from './onnx.mjs';
import { MAX_MODELS, PER_DAY, SLOT } from './params.mjs';
import * as planted from './planted.mjs';
import * as schemes from './schemes.mjs';
import { settle } from './settle.mjs';
import * as text from './text.mjs';

const blobIds = fs.readFileSync(new URL('../blobs.txt', import.meta.url), 'utf8').trim().split('\n');

/** Contracts at their canonical addresses, and what the collectors of EIP-3009 payments into them are. */
export const PLACES = {
    channel: '0x4020074e9df2ce1dee5a9c1b5c3f541d02a10003', channelCollector: '0x4020806089470a89826cb9fb1f4059150b550004',
    escrow: '0xbdea0d1bcc5966192b070fdf62ab4ef5b4420cff', escrowCollector: '0x0e3df9510de65469c4518d7843919c0b8c7a7757',
};

const LISTED_NAME_MAX = 512; // ModelListings takes none that is longer
const sha = (s) => createHash('sha256').update(s).digest();

/** The IPFS CIDv0 of a small file, as old Hub models carry it. */
function ipfsCid(file) {
    const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]);
    const unixfs = Buffer.from([0x08, 2, 0x12, ...varint(file.length), ...file, 0x18, ...varint(file.length)]);
    const node = Buffer.from([0x0a, ...varint(unixfs.length), ...unixfs]);
    let n = BigInt(`0x1220${sha(node).toString('hex')}`);
    let out = '';
    for (; n > 0n; n /= 58n) out = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'[Number(n % 58n)] + out;
    return out;
}

class World {
    constructor(params) {
        this.params = params;
        this.slots = params.days * PER_DAY;
        this.recent = Math.min(30, Math.floor(params.days / 3)) * PER_DAY;
        this.t0 = params.end - params.days * 86400;
        this.models = [];
        this.listings = [];
        this.payments = [];
        this.inferences = [];
        this.plain = [];
        this.channelOps = [];
        this.escrowOps = [];
        this.forged = [];
        this.early = new Set(); // slots whose block comes at the beginning of the hour, because of what follows it
        Object.assign(this, PLACES, { operator: this.address('operator'), feeReceiver: this.address('fees'), tokenStore: this.address('token store'), forger: this.address('forger') });
    }

    prng(label) {
        return new Prng(this.params.seed, label);
    }

    key(label) {
        return `0x${sha(`souk devnet ${this.params.seed} key ${label}`).toString('hex')}`;
    }

    /** An address nobody has the key of. */
    address(label) {
        return `0x${sha(`souk devnet ${this.params.seed} address ${label}`).toString('hex').slice(0, 40)}`;
    }

    // --- time -------------------------------------------------------------------------------------

    makeTime() {
        const r = this.prng('time');
        const hours = [5, 4, 4, 4, 5, 6, 7, 9, 11, 12, 12, 12, 12, 13, 14, 14, 14, 13, 12, 11, 10, 9, 8, 6];
        this.times = [];
        const weights = [];
        for (let day = 0; day < this.params.days; day++) {
            // Half of the growth; the other half comes from listings that join later.
            const growth = 1400 + Math.floor((600 * day) / this.params.days);
            const weekday = (Math.floor(this.t0 / 86400) + day + 4) % 7;
            const rhythm = weekday === 0 || weekday === 6 ? 7 : 10;
            const noise = r.between(80, 120);
            for (let h = 0; h < PER_DAY; h++) {
                weights.push(Math.floor((growth * rhythm * noise * hours[h]) / 10000));
                this.times.push(this.t0 + (day * PER_DAY + h) * SLOT + r.between(60, SLOT - 60));
            }
        }
        this.cumulative = new Weighted(weights).cumulative;
    }

    /** A slot in [lo, hi], in proportion to how busy the market was. */
    slot(r, lo, hi) {
        if (lo > hi) throw new Error('empty interval of slots');
        const c = this.cumulative;
        const base = lo > 0 ? c[lo - 1] : 0;
        const x = base + r.below(c[hi] - base);
        let [a, b] = [lo, hi];
        while (a < b) {
            const mid = (a + b) >> 1;
            if (c[mid] > x) b = mid;
            else a = mid + 1;
        }
        return a;
    }

    // --- authors and models ---------------------------------------------------------------------

    makeAuthors() {
        const r = this.prng('authors');
        this.authors = text.authorNames(r, this.params.authors).map((username, i) => ({ i, username }));
        this.exchanges = [0, 1, 2].map((i) => this.address(`exchange ${i}`));

        this.gatewayPayTo = this.address('gateway payTo');
    }

    /** An author's own wallet; keys are made only for those who list. */
    owner(author) {
        if (!author.owner) {
            author.key = this.key(`author ${author.i}`);
            author.owner = privateKeyToAddress(author.key).toLowerCase();
        }
        return author.owner;
    }

    makeModels() {
        const r = this.prng('models');
        const { models: count } = this.params;
        const byAuthor = new Weighted(this.authors.map((_, i) => Math.floor(100000 / (i + 6))));
        const used = new Set();
        let extra = MAX_MODELS;
        for (let i = 0; i < count; i++) {
            const author = i < this.authors.length ? this.authors[i] : this.authors[byAuthor.draw(r)];
            const llm = r.chance(3);
            const spec = llm ? null : modelSpec(i);
            const subject = llm ? 'llm' : spec.subject;
            const nobody = r.chance(1) && i >= this.authors.length;
            let name = text.modelName(r, subject);
            for (let n = 2; used.has(`${author.i}/${name}`); n++) name = `${text.modelName(r, subject)}-${n}`;
            const m = { i, author: nobody ? null : author, name, subject, spec, llm, task: text.taskName(r, subject),
                llmPath: llm ? text.llmPath(r) : null, store: llm ? 'none' : 'stored', old: null, hint: 'none' };
            if (!llm) {
                m.blob = blobIds[i];
                if (r.chance(2)) {
                    m.store = 'ipfs';
                    m.blob = ipfsCid(modelFile(i));
                } else if (r.chance(3)) m.store = 'expired';
                if (m.store === 'stored' && extra < blobIds.length && r.chance(10))
                    m.old = { index: extra, blob: blobIds[extra++] };
            }
            this.models.push(m);
            used.add(`${author.i}/${name}`);
        }
        // Awkward ones: spread evenly, each on a model with a file and an author.
        const hosts = this.models.filter((m) => m.author && m.store === 'stored' && !m.old && m.i >= 3);
        const step = Math.max(1, Math.floor(hosts.length / (text.AWKWARD.length + 1)));
        text.AWKWARD.forEach(([field, value], k) => {
            const m = hosts[Math.min(hosts.length - 1, (k + 1) * step)];
            m.awkward = true;
            if (field === 'name') m.name = value;
            else if (field === 'task') m.task = value;
            else m.fixedDescription = value;
        });
        const tampered = hosts.find((m) => !m.awkward);
        tampered.store = 'tampered';
    }

    // --- listings --------------------------------------------------------------------------------

    makeListings() {
        const r = this.prng('listings');
        const { slots, recent } = this;
        const able = this.models.filter((m) => m.author && !m.llm && Buffer.byteLength(m.name) <= LISTED_NAME_MAX);
        const want = Math.max(16, Math.floor((this.params.models * 32) / 100));
        const awkward = able.filter((m) => m.awkward).slice(0, Math.floor(want / 4));
        const rest = r.shuffle(able.filter((m) => !m.awkward));
        const chosen = r.shuffle([...awkward, ...rest.slice(0, want - awkward.length)]);
        // A small world has more of them, for every pattern wants its own.
        const alive = Math.max(Math.floor((want * 33) / 100), Math.min(44, Math.floor((want * 52) / 100)));
        const dead = Math.floor((want * 30) / 100);
        chosen.forEach((m, rank) => {
            const fate = rank < alive ? 'alive' : rank < alive + dead ? 'dead' : 'never';
            let start;
            let end = slots - 1;
            if (fate === 'alive') start = r.below(r.chance(75) ? Math.ceil(slots / 10) : slots - recent - 24);
            else if (fate === 'dead') {
                start = r.below(Math.floor((slots - recent) / 2));
                end = r.between(start + 24, slots - recent - 2);
            } else start = r.below(slots - 48);
            this.addListing(r, m, { fate, start, end, rank });
        });
        this.everyScheme(alive);
        this.shareAddresses(r);
        this.changePrices(r);
        this.delistSome(r);
        this.impostors(r);
    }

    /** Even the smallest world sells something in every way. */
    everyScheme(alive) {
        ['upto', 'exact-permit2'].forEach((scheme, k) => {
            if (this.listings.some((l) => l.scheme === scheme && l.fate === 'alive')) return;
            const l = this.listings[Math.min(9, alive - 1) - k];
            Object.assign(l, { asset: 'OPG', scheme });
            l.versions[0].price = 5n * 10n ** 16n;
        });
    }

    price(r) {
        if (r.chance(20)) return { asset: 'OPG', price: BigInt(r.pick([2, 5, 10, 20, 50, 100, 500])) * 10n ** 16n };
        return { asset: 'USDC', price: BigInt(r.pick([500, 1000, 1500, 2000, 2500, 5000, 7500, 10000, 20000, 50000, 100000, 250000])) };
    }

    addListing(r, m, { fate, start, end, rank }) {
        const owner = this.owner(m.author);
        const { asset, price } = this.price(r);
        const listing = { m, owner, key: m.author.key, author: m.author.username, name: m.name, fate, start, end, rank,
            proven: !r.chance(12), impostor: false, asset, payTo: this.address(`payTo ${m.i}`),
            scheme: asset === 'USDC' ? 'exact-eip3009' : r.chance(35) ? 'upto' : 'exact-permit2',
            paid: fate === 'dead' || (fate === 'alive' && !r.chance(15)), delisted: null };
        listing.versions = [{ slot: start, price, payTo: listing.payTo, blob: m.blob }];
        m.listing = listing;
        this.listings.push(listing);
    }

    called() {
        return this.listings.filter((l) => !l.impostor && l.paid);
    }

    /** Several models of one author with one payTo: some told apart by price, some not. */
    shareAddresses(r) {
        const byAuthor = new Map();
        for (const l of this.called()) byAuthor.set(l.owner, [...(byAuthor.get(l.owner) ?? []), l]);
        const groups = Math.max(2, Math.floor(this.called().length / 16));
        let made = 0;
        for (const list of byAuthor.values()) {
            const modest = list.filter((l) => l.rank >= 12);
            if (modest.length < 2 || made >= groups || r.chance(30)) continue;
            const members = modest.slice(0, r.between(2, Math.min(4, modest.length)));
            const kind = made % 3;
            const base = { asset: members[0].asset, scheme: members[0].scheme, price: members[0].versions[0].price };
            const start = Math.min(...members.map((l) => l.start));
            members.forEach((l, k) => {
                l.shared = members;
                l.start = start;
                l.payTo = members[0].payTo;
                l.asset = base.asset;
                l.scheme = base.scheme;
                // kind 0: all prices differ; 1: all the same; 2: the last one differs.
                const steps = kind === 0 ? k : kind === 2 && k === members.length - 1 ? 1 : 0;
                l.versions[0] = { ...l.versions[0], slot: start, payTo: l.payTo, price: base.price * BigInt(steps * 3 + 1) };
            });
            made++;
        }
    }

    changePrices(r) {
        const FACTORS = [[1n, 2n], [3n, 4n], [3n, 2n], [2n, 1n], [4n, 5n], [5n, 4n]];
        let movedAddress = 3;
        for (const l of this.called()) {
            if (l.shared) continue;
            if (l.m.old && l.end - l.start > 100) {
                // A new release: the listing first named the older file.
                l.versions[0].blob = l.m.old.blob;
                l.versions.push({ ...l.versions[0], slot: r.between(l.start + 48, l.end - 24), blob: l.m.blob });
                l.newFileAt = l.versions[1].slot;
            } else if (r.chance(18)) {
                let [at, price] = [l.start, l.versions[0].price];
                for (let n = r.between(1, 3); n > 0 && l.end - at > 100; n--) {
                    at = r.between(at + 24, l.end - 24);
                    const [a, b] = r.pick(FACTORS);
                    price = (price * a) / b;
                    l.versions.push({ ...l.versions[0], slot: at, price });
                }
            } else if (movedAddress > 0 && r.chance(5) && l.end - l.start > 100) {
                movedAddress--;
                l.versions.push({ ...l.versions[0], slot: r.between(l.start + 48, l.end - 24),
                    payTo: this.address(`payTo moved ${l.m.i}`) });
            }
        }
    }

    delistSome(r) {
        for (const l of this.listings)
            if (l.fate !== 'alive' && !l.shared && r.chance(8))
                l.delisted = r.between(Math.max(l.start, l.fate === 'dead' ? l.end : l.start) + 1, this.slots - 1);
    }

    /** Strangers list copies of popular models, and look-alikes that name no model of the Hub. */
    impostors(r) {
        const victims = this.called().filter((l) => l.fate === 'alive' && l.m.store === 'stored' && !l.m.awkward);
        const count = Math.max(2, Math.min(10, Math.floor(victims.length / 12)));
        for (let k = 0; k < count; k++) {
            const v = victims[k];
            const key = this.key(`impostor ${k}`);
            const start = r.between(Math.max(v.start + 1, this.slots - this.recent - 48), this.slots - 60);
            const lookalike = k % 5 === 4;
            const name = lookalike ? v.name.replace('o', '\u043e').replace('a', '\u0430') : v.name;
            const l = { m: lookalike ? null : v.m, victim: v, owner: privateKeyToAddress(key).toLowerCase(), key,
                author: v.author, name, fate: 'alive', start, end: this.slots - 1, rank: v.rank, proven: false,
                impostor: true, asset: 'USDC', payTo: this.address(`impostor payTo ${k}`), scheme: 'exact-eip3009',
                paid: true, delisted: null };
            const price = v.asset === 'USDC' ? (v.versions.at(-1).price * 4n) / 5n : 5000n;
            l.versions = [{ slot: start, price, payTo: l.payTo, blob: v.m.blob }];
            this.listings.push(l);
        }
    }

    // --- payments ----------------------------------------------------------------------------------

    version(l, slot) {
        let v = l.versions[0];
        for (const w of l.versions) if (w.slot <= slot) v = w;
        return v;
    }

    /** Whether payTo, asset and amount together name one listing (sharers list at the same time). */
    attributable(l, amount) {
        if (!l.shared) return true;
        return l.scheme !== 'upto' && l.shared.filter((x) => x.versions[0].price === amount).length === 1;
    }

    /** One settled payment to a listing; what it costs is what the listing said at the time. */
    pay(r, l, slot, payer, label) {
        const v = this.version(l, slot);
        const amount = l.scheme === 'upto' ? (v.price * BigInt(r.between(105, 4000))) / 100n + BigInt(r.below(1000000))
            : v.price;
        this.payments.push({ slot, payer, payTo: v.payTo, asset: l.asset, amount, scheme: l.scheme, l, label });
    }

    /** A wallet that gets money from `from` whenever it runs out, `calls` payments' worth at a time. */
    wallet(label, from, calls) {
        const a = this.address(label);
        if (!this.funding.has(a)) this.funding.set(a, { from, calls });
        return a;
    }

    makePayments() {
        const r = this.prng('payments');
        const P = this.params.payments;
        this.funding = new Map();
        this.sweeps = [];
        const called = this.called();
        const alive = called.filter((l) => l.fate === 'alive').sort((a, b) => a.rank - b.rank);
        const usdc = alive.filter((l) => l.asset === 'USDC' && !l.shared && l.end - l.start > 5 * PER_DAY);
        const share = (permille) => Math.floor((P * permille) / 1000);
        const taken = new Set();
        const take = (ok = () => true) => {
            const l = usdc.find((x) => !taken.has(x) && ok(x));
            if (l) taken.add(l);
            return l;
        };
        take(); // the most popular one is left honest
        planted.manyAddresses(this, r, share(4), take);
        this.washTraders(r, share(60), take);
        planted.ring(this, r, share(30), take);
        this.farms(r, share(70), take);
        this.dustBots(r, share(80), take);
        planted.returns(this, r, share(20), take);
        planted.hops(this, r, share(20), take);
        planted.launch(this, r, share(25), take);
        planted.cohorts(this, r, share(24), take);
        planted.bursts(this, r, P < 2000 ? 0 : 1, take);
        planted.cycles(this, r, share(12), 2, take);
        planted.cycles(this, r, share(16), 4, take);
        this.singleCustomer(r, usdc.findLast((l) => !taken.has(l)), share(50));
        this.fleet(r, share(80), alive);
        this.ownerTests(r, share(8), called);
        this.impostorIncome(r, share(4));
        this.gatewaySessions(r, share(15));
        schemes.channels(this, r, share(12), called);
        schemes.escrow(this, r, share(16), called);
        schemes.listed(this, r, share(8), called);
        schemes.forgeries(this, r, 3 + share(1), called);
        this.honest(r, P - this.payments.length, called);
        this.plainTransfers(r, share(15), called);
        this.customersOfExchanges(r);
        planted.refunds(this, r, 3 + share(4));
        this.payments.sort((a, b) => a.slot - b.slot || (a.sub ?? 0) - (b.sub ?? 0));
        for (const slot of this.early) this.times[slot] = this.t0 + slot * SLOT + 60;
    }

    /** Exchanges have many customers, most of whom never pay for a model. */
    customersOfExchanges(r) {
        this.exchanges.forEach((from, e) => {
            for (let k = 0; k < 110; k++)
                this.plain.push({ slot: r.below(2 * PER_DAY), from, to: this.address(`customer ${k} of exchange ${e}`), asset: 'USDC',
                    amount: BigInt(r.between(1, 500)) * 10n ** 6n, why: 'funding' });
        });
    }

    singleCustomer(r, l, n) {
        if (!l) return;
        const payer = this.wallet('the one customer', this.exchanges[0], 500);
        for (; n > 0; n--) this.pay(r, l, this.slot(r, l.start + 1, l.end), payer, 'single');
    }

    /** Authors paying themselves out of a few wallets they feed. */
    washTraders(r, n, take) {
        const authors = Math.max(1, Math.min(10, Math.floor(n / 150)));
        for (let k = 0; k < authors; k++) {
            const l = take();
            if (!l) return;
            this.sweeps.push({ l, every: 7 });
            const wallets = Array.from({ length: r.between(2, 6) }, (_, w) =>
                this.wallet(`wash ${k} ${w}`, l.owner, r.between(20, 60)));
            for (let c = Math.floor(n / authors); c > 0; c--)
                this.pay(r, l, this.slot(r, l.start + 1, l.end), r.pick(wallets), 'wash');
        }
    }

    /** Many fresh wallets, funded by the author with the same sum on one day, a few payments each. */
    farms(r, n, take) {
        const farms = Math.max(1, Math.min(4, Math.floor(n / 300)));
        for (let k = 0; k < farms; k++) {
            const l = take();
            if (!l) return;
            this.sweeps.push({ l, every: 10 });
            const per = r.between(4, 9);
            const from = r.between(l.start + 1, this.slots - 1 - Math.min(240, Math.floor((this.slots - l.start) / 2)));
            for (let c = Math.floor(n / farms), w = 0; c > 0; w++) {
                const payer = this.wallet(`farm ${k} ${w}`, l.owner, per);
                for (let j = 0; j < per && c > 0; j++, c--)
                    this.pay(r, l, this.slot(r, from, this.slots - 1), payer, 'farm');
            }
        }
    }

    /** Bots paying next to nothing, very often. */
    dustBots(r, n, take) {
        const bots = Math.max(1, Math.min(4, Math.floor(n / 500)));
        for (let k = 0; k < bots; k++) {
            const l = take((x) => x.versions.length === 1);
            if (!l) return;
            l.versions[0].price = BigInt(r.between(1, 9));
            const wallets = [0, 1].map((w) => this.wallet(`dust ${k} ${w}`, this.exchanges[2], 5000));
            for (let c = Math.floor(n / bots); c > 0; c--)
                this.pay(r, l, this.slot(r, l.start + 1, l.end), r.pick(wallets), 'dust');
        }
    }

    /** One honest customer with many agent wallets, buying from many authors. */
    fleet(r, n, alive) {
        const customer = this.wallet('fleet customer', this.exchanges[0], 5000);
        const agents = Array.from({ length: 25 }, (_, k) => this.wallet(`fleet agent ${k}`, customer, 40));
        const buys = alive.filter((l) => l.scheme !== 'upto').slice(0, 12);
        const weights = new Weighted(buys.map((_, k) => 100 - 6 * k));
        for (; n > 0; n--) {
            const l = buys[weights.draw(r)];
            this.pay(r, l, this.slot(r, l.start + 1, l.end), r.pick(agents), 'fleet');
        }
    }

    ownerTests(r, n, called) {
        for (; n > 0; n--) {
            const l = r.pick(called);
            this.funding.set(l.owner, { from: r.pick(this.exchanges), calls: 10 });
            this.pay(r, l, r.between(l.start + 1, Math.min(l.end, l.start + 48)), l.owner, 'owner-test');
        }
    }

    impostorIncome(r, n) {
        const copies = this.listings.filter((l) => l.impostor);
        for (; n > 0; n--) {
            const l = r.pick(copies);
            const payer = this.wallet(`honest ${r.below(this.crowdSize())}`, r.pick(this.exchanges), 30);
            this.pay(r, l, this.slot(r, l.start + 1, l.end), payer, 'impostor');
        }
    }

    /** Sessions with the LLM gateway: one address for every model, so nobody can say whose they are. */
    gatewaySessions(r, n) {
        for (; n > 0; n--) {
            const payer = this.wallet(`honest ${r.below(this.crowdSize())}`, r.pick(this.exchanges), 30);
            const amount = BigInt(r.between(1, 5000)) * 10n ** 14n + BigInt(r.below(1000000));
            this.payments.push({ slot: this.slot(r, 1, this.slots - 1), payer, payTo: this.gatewayPayTo, asset: 'OPG',
                amount, scheme: 'upto', l: null, label: 'honest' });
        }
    }

    crowdSize() {
        return Math.max(40, Math.floor(this.params.payments / 16));
    }

    honest(r, n, called) {
        const crowd = Array.from({ length: this.crowdSize() }, (_, k) =>
            this.wallet(`honest ${k}`, r.pick(this.exchanges), r.between(5, 60)));
        for (const l of called) {
            // The customers a model has; new ones come with time.
            const size = Math.max(1, Math.floor(crowd.length / ((l.rank + 4) * 2)));
            l.customers = Array.from({ length: Math.min(size, 250) }, () => r.pick(crowd));
        }
        const one = (l, lo, hi) => {
            const slot = this.slot(r, lo, hi);
            const grown = 1 + Math.floor(((l.customers.length - 1) * (slot - l.start)) / (l.end - l.start));
            const k = Math.min(r.below(grown), r.below(grown));
            this.pay(r, l, slot, l.customers[k], 'honest');
        };
        const first = called.slice(0, n);
        for (const l of first) one(l, l.fate === 'alive' ? Math.max(l.start + 1, this.slots - this.recent) : l.start + 1, l.end);
        const weights = new Weighted(called.map((l) => Math.floor((1000000 / (l.rank + 3)) * (l.fate === 'alive' ? 3 : 1))));
        for (let c = n - first.length; c > 0; c--) {
            const l = called[weights.draw(r)];
            one(l, l.start + 1, l.end);
        }
    }

    /** Money that simply arrives at a payTo: looks like a payment, is none. */
    plainTransfers(r, n, called) {
        for (; n > 0; n--) {
            const l = r.pick(called);
            const slot = this.slot(r, l.start + 1, this.slots - 1);
            const v = this.version(l, slot);
            const payer = r.chance(30) ? r.pick(this.exchanges) : r.pick(l.customers);
            this.plain.push({ slot, from: payer, to: v.payTo, asset: l.asset, amount: r.chance(60) ? v.price : v.price * 7n + 1n });
        }
    }

    // --- inferences ---------------------------------------------------------------------------------

    makeInferences() {
        const r = this.prng('inferences');
        const N = this.params.inferences;
        const own = this.listings.filter((l) => !l.impostor);
        const sources = [];
        for (const l of own)
            if ((l.fate === 'alive' && (!l.paid || r.chance(65))) || (l.fate === 'dead' && r.chance(50)))
                sources.push({ m: l.m, l, start: l.start + 1, end: l.end, alive: l.fate === 'alive' });
        const free = r.shuffle(this.models.filter((m) => !m.listing && !m.llm));
        for (const m of free.slice(0, Math.ceil(this.params.models * 0.03)))
            sources.push({ m, start: 1, end: this.slots - 1, alive: true });
        r.shuffle(sources);
        const unknown = Array.from({ length: 25 }, (_, k) => sha(`unknown ${k}`).toString('base64url'));
        const add = (s, lo, hi, simulation) => {
            const slot = this.slot(r, lo, hi);
            const cid = s.l?.newFileAt && slot < s.l.newFileAt ? s.m.old.blob : s.m.blob;
            this.inferences.push({ slot, cid, m: s.m, simulation });
        };
        for (const s of sources.slice(0, N))
            add(s, s.alive ? Math.max(s.start, this.slots - this.recent) : s.start, s.end, false);
        const weights = new Weighted(sources.map((s, k) => Math.floor(1000000 / (k + 4) / (s.alive ? 1 : 6))));
        while (this.inferences.length < N) {
            if (r.chance(4)) {
                this.inferences.push({ slot: this.slot(r, 1, this.slots - 1), cid: r.pick(unknown), m: null, simulation: r.chance(6) });
                continue;
            }
            const s = sources[weights.draw(r)];
            add(s, s.start, s.end, r.chance(6));
        }
        this.inferences.sort((a, b) => a.slot - b.slot);
        for (const s of sources) s.m.inferred = true;
    }

    // --- descriptions: written last, because they quote what happened -----------------------------

    describe() {
        for (const m of this.models) {
            const r = this.prng(`description ${m.i}`);
            if (m.author === null || !r.chance(98)) m.quiet = true;
            const lines = [];
            if (!m.llm && r.chance(m.inferred ? 90 : 55)) {
                lines.push(`Model CID: ${m.blob}`);
                m.hint = 'description';
            } else if (!m.llm) m.hint = m.listing ? 'listing' : 'files';
            if (m.listing?.proven) {
                const a = m.listing.owner;
                lines.push('', `souk-listing: ${r.chance(30) ? a.toUpperCase().replace('0X', '0x') : a}`);
            }
            const copy = this.listings.find((l) => l.impostor && l.victim.m === m);
            if (copy && r.chance(60))
                lines.push('', `Beware: the listing of ${copy.owner} is a copy and not ours.`);
            if (m.fixedDescription !== undefined)
                m.description = `${m.fixedDescription}${lines.length ? `\n\n${lines.join('\n')}\n` : ''}`;
            else if (m.quiet && !lines.length) m.description = null;
            else {
                const length = r.below(100);
                const sections = length < 3 ? r.between(45, 80) : length < 20 ? r.between(8, 16) : r.between(1, 6);
                m.description = text.description(r, { name: m.name, subject: m.subject, spec: m.spec, sections, lines });
            }
        }
    }
}

export function makeWorld(params) {
    const w = new World(params);
    w.makeTime();
    w.makeAuthors();
    w.makeModels();
    w.makeListings();
    w.makePayments();
    w.makeInferences();
    w.describe();
    w.steps = settle(w);
    return w;
}
