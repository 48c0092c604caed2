// Which payments are doubtful, and what of them counts: the definitions of src/market/rules.h and
// genuine.h worked out from the generator's ledger. Written apart from the C code, rule by rule, each
// over everything, on purpose the slow and obvious way.

import { before, figures, keyOf, printed, since, where } from './expect.mjs';
import { pageAsset, weekOf, wholeWeeks } from './expect_health.mjs';

export const RULES = ['self', 'funded', 'shared', 'return', 'cycle', 'cohort', 'burst', 'dust', 'one', 'unknown'];
export const DEFAULTS = { window_days: 7, funded_share: 500, hub_fundees: 100, shared_payers: 3, shared_hours: 24, return_ratio: 900,
    return_trips: 2, cycle_margin: 100, cycle_times: 3, cohort_payers: 10, cohort_minutes: 30, cohort_share: 700, cohort_cv: 500,
    cohort_linked: 500, burst_per_minute: 10, burst_minutes: 10, burst_cv: 100, dust_micro: 1000, one_share: 900, one_payments: 20,
    strict_days: 2, strict_prices: 10 };

const DAY = 86400;
const ZERO = `0x${'0'.repeat(40)}`;
const big = (a, b) => (a > b ? a : b);
const least = (a, b) => (a < b ? a : b);

function group(list, key) {
    const map = new Map();
    for (const e of list) {
        const k = key(e);
        if (!map.has(k)) map.set(k, []);
        map.get(k).push(e);
    }
    return map;
}

/** What moved, in the order of the chain: {from, to, asset, amount, kind: payment, transfer, refund or aside}. */
function movesOf(world, assets) {
    const moves = [];
    const put = (e, kind, from, to) => from !== to && assets.has(e.asset) &&
        moves.push({ e, kind, from, to, asset: e.asset, amount: BigInt(e.amount), time: e.time, block: e.block, log: e.log });
    for (const p of [...world.payments, ...world.listPayments]) put(p, 'payment', p.payer ?? ZERO, p.pay_to);
    for (const t of world.refunds) put(t, 'refund', t.payer, t.pay_to);
    for (const t of world.transfers) put(t, t.aside ? 'aside' : 'transfer', t.from, t.to);
    return moves.sort((a, b) => (before(a, b) ? -1 : 1));
}

/** C(A): author -> his addresses, and the other way about. */
function controls(world, known) {
    const of = new Map();
    const put = (author, a) => (of.get(author) ?? of.set(author, new Set()).get(author)).add(a);
    for (const e of world.listed) if (e.chosen) [e.owner, e.pay_to].forEach((a) => put(e.model.author, a));
    for (const k of known) if (k.kind === 'author') put(k.words, k.address);
    const authors = new Map();
    for (const [author, set] of of) for (const a of set) authors.set(a, [...(authors.get(a) ?? []), author]);
    return { has: (author, a) => of.get(author)?.has(a) ?? false, authors: (a) => authors.get(a) ?? [] };
}

class Clusters {
    constructor() {
        this.up = new Map();
    }

    of(a) {
        while (this.up.has(a)) a = this.up.get(a);
        return a;
    }

    join(a, b) {
        [a, b] = [this.of(a), this.of(b)];
        if (a !== b) this.up.set(big(a, b), least(a, b));
    }
}

/**
 * Every judged payment p of `world` gets p.bits (a Set of rule names), p.excluded and p.author. Answers
 * {judged, clusters, control}.
 */
