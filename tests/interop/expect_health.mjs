// The market's vital signs out of the ledger, by the definitions of src/market/health.h and stats.h.
// Written apart from the C code, on purpose the slow and obvious way.

import { amounts, figures, isCall, plain, printed, said, since, where } from './expect.mjs';

const DAY = 86400;
const day = (time) => Math.floor(time / DAY);
export const weekOf = (time) => Math.floor((day(time) + 3) / 7); // Monday to Sunday; 1970-01-01 was a Thursday
const monday = (w) => w * 7 - 3;
const PPM = 1000000n;
const HALF = 4; // weeks that growth compares with as many before
const FLOOR = 30;

/** Whether a payment or refund is of somebody's income. */
const counts = (world) => (p) => !where(world, p).stray && !where(world, p).nobody;
const earning = (world) => world.payments.filter(counts(world));

function firsts(payments) {
    const first = new Map();
    for (const p of payments) if (p.payer !== null && !(first.get(p.payer) <= p.time)) first.set(p.payer, p.time);
    return first;
}

function mostOf(list, asset) {
    return list.filter((x) => x.asset === asset).reduce((n, x) => n + BigInt(x.amount), 0n);
}

/** The asset that the page's spread and weekly income are in. */
export function pageAsset(world, asOf) {
    const { income } = figures(world, 'all', asOf).market;
    return world.meta.tokens.find((t) => (income.get(t.address) ?? 0n) > 0n) ?? world.meta.tokens[0];
}

const sorted = (list) => [...list].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
const total = (list) => list.reduce((n, x) => n + x, 0n);

/** Of amounts in ascending order. */
export function spread(v) {
    const [n, sum] = [BigInt(v.length), total(v)];
    if (sum === 0n) return { authors: v.length, gini_ppm: 0, hhi_ppm: 0, top1_ppm: 0, top10_ppm: 0, half: 0 };
    let apart = 0n;
    for (const a of v) for (const b of v) apart += a > b ? a - b : b - a;
    const top = (k) => total(v.slice(-k));
    let half = 1;
    while (2n * top(half) < sum) half++;
    return { authors: v.length, gini_ppm: n > 1n ? Number((apart * PPM) / (2n * (n - 1n) * sum)) : 0,
        hhi_ppm: Number((v.reduce((s, x) => s + x * x, 0n) * PPM) / (sum * sum)),
        top1_ppm: Number((top(1) * PPM) / sum), top10_ppm: Number((top(10) * PPM) / sum), half };
}

function lorenz(v, points = 50) {
    const [n, sum] = [v.length, total(v)];
    return Array.from({ length: points + 1 }, (_, k) => {
        const whole = Math.floor((k * n) / points);
        const part = BigInt(k * n - whole * points);
        const held = total(v.slice(0, whole)) * BigInt(points) + (whole < n ? part * v[whole] : 0n);
        return sum === 0n ? 0 : Number((held * PPM) / (sum * BigInt(points)));
    });
}

function middle(v) {
    if (v.length === 0) return 0n;
    const [a, b] = [v[Math.floor((v.length - 1) / 2)], v[Math.floor(v.length / 2)]];
    return a + (b - a) / 2n;
}

function quartiles(v) {
    const half = Math.floor(v.length / 2);
    return half ? [middle(v.slice(0, half)), middle(v), middle(v.slice(v.length - half))] : [middle(v), middle(v), middle(v)];
}

const use = (world) => world.inferences.filter((i) => world.ownerOf(i.cid));

/** Weeks from Monday that are whole: not the one with the first row of all, not the one under way. */
export function wholeWeeks(world, asOf) {
    const from = Math.min(...[...earning(world), ...use(world)].map((x) => weekOf(x.time))) + 1;
    return Array.from({ length: Math.max(0, weekOf(asOf) - from) }, (_, k) => from + k);
}

