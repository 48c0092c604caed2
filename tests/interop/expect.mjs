// What souk should say, worked out from the generator's ledger by the rules of src/market/derive.h and
// health.h. Written apart from the C code, on purpose the slow and obvious way.

export const WINDOWS = { '7d': 7, '30d': 30, '90d': 90, all: 0 };

/** A name as souk keeps it: at most 512 bytes of UTF-8 (HUB_NAME_MAX), and no zero byte. */
function kept(name) {
    const bytes = Buffer.from(name.replaceAll('\0', '\ufffd'));
    let n = Math.min(bytes.length, 512);
    while (n < bytes.length && (bytes[n] & 0xc0) === 0x80) n--;
    return bytes.toString('utf8', 0, n);
}

export const keyOf = (author, name) => JSON.stringify([author ?? '', kept(name)]);
export const before = (a, b) => a.block < b.block || (a.block === b.block && a.log < b.log);
export const isCall = (p) => p.scheme.startsWith('exact') || p.scheme === 'escrow';
const only = (set) => (set.size === 1 ? [...set][0] : undefined);

/** Into a channel or an escrow and back out of it: no income, and no transfer between people. */
const ASIDE = new Set(['deposit', 'authorized', 'taken back', 'voided', 'handed back']);

/** The ledger's lines by kind, with models and listings tied together. */
export function readWorld(lines) {
    const world = { models: new Map(), listed: [], events: [], payments: [], listPayments: [], refunds: [], transfers: [], inferences: [] };
    for (const l of lines) {
        if (l.kind === 'meta') world.meta = l;
        else if (l.kind === 'model') world.models.set(keyOf(l.author, l.name), { ...l, author: l.author ?? '', key: keyOf(l.author, l.name) });
        else if (l.kind === 'listing' || l.kind === 'delisted') world.events.push(l);
        else if (l.kind === 'payment') (l.scheme === 'list' ? world.listPayments : world.payments).push(l);
        else if (l.kind === 'refund') world.refunds.push(l);
        else if (l.kind === 'transfer') world.transfers.push({ ...l, aside: ASIDE.has(l.why) });
        else if (l.kind === 'inference' && !l.simulation) world.inferences.push(l);
    }
    world.events.sort((a, b) => (before(a, b) ? -1 : 1));
    for (const [i, e] of world.events.entries()) {
        e.next = world.events.find((x, j) => j > i && x.id === e.id);
        if (e.kind === 'listing') {
            e.model = world.models.get(keyOf(e.author, e.name));
            world.listed.push(e);
        }
    }
    choose(world);
    claim(world);
    return world;
}

/** Rules 1 and 2: a model's chosen listings are its proven ones, or all when none is. */
function choose(world) {
    for (const m of world.models.values()) {
        const mine = world.listed.filter((e) => e.model === m);
        const proven = mine.some((e) => e.proven);
        for (const e of mine) e.chosen = Boolean(e.proven) === proven;
        const now = mine.filter((e) => e.chosen && !e.next).at(-1);
        m.mark = { listed: Boolean(now), proven: Boolean(now?.proven) };
        m.price = now ? { amount: now.price, asset: now.asset } : null;
    }
}

/** Rule 5: who claims which model id, the strongest claim first. */
function claim(world) {
    const claims = [new Map(), new Map(), new Map()];
    const add = (level, cid, model) => cid && claims[level].set(cid, (claims[level].get(cid) ?? new Set()).add(model));
    for (const e of world.listed) if (e.chosen) add(0, e.blob_id, e.model);
    for (const m of world.models.values()) {
        if (m.hint === 'files') for (const cid of [m.blob_id, m.old_blob_id]) add(1, cid, m);
        if (m.hint === 'description') add(2, m.blob_id, m);
    }
    world.ownerOf = (cid) => {
        const level = claims.find((c) => c.has(cid));
        return level && only(level.get(cid));
    };
}

/** Rules 3 and 4: {model}, {author}, {nobody} or {stray}. */
export function attribute(world, p) {
    const named = world.listed.filter((e) => e.pay_to === p.pay_to);
    if (named.length === 0) return { stray: true };
    const mine = named.filter((e) => e.chosen && before(e, p));
    const authors = new Set(mine.map((e) => e.model.author));
    const proven = new Set(mine.filter((e) => e.proven).map((e) => e.model.author));
    const author = authors.size === 1 ? only(authors) : only(proven);
    if (author === undefined) return { nobody: true };
    const his = mine.filter((e) => e.model.author === author);
    const one = only(new Set(his.map((e) => e.model)));
    if (one) return { model: one };
    if (p.kind === 'payment' && isCall(p)) {
        const priced = his.filter((e) => (!e.next || !before(e.next, p)) && e.asset === p.asset && e.price === p.amount);
        const byPrice = only(new Set(priced.map((e) => e.model)));
        if (byPrice) return { model: byPrice };
    }
    return { author };
}