export function judge(world, { thresholds = {}, off = [], known = [] } = {}) {
    const t = { ...DEFAULTS, ...thresholds };
    const on = (rule) => !off.includes(rule);
    const tokens = new Map(world.meta.tokens.map((k) => [k.address, k]));
    const moves = movesOf(world, tokens);
    const control = controls(world, known);
    const said = (kind) => new Set(known.filter((k) => k.kind === kind).map((k) => k.address));
    const [userHubs, trusted] = [said('hub'), said('trusted')];
    const judged = [];
    for (const m of moves) {
        const p = m.e;
        if (m.kind !== 'payment' || p.scheme === 'list') continue;
        const to = where(world, p);
        if (to.stray || to.nobody) continue;
        Object.assign(p, { author: authorOf(to), bits: new Set(), excluded: 0n, x: m.amount, who: m.from });
        p.pair = `${p.who} ${p.author} ${p.asset}`;
        p.window = Math.floor(p.time / (t.window_days * DAY));
        p.own = control.has(p.author, p.who) || p.who === p.pay_to;
        m.judged = p;
        judged.push(p);
    }
    const pairs = group(judged, (p) => p.pair);
    const take = (p, rule, amount) => {
        if (!on(rule) || (rule !== 'self' && trusted.has(p.who))) return;
        p.bits.add(rule);
        p.excluded = big(p.excluded, amount);
    };
    const open = ([p]) => !control.has(p.author, p.who) && p.payer !== null;

    // Hubs, and who funded whom first.
    const fundees = new Map();
    for (const m of moves) if (m.kind === 'transfer') (fundees.get(m.from) ?? fundees.set(m.from, new Set()).get(m.from)).add(m.to);
    const isHub = (a) => a === ZERO || userHubs.has(a) || (control.authors(a).length === 0 && (fundees.get(a)?.size ?? 0) > t.hub_fundees);
    const funders = new Map();
    const sent = new Set();
    for (const m of moves) {
        if (m.kind === 'refund') continue;
        const [out, into] = [`${m.from} ${m.asset}`, `${m.to} ${m.asset}`];
        const inflow = m.kind === 'transfer' || m.kind === 'payment';
        sent.add(out);
        if (inflow && !funders.has(into)) funders.set(into, sent.has(into) ? null : { by: m.from, time: m.time });
    }
    const funderOf = (p) => funders.get(`${p.who} ${p.asset}`) ?? null;

    for (const p of judged) {
        if (p.payer === null) take(p, 'unknown', p.x);
        else if (p.own) take(p, 'self', p.x);
        const { symbol, decimals } = tokens.get(p.asset);
        if (symbol.startsWith('USD') && p.x * 1000000n < BigInt(t.dust_micro) * 10n ** BigInt(decimals)) take(p, 'dust', 0n);
    }
    funded({ moves, judged, control, userHubs, funderOf, t, take });
    const { clusters, linked } = share({ pairs, open, trusted, funderOf, isHub, t });
    for (const k of linked) for (const p of pairs.get(k)) take(p, 'shared', 0n);
    givenBack({ moves, pairs, open, control, t, take });
    circles({ moves, judged, control, isHub, t, take });
    crowds({ pairs, open, trusted, linked, t, take });
    for (const list of pairs.values()) if (list[0].payer !== null) machine(list, t, take);
    const counted = on('shared') ? clusters : new Clusters();
    oneCustomer({ judged, clusters: counted, t, take });
    return { judged, clusters: counted, control };
}

/** Money of the author's in each payer's balance, in proportion. */
function funded({ moves, judged, control, userHubs, funderOf, t, take }) {
    const payers = new Map(judged.filter((p) => p.payer !== null).map((p) => [`${p.who} ${p.asset}`, { T: 0n, F: new Map(), in: 0n, own: new Map() }]));
    for (const m of moves) {
        if (m.kind === 'aside') continue;
        if (m.kind === 'refund') {
            const s = payers.get(`${m.from} ${m.asset}`);
            if (s) s.T += m.amount;
            continue;
        }
        const s = payers.get(`${m.from} ${m.asset}`);
        if (s) {
            const parts = new Map([...s.F].map(([author, F]) => [author, m.amount <= s.T ? (s.T === 0n ? 0n : (m.amount * F) / s.T) : F]));
            const p = m.judged;
            const part = p ? parts.get(p.author) ?? 0n : 0n;
            if (part > 0n) {
                const funder = funderOf(p)?.by;
                const first = funder !== undefined && control.has(p.author, funder) && !userHubs.has(funder);
                if ((s.own.get(p.author) ?? 0n) * 1000n >= BigInt(t.funded_share) * s.in || first) take(p, 'funded', part);
            }
            for (const [author, x] of parts) s.F.set(author, s.F.get(author) - x);
            s.T -= least(m.amount, s.T);
        }
        const d = payers.get(`${m.to} ${m.asset}`);
        if (!d) continue;
        d.T += m.amount;
        d.in += m.amount;
        if (userHubs.has(m.from)) continue;
        for (const author of control.authors(m.from)) {
            if (control.has(author, m.to)) continue;
            for (const map of [d.F, d.own]) map.set(author, (map.get(author) ?? 0n) + m.amount);
        }
    }
}