function weeks(world, asOf, asset) {
    const paid = earning(world);
    const used = use(world);
    const first = firsts(paid);
    const whole = wholeWeeks(world, asOf);
    const firstPaid = Math.min(...paid.map((p) => weekOf(p.time)));
    const list = whole.map((w) => {
        const mine = paid.filter((p) => weekOf(p.time) === w);
        const payers = new Set(mine.filter((p) => p.payer !== null).map((p) => p.payer));
        const fresh = [...payers].filter((a) => weekOf(first.get(a)) === w).length;
        const calls = mine.filter(isCall);
        const inferences = used.filter((i) => weekOf(i.time) === w).length;
        const back = mostOf(world.refunds.filter((b) => weekOf(b.time) === w && counts(world)(b)), asset);
        const came = mostOf(mine, asset);
        return { calls: calls.length + inferences, payments: calls.length, settlements: mine.length - calls.length, inferences,
            payers: payers.size, new_payers: fresh, returning_payers: payers.size - fresh, income: came > back ? came - back : 0n,
            median: middle(sorted(calls.filter((p) => p.asset === asset).map((p) => BigInt(p.amount)))) };
    });
    const sure = monday(firstPaid + 1) + 30;
    return { from: whole[0] ?? weekOf(asOf), list, sure: whole.filter((w) => monday(w) < sure).length };
}

/** What growth is worked out from: both halves of the last eight weeks. */
function halves(v, events = v) {
    const both = v.slice(-2 * HALF);
    const enough = both.length === 2 * HALF && events.slice(-2 * HALF).reduce((a, b) => a + b, 0) >= FLOOR;
    const add = (list) => Number(list.reduce((a, b) => a + BigInt(b), 0n));
    return both.length === 2 * HALF ? { known: enough, before: add(both.slice(0, HALF)), recent: add(both.slice(HALF)) } : { known: false, before: 0, recent: 0 };
}

/** Whole weeks of payers who were surely new then, and in which later weeks they paid again. */
function cohorts(world, asOf, sure) {
    const paid = earning(world).filter((p) => p.payer !== null);
    const first = firsts(paid);
    return wholeWeeks(world, asOf).slice(sure).map((w) => {
        const mine = new Map([...first].filter(([, t]) => weekOf(t) === w));
        const theirs = paid.filter((p) => mine.has(p.payer));
        const passed = Math.min(12, weekOf(asOf) - 1 - w);
        const again = (ok) => new Set(theirs.filter(ok).map((p) => p.payer)).size;
        const later = (from, to) => again((p) => day(p.time) - day(mine.get(p.payer)) >= from && day(p.time) - day(mine.get(p.payer)) <= to);
        return { first_day: monday(w), payers: mine.size, back: Array.from({ length: passed }, (_, k) => again((p) => weekOf(p.time) === w + k + 1)),
            d7: later(7, 13), d30: later(30, 36) };
    }).filter((c) => c.payers > 0);
}

/** Of the weeks whose last payer's time has come: how many came back, of how many. */
function back(list, which, horizon, asOf) {
    const due = list.filter((c) => c.first_day + 6 + horizon < day(asOf));
    return { back: due.reduce((n, c) => n + c[which], 0), of: due.reduce((n, c) => n + c.payers, 0) };
}