const empty = () => ({ payments: 0, settlements: 0, inferences: 0, payers: new Set(), paid: new Map(), refunded: new Map(), unattributed: new Map(),
    unattributedBack: new Map(), unknown: 0, last: 0 });
const sum = (map, asset, amount) => map.set(asset, (map.get(asset) ?? 0n) + BigInt(amount));

function countPayment(f, p) {
    if (isCall(p)) f.payments++;
    else f.settlements++;
    if (p.payer !== null) f.payers.add(p.payer);
    else f.unknown++;
    sum(f.paid, p.asset, p.amount);
    f.last = Math.max(f.last, p.time);
}

/** What came in less what was given back, never below nothing. */
const less = (paid, back) => new Map([...paid].map(([asset, v]) => [asset, v - (back.get(asset) ?? 0n)]).filter(([, v]) => v > 0n));

export const since = (window, asOf) => (WINDOWS[window] === 0 ? -1 : asOf - WINDOWS[window] * 86400);
export const where = (world, p) => (p.to ??= attribute(world, p));

/** Every figure of one window that ends at as_of. */
export function figures(world, window, asOf) {
    const from = since(window, asOf);
    const models = new Map([...world.models.keys()].map((k) => [k, empty()]));
    const authors = new Map([...world.models.values()].map((m) => [m.author, empty()]));
    const market = { ...empty(), unlisted: new Map(), unlisted_payments: 0, unknown_inferences: 0 };
    const all = (to) => [...(to.model ? [models.get(to.model.key)] : []), authors.get(to.model ? to.model.author : to.author), market];
    for (const p of world.payments) {
        const to = where(world, p);
        if (p.time <= from || to.nobody) continue;
        if (to.stray) {
            market.unlisted_payments++;
            sum(market.unlisted, p.asset, p.amount);
            continue;
        }
        for (const f of all(to)) {
            countPayment(f, p);
            if (!to.model) sum(f.unattributed, p.asset, p.amount);
        }
    }
    for (const b of world.refunds) {
        const to = where(world, b);
        if (b.time <= from || to.stray || to.nobody) continue;
        for (const f of all(to)) {
            sum(f.refunded, b.asset, b.amount);
            if (!to.model) sum(f.unattributedBack, b.asset, b.amount);
        }
    }
    for (const i of world.inferences) {
        if (i.time <= from) continue;
        const m = world.ownerOf(i.cid);
        if (!m) {
            market.unknown_inferences++;
            continue;
        }
        for (const f of [models.get(m.key), authors.get(m.author), market]) {
            f.inferences++;
            f.last = Math.max(f.last, i.time);
        }
    }
    for (const f of [...models.values(), ...authors.values(), market])
        Object.assign(f, { income: less(f.paid, f.refunded), unattributed: less(f.unattributed, f.unattributedBack) });
    return { models, authors, market };
}

export const amounts = (map) => Object.fromEntries([...map].filter(([, v]) => v > 0n).sort().map(([a, v]) => [a, v.toString()]));

/** A comparable form: of ours, and of what souk printed. */
export const plain = (f) => ({
    calls: f.payments + f.inferences, payments: f.payments, settlements: f.settlements, inferences: f.inferences,
    payers: f.payers.size, income: amounts(f.income), last: f.last || null,
});

export const printed = (list) => Object.fromEntries(list.filter((a) => a.amount !== '0').map((a) => [a.asset.toLowerCase(), a.amount]).sort());

export const said = (o) => ({
    calls: o.calls, payments: o.payments, settlements: o.settlements, inferences: o.inferences,
    payers: o.payers, income: printed(o.income), last: o.last,
});

export function expectModels(world, window, asOf) {
    const f = figures(world, window, asOf);
    return Object.fromEntries([...world.models.values()].map((m) => [m.key, { ...plain(f.models.get(m.key)), ...m.mark, price: m.price }]));
}

export const saidModels = (doc) => Object.fromEntries(doc.models.map((m) => [keyOf(m.author, m.name), {
    ...said(m), listed: m.listed, proven: m.proven, price: m.price && { amount: m.price.amount, asset: m.price.asset.toLowerCase() } }]));

export function expectAuthors(world, window, asOf) {
    const f = figures(world, window, asOf);
    return Object.fromEntries([...f.authors].filter(([name]) => name !== '').map(([name, a]) => {
        const mine = [...world.models.values()].filter((m) => m.author === name);
        return [name, { ...plain(a), unattributed: amounts(a.unattributed), models: mine.length, listed: mine.filter((m) => m.mark.listed).length }];
    }));
}

export const saidAuthors = (doc) => Object.fromEntries(doc.authors.map((a) => [a.author, {
    ...said(a), unattributed: printed(a.unattributed), models: a.models, listed: a.listed }]));