/** Payers whose first money came from one address at about the same time. */
function share({ pairs, open, trusted, funderOf, isHub, t }) {
    const clusters = new Clusters();
    const linked = new Set();
    const able = [...pairs].filter(([, list]) => open(list) && !trusted.has(list[0].who) && funderOf(list[0]) && !isHub(funderOf(list[0]).by));
    const families = group(able, ([, [p]]) => `${p.author} ${p.asset} ${funderOf(p).by}`);
    for (const family of families.values()) {
        family.sort(([, [a]], [, [b]]) => funderOf(a).time - funderOf(b).time);
        for (const [, [p]] of family) {
            const from = funderOf(p).time;
            const near = family.filter(([, [q]]) => funderOf(q).time >= from && funderOf(q).time - from <= t.shared_hours * 3600);
            if (near.length < t.shared_payers) continue;
            for (const [key, [q]] of near) {
                linked.add(key);
                clusters.join(near[0][1][0].who, q.who);
            }
        }
    }
    return { clusters, linked };
}

/** What is paid and comes back, run after run. */
function givenBack({ moves, pairs, open, control, t, take }) {
    const incoming = group(moves.filter((m) => m.kind === 'transfer'), (m) => `${m.to} ${m.asset}`);
    for (const list of pairs.values()) {
        const [p] = list;
        if (!open(list)) continue;
        const back = (incoming.get(`${p.who} ${p.asset}`) ?? []).filter((m) => control.has(p.author, m.from));
        const all = [...list.map((q) => ({ block: q.block, log: q.log, window: q.window, paid: q.x })),
            ...back.map((m) => ({ block: m.block, log: m.log, window: Math.floor(m.time / (t.window_days * DAY)), back: m.amount }))]
            .sort((a, b) => (before(a, b) ? -1 : 1));
        for (const [window, part] of group(all, (e) => e.window)) {
            let [paid, given, there, home] = [0n, 0n, 0, 0];
            part.forEach((e, i) => {
                const turned = i === 0 || (part[i - 1].paid === undefined) !== (e.paid === undefined);
                if (e.paid !== undefined) [paid, there] = [paid + e.paid, there + turned];
                else [given, home] = [given + e.back, home + turned];
            });
            if (least(paid, given) * 1000n >= BigInt(t.return_ratio) * big(paid, given) && Math.min(there, home) >= t.return_trips)
                for (const q of list) if (q.window === window) take(q, 'return', q.x);
        }
    }
}

/** Strongly connected components of two nodes and more, by reachability both ways. */
function components(edges) {
    const next = (map, a, b) => (map.get(a) ?? map.set(a, new Set()).get(a)).add(b);
    const [out, into] = [new Map(), new Map()];
    for (const e of edges) {
        next(out, e.a, e.b);
        next(into, e.b, e.a);
    }
    const reach = (map, from) => {
        const seen = new Set([from]);
        for (const a of seen) for (const b of map.get(a) ?? []) seen.add(b);
        return seen;
    };
    const left = new Set([...out.keys()].filter((a) => into.has(a)));
    const found = [];
    for (const a of left) {
        const back = reach(into, a);
        const one = new Set([...reach(out, a)].filter((b) => back.has(b)));
        for (const b of one) left.delete(b);
        if (one.size > 1) found.push(one);
    }
    return found;
}

