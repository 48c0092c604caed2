// Who must be funded when, and what authors take out: everything that moves money, in blocks.

import { PER_DAY } from './params.mjs';
import { movesOf } from './schemes.mjs';

function bySlot(list) {
    const map = new Map();
    for (const e of list) {
        if (!map.has(e.slot)) map.set(e.slot, []);
        map.get(e.slot).push(e);
    }
    return map;
}

/**
 * Turns everything into blocks: the full order of what moves in each, funding as it goes. In a block
 * the tokens write first (USDC, OPG), then the channels, the escrow, the forger, and last the
 * facilitator whose transfers are known by their sender alone (clear).
 */
export function settle(world) {
    const r = world.prng('money');
    const balance = { USDC: new Map(), OPG: new Map() };
    const get = (asset, a) => balance[asset].get(a) ?? 0n;
    const banks = new Set(world.exchanges);
    const shift = (asset, from, to, amount) => {
        if (!banks.has(from)) {
            if (get(asset, from) < amount) throw new Error('the generator overdrew a wallet');
            balance[asset].set(from, get(asset, from) - amount);
        }
        if (!banks.has(to)) balance[asset].set(to, get(asset, to) + amount);
    };
    let step;
    const move = (asset, from, to, amount, entry) => {
        shift(asset, from, to, amount);
        step[asset].push({ ...entry, from, to, amount });
    };
    const fund = (asset, who, amount, why) => {
        if (banks.has(who) || get(asset, who) >= amount) return;
        const policy = world.funding.get(who) ?? { from: r.pick(world.exchanges), calls: 20 };
        const sum = amount * BigInt(policy.calls);
        fund(asset, policy.from, sum, 'funding');
        move(asset, policy.from, who, sum, { transfer: why });
    };
    const pay = (p) => {
        fund(p.asset, p.payer, p.amount, 'funding');
        move(p.asset, p.payer, p.payTo, p.amount, { pay: p });
    };
    const transfer = (t) => {
        if (t.ifAble && get(t.asset, t.from) < t.amount) return;
        fund(t.asset, t.from, t.amount, 'funding');
        move(t.asset, t.from, t.to, t.amount, { transfer: t.why ?? 'direct' });
    };
    const operate = (e) => {
        const moves = movesOf(world, e);
        if (moves.length && moves[0][0] !== world.channel && moves[0][0] !== world.tokenStore) fund(e.asset, moves[0][0], e.amount, 'funding');
        for (const [from, to, amount] of moves) shift(e.asset, from, to, amount);
        step[e.kind].push(e);
    };
    const clear = (p) => {
        fund(p.asset, p.payer, p.amount, 'funding');
        shift(p.asset, p.payer, p.payTo, p.amount);
        step.clear[p.asset].push({ pay: p, from: p.payer, to: p.payTo, amount: p.amount });
    };
    const forge = (f) => {
        fund(f.asset, world.forger, f.amount, 'funding');
        shift(f.asset, world.forger, f.payTo, f.amount);
        step.forged.push(f);
    };
    const ops = [...world.channelOps.map((e) => ({ ...e, kind: 'channel' })), ...world.escrowOps.map((e) => ({ ...e, kind: 'escrow' }))];
    const plan = { sweeps: planSweeps(world, r), pays: bySlot(world.payments.filter((p) => p.scheme !== 'channel' && p.scheme !== 'escrow')),
        plain: bySlot(world.plain), ops: bySlot(ops), forged: bySlot(world.forged) };
    const at = (what, slot) => plan[what].get(slot) ?? [];
    const open = (slot, time) => {
        step = { slot, time, main: time === world.times[slot], USDC: [], OPG: [], channel: [], escrow: [], forged: [], clear: { USDC: [], OPG: [] } };
        return step;
    };
    const steps = [];
    for (let slot = 0; slot < world.slots; slot++) {
        steps.push(open(slot, world.times[slot]));
        for (const s of at('sweeps', slot)) {
            const amount = get(s.asset, s.from);
            if (amount > 0n) move(s.asset, s.from, s.to, amount, { transfer: s.why });
        }
        const pays = at('pays', slot);
        pays.filter((p) => p.scheme !== 'list' && !p.sub).forEach(pay);
        at('plain', slot).forEach(transfer);
        at('ops', slot).forEach(operate);
        at('forged', slot).forEach(forge);
        pays.filter((p) => p.scheme === 'list').forEach(clear);
        for (const p of pays.filter((x) => x.sub)) {
            steps.push(open(slot, world.times[slot] + p.sub));
            pay(p);
        }
    }
    return steps;
}

/** When income is taken out of a payTo: washers often, honest authors monthly or never. */
function planSweeps(world, r) {
    const plan = new Map();
    const put = (slot, s) => plan.set(slot, [...(plan.get(slot) ?? []), s]);
    const special = new Map(world.sweeps.map((s) => [s.l, s]));
    for (const l of world.listings) {
        const s = special.get(l);
        if (!s && !r.chance(60)) continue;
        const every = (s ? s.every : r.between(20, 35)) * PER_DAY;
        for (let slot = l.start + every; slot < world.slots; slot += every)
            for (const from of new Set(l.versions.map((v) => v.payTo)))
                put(slot, { asset: l.asset, from, to: l.owner, why: s ? 'return' : 'withdrawal' });
    }
    return plan;
}