export function expectHealth(world, window, asOf) {
    const f = figures(world, window, asOf);
    const ever = figures(world, 'all', asOf);
    const from = since(window, asOf);
    const all = [...world.models.values()];
    const count = (test) => all.filter(test).length;
    const of = (m, which = f) => plain(which.models.get(m.key));
    const { last, ...market } = plain(f.market);
    const first = firsts(earning(world));
    const payees = new Set(world.listed.map((e) => e.pay_to));
    const summed = (list) => amounts(new Map(world.meta.tokens.map((t) => [t.address, mostOf(list, t.address)])));
    const within = (list) => list.filter((x) => x.time > from);
    const inflow = within(world.transfers.filter((t) => !t.aside && t.from !== t.to && payees.has(t.to)));
    const byList = within(world.listPayments.filter(counts(world)));
    const asset = pageAsset(world, asOf);
    const named = [...f.authors].filter(([name]) => name !== '');
    const listing = new Set(all.filter((m) => m.mark.listed).map((m) => m.author));
    const everyone = sorted(named.map(([name, a]) => [a.income.get(asset.address) ?? 0n, name]).filter(([v, name]) => v > 0n || listing.has(name)).map(([v]) => v));
    const weekly = weeks(world, asOf, asset.address);
    const came = cohorts(world, asOf, weekly.sure);
    const column = (name) => weekly.list.map((w) => w[name]);
    const events = weekly.list.map((w) => w.payments + w.settlements);
    return {
        ...market, unattributed: amounts(f.market.unattributed), unlisted: amounts(f.market.unlisted),
        unlisted_payments: f.market.unlisted_payments, unknown_inferences: f.market.unknown_inferences,
        refunded: amounts(f.market.refunded), payer_unknown: f.market.unknown,
        new_payers: [...f.market.payers].filter((a) => first.get(a) > from).length,
        returning_payers: [...f.market.payers].filter((a) => first.get(a) <= from).length,
        by_list: summed(byList), by_list_payments: byList.length, inflow: summed(inflow), inflows: inflow.length,
        authors: named.length, authors_earning: named.filter(([, a]) => a.income.size > 0).length,
        models: { stored: all.length, listed: count((m) => m.mark.listed), proven: count((m) => m.mark.proven),
            called_ever: count((m) => of(m, ever).last), called: count((m) => of(m).last),
            paid: count((m) => of(m).payments + of(m).settlements), paid_by_3: count((m) => of(m).payers >= 3) },
        growth: { calls: halves(column('calls')), payments: halves(column('payments')), settlements: halves(column('settlements')),
            payers: halves(column('payers')), new_payers: halves(column('new_payers').slice(weekly.sure)),
            income: halves(column('income'), events) },
        weekly: { first_day: monday(weekly.from), new_payers_from: weekly.sure, ...Object.fromEntries(['calls', 'payments', 'settlements',
            'inferences', 'payers', 'new_payers', 'returning_payers'].map((k) => [k, column(k)])),
        income: column('income').map(String), median: column('median').map(String) },
        retention: { cohorts: came.slice(-16).map(({ d7, d30, ...c }) => c), d7: back(came, 'd7', 13, asOf), d30: back(came, 'd30', 36, asOf) },
        concentration: { asset: asset.address, earners: spread(everyone.filter((v) => v > 0n)), listed: spread(everyone),
            lorenz_ppm: lorenz(everyone), quartiles: quartiles(everyone).map(String) },
    };
}

/** The same out of what souk printed. A weekly amount is cut to the series' unit there: `unit` tells it. */
export function saidHealth(doc) {
    const { last, ...market } = said({ ...doc, last: null });
    const pick = (o, ...keys) => Object.fromEntries(keys.map((k) => [k, o[k]]));
    const bare = ({ effective_authors, ...rest }) => rest;
    const grown = (g) => ({ known: g.known, before: g.before, recent: g.recent });
    const w = doc.weekly;
    const unit = BigInt(w.unit.amount);
    return {
        ...market, unattributed: printed(doc.unattributed), unlisted: printed(doc.unlisted), refunded: printed(doc.refunded),
        by_list: printed(doc.by_list), inflow: printed(doc.inflow),
        ...pick(doc, 'unlisted_payments', 'unknown_inferences', 'payer_unknown', 'new_payers', 'returning_payers', 'by_list_payments', 'inflows',
            'authors', 'authors_earning'),
        models: doc.models,
        growth: Object.fromEntries(['calls', 'payments', 'settlements', 'payers', 'new_payers', 'income'].map((k) => [k, grown(doc.growth[k])])),
        weekly: { first_day: w.calls.first_day, new_payers_from: w.new_payers_from, ...Object.fromEntries(['calls', 'payments', 'settlements', 'inferences',
            'payers', 'new_payers', 'returning_payers'].map((k) => [k, w[k].values])),
        income: w.income.values.map((v) => String(BigInt(v) * unit)), median: w.median_payment.values.map((v) => String(BigInt(v) * unit)) },
        retention: { cohorts: doc.retention.cohorts, ...Object.fromEntries(['d7', 'd30'].map((k) => [k, pick(doc.retention[k], 'back', 'of')])) },
        concentration: { asset: doc.concentration.asset.toLowerCase(), earners: bare(doc.concentration.earners), listed: bare(doc.concentration.listed),
            lorenz_ppm: doc.concentration.lorenz_ppm, quartiles: doc.concentration.quartiles.map((q) => q.amount) },
    };
}