/** Money that goes round: the balanced components of each window's graph. */
function circles({ moves, judged, control, isHub, t, take }) {
    const node = (a) => (control.authors(a).length ? `author ${control.authors(a)[0]}` : a);
    const edges = moves.filter((m) => (m.kind === 'transfer' || m.kind === 'payment') && !isHub(m.from) && !isHub(m.to))
        .map((m) => ({ a: node(m.from), b: node(m.to), amount: m.amount, key: `${Math.floor(m.time / (t.window_days * DAY))} ${m.asset}` }))
        .filter((e) => e.a !== e.b);
    const found = [];
    for (const [key, list] of group(edges, (e) => e.key)) {
        const work = components(list).map((nodes) => [nodes, list]);
        while (work.length) {
            const [nodes, wider] = work.pop();
            const inside = wider.filter((e) => nodes.has(e.a) && nodes.has(e.b));
            const sums = new Map([...nodes].map((n) => [n, { in: 0n, out: 0n, ins: 0, outs: 0 }]));
            for (const e of inside) {
                const [s, d] = [sums.get(e.a), sums.get(e.b)];
                Object.assign(s, { out: s.out + e.amount, outs: s.outs + 1 });
                Object.assign(d, { in: d.in + e.amount, ins: d.ins + 1 });
            }
            let failing = [...nodes].filter((n) => {
                const s = sums.get(n);
                return least(s.in, s.out) * 1000n < BigInt(1000 - t.cycle_margin) * big(s.in, s.out);
            });
            if (failing.length === 0) {
                found.push({ key, nodes, rounds: Math.min(...[...sums.values()].map((s) => Math.min(s.ins, s.outs))) });
                continue;
            }
            const strangers = failing.filter((n) => !n.startsWith('author '));
            if (strangers.length) failing = strangers;
            const rest = new Set([...nodes].filter((n) => !failing.includes(n)));
            const narrower = inside.filter((e) => rest.has(e.a) && rest.has(e.b));
            for (const c of components(narrower)) work.push([c, narrower]);
        }
    }
    const rounds = (p, b) => found.filter((c) => c.key.endsWith(` ${p.asset}`) && c.nodes.has(b)).reduce((n, c) => n + c.rounds, 0);
    for (const p of judged) {
        if (p.payer === null || control.has(p.author, p.who)) continue;
        const [a, b] = [node(p.who), node(p.pay_to)];
        if (found.some((c) => c.key === `${p.window} ${p.asset}` && c.nodes.has(a) && c.nodes.has(b)) &&
            rounds(p, a) >= t.cycle_times && rounds(p, b) >= t.cycle_times) take(p, 'cycle', p.x);
    }
}

/** CV of whole numbers at most `cv` per mille. */
function even(list, cv) {
    const sum = list.reduce((n, x) => n + BigInt(x), 0n);
    const squares = list.reduce((n, x) => n + BigInt(x) * BigInt(x), 0n);
    return (BigInt(list.length) * squares - sum * sum) * 1000000n <= BigInt(cv) * BigInt(cv) * sum * sum;
}

/** Crowds that appear at once and behave alike. */
function crowds({ pairs, open, trusted, linked, t, take }) {
    const able = [...pairs.values()].filter((list) => open(list) && !trusted.has(list[0].who));
    for (const day of group(able, ([p]) => `${p.author} ${p.asset} ${Math.floor(p.time / DAY)}`).values()) {
        const stretch = (from) => day.filter(([p]) => p.time >= from && p.time - from <= t.cohort_minutes * 60);
        const starts = [...new Set(day.map(([p]) => p.time))].sort((a, b) => a - b);
        const crowd = starts.map(stretch).reduce((best, x) => (x.length > best.length ? x : best), []);
        const M = crowd.length;
        const together = crowd.filter(([p]) => linked.has(p.pair)).length;
        if (M < t.cohort_payers || M * 1000 < t.cohort_share * day.length || together * 1000 < t.cohort_linked * M) continue;
        if (!even(crowd.map((list) => list.length), t.cohort_cv)) continue;
        for (const list of crowd) for (const p of list) take(p, 'cohort', p.x);
    }
}

/** Minutes full of payments, evenly spaced. */
function machine(list, t, take) {
    const minutes = group(list, (p) => Math.floor(p.time / 60));
    const full = [...minutes.keys()].filter((m) => minutes.get(m).length > t.burst_per_minute).sort((a, b) => a - b);
    const runs = [];
    for (const m of full) {
        if (runs.length && runs.at(-1).at(-1) === m - 1) runs.at(-1).push(m);
        else runs.push([m]);
    }
    for (const run of runs) {
        if (run.length < t.burst_minutes) continue;
        const mine = run.flatMap((m) => minutes.get(m));
        if (even(mine.slice(1).map((p, i) => p.time - mine[i].time), t.burst_cv)) for (const p of mine) take(p, 'burst', 0n);
    }
}

/** Nearly all of an author's week from one customer. */
function oneCustomer({ judged, clusters, t, take }) {
    const seen = judged.filter((p) => p.payer !== null && !p.own);
    for (const week of group(seen, (p) => `${p.author} ${p.asset} ${p.window}`).values()) {
        if (week.length < t.one_payments) continue;
        const sum = (list) => list.reduce((n, p) => n + p.x, 0n);
        const by = [...group(week, (p) => clusters.of(p.who)).values()];
        const most = by.reduce((best, x) => (sum(x) > sum(best) ? x : best));
        if (sum(most) * 1000n >= BigInt(t.one_share) * sum(week)) for (const p of most) take(p, 'one', 0n);
    }
}

const nothing = () => ({ clean: [], amount: new Map(), refunds: new Map(), counted: new Set(), payments: 0, bits: Object.fromEntries(RULES.map((r) => [r, 0])) });

const authorOf = (to) => (to.model ? to.model.author : to.author);

/** Whether a refund takes something off: it is of somebody's income, and its payer not the author himself. */
function theirs(world, verdict, b) {
    const to = where(world, b);
    return !to.stray && !to.nobody && !verdict.control.has(authorOf(to), b.payer);
}

/** {models, authors, market}: each {low, high, strict, loose, clusters, payments, healthy, bits} of one window. */
export function genuine(world, verdict, window, asOf, thresholds = {}) {
    const t = { ...DEFAULTS, ...thresholds };
    const from = since(window, asOf);
    const [models, authors, market] = [new Map(), new Map(), nothing()];
    const of = (map, key) => map.get(key) ?? map.set(key, nothing()).get(key);
    const those = (e) => [...(e.to.model ? [of(models, e.to.model.key)] : []), of(authors, authorOf(e.to)), market];
    const sums = (map, asset) => map.get(asset) ?? map.set(asset, { low: 0n, high: 0n }).get(asset);
    for (const p of verdict.judged) {
        if (p.time <= from) continue;
        const self = p.bits.has('self');
        for (const f of those(p)) {
            const s = sums(f.amount, p.asset);
            s.low += p.x - p.excluded;
            if (!self) s.high += p.x;
            for (const r of p.bits) f.bits[r]++;
            if (p.excluded * 1000n < BigInt(t.funded_share) * p.x) f.clean.push(p);
            if (self || p.bits.has('unknown')) continue;
            f.payments++;
            f.counted.add(verdict.clusters.of(p.who));
        }
    }
    for (const b of world.refunds) {
        if (b.time <= from || !theirs(world, verdict, b)) continue;
        for (const f of those(b)) f.refunds.set(b.asset, (f.refunds.get(b.asset) ?? 0n) + BigInt(b.amount));
    }
    const raw = figures(world, window, asOf);
    const cheapest = (chosen, asset) => world.listed.filter((e) => e.chosen && chosen(e) && e.asset === asset && BigInt(e.price) > 0n)
        .map((e) => BigInt(e.price)).reduce((a, b) => (a === null || b < a ? b : a), null);
    const strictly = (f, chosen) => new Set([...group(f.clean, (p) => `${verdict.clusters.of(p.who)} ${p.asset}`)].filter(([, list]) => {
        const days = new Set(list.map((p) => Math.floor(p.time / DAY)));
        const price = cheapest(chosen, list[0].asset);
        const paid = list.reduce((n, p) => n + p.x - p.excluded, 0n);
        return days.size >= t.strict_days && (price === null || paid >= BigInt(t.strict_prices) * price);
    }).map(([, [p]]) => verdict.clusters.of(p.who)));
    const finish = (f, income, strict) => {
        const [low, high] = [{}, {}];
        for (const [asset, s] of f.amount) {
            const back = f.refunds.get(asset) ?? 0n;
            const upper = least(income.get(asset) ?? 0n, big(0n, s.high - back));
            const lower = least(upper, big(0n, s.low - back));
            if (lower > 0n) low[asset] = lower.toString();
            if (upper > 0n) high[asset] = upper.toString();
        }
        return { low, high, strict: strict.size, loose: new Set(f.clean.map((p) => verdict.clusters.of(p.who))).size,
            clusters: f.counted.size, payments: f.payments, healthy: f.counted.size >= 3 && f.payments >= 3 * f.counted.size, bits: f.bits };
    };
    const strictOf = new Map([...authors].map(([name, f]) => [name, strictly(f, (e) => e.model.author === name)]));
    const finished = (map, kind, strict) => new Map([...map].map(([key, f]) => [key, finish(f, raw[kind].get(key).income, strict(key, f))]));
    return { models: finished(models, 'models', (key, f) => strictly(f, (e) => e.model.key === key)),
        authors: finished(authors, 'authors', (name) => strictOf.get(name)),
        market: finish(market, raw.market.income, new Set([...strictOf.values()].flatMap((s) => [...s]))), income: raw.market.income };
}

const NONE = { low: {}, high: {}, genuine_payers: 0 };

/** Of each model or author: what is listed of it. */
export function expectGenuine(world, found, kind) {
    const keys = kind === 'models' ? [...world.models.keys()] : [...new Set([...world.models.values()].map((m) => m.author))].filter((a) => a !== '');
    const of = (f) => f && { low: f.low, high: f.high, genuine_payers: f.strict };
    return Object.fromEntries(keys.map((k) => [k, of(found[kind].get(k)) ?? NONE]));
}

export const saidGenuine = (doc, kind) => Object.fromEntries(doc[kind].map((o) => [kind === 'models' ? keyOf(o.author, o.name) : o.author,
    { low: printed(o.genuine.low), high: printed(o.genuine.high), genuine_payers: o.genuine_payers }]));

/** The market's interval by whole weeks, in the page's asset. */
function byWeeks(world, verdict, asOf, asset) {
    return wholeWeeks(world, asOf).map((w) => {
        const mine = verdict.judged.filter((p) => weekOf(p.time) === w && p.asset === asset);
        const refunds = world.refunds.filter((b) => weekOf(b.time) === w && b.asset === asset && theirs(world, verdict, b));
        const back = refunds.reduce((n, b) => n + BigInt(b.amount), 0n);
        const less = (x) => big(0n, x - back);
        return { low: less(mine.reduce((n, p) => n + p.x - p.excluded, 0n)), high: less(mine.reduce((n, p) => n + (p.bits.has('self') ? 0n : p.x), 0n)) };
    });
}

export function expectGenuineHealth(world, verdict, window, asOf, thresholds = {}) {
    const g = genuine(world, verdict, window, asOf, thresholds);
    const asset = pageAsset(world, asOf).address;
    const [all, low, high] = [g.income.get(asset) ?? 0n, BigInt(g.market.low[asset] ?? 0), BigInt(g.market.high[asset] ?? 0)];
    const ppm = (part) => (all === 0n ? 0 : Number((part * 1000000n) / all));
    const weekly = byWeeks(world, verdict, asOf, asset);
    return { low: g.market.low, high: g.market.high, payers_strict: g.market.strict, payers_loose: g.market.loose,
        models: [...g.models.values()].filter((m) => m.strict > 0).length, models_healthy: [...g.models.values()].filter((m) => m.healthy).length,
        payments_by_rule: g.market.bits, excluded_at_least_ppm: ppm(all - high), excluded_at_most_ppm: ppm(all - low),
        weekly_low: weekly.map((x) => x.low.toString()), weekly_high: weekly.map((x) => x.high.toString()) };
}

export function saidGenuineHealth(doc) {
    const g = doc.genuine;
    const unit = BigInt(doc.weekly.unit.amount);
    const series = (s) => s.values.map((v) => String(BigInt(v) * unit));
    const { judged_at, rules_version, rules, low, high, ...rest } = g;
    return { ...rest, low: printed(low), high: printed(high), weekly_low: series(doc.weekly.genuine_low), weekly_high: series(doc.weekly.genuine_high) };
}
