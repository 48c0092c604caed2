// Patterns planted into a world beside the plain ones of world.mjs, each payment with its label: money
// that goes round, money that comes back, crowds that are real and crowds that are not. What is honest
// here must survive the rules of src/market/rules.h; what is not is what they are for.

import { PER_DAY } from './params.mjs';

const AHEAD = 240; // slots before a crowd appears in which its members got their money

/** Authors of models that cost the same, none of them twice. */
function equals(k, take) {
    const members = [];
    for (let i = 0; i < k; i++) {
        const l = take((x) => x.versions.length === 1 && members.every((y) => y.owner !== x.owner));
        if (!l) return null;
        members.push(l);
    }
    for (const l of members) l.versions[0].price = members[0].versions[0].price;
    return members;
}

/**
 * Three authors paying each other in a circle, some payments each on every day they are at it; in the
 * last hour of the day each takes out what the ring paid him, for the next time.
 */
export function ring(world, r, n, take) {
    const members = equals(3, take);
    if (!members) return;
    const wallets = members.map((_, k) => world.wallet(`ring ${k}`, world.exchanges[1], 10));
    const first = Math.ceil((Math.max(...members.map((l) => l.start)) + 1) / PER_DAY);
    const days = world.slots / PER_DAY - first;
    const active = Math.min(days, Math.max(3, Math.floor(n / 9)));
    for (let i = 0; n >= 3; i++) {
        const day = (first + Math.floor(((i % active) * days) / active)) * PER_DAY;
        const times = Math.min(Math.floor(n / 3), r.between(1, 5));
        n -= 3 * times;
        members.forEach((l, k) => {
            for (let c = 0; c < times; c++) world.pay(r, l, day + r.below(PER_DAY - 1), wallets[(k + 2) % 3], 'ring');
            world.plain.push({ slot: day + PER_DAY - 1, from: l.payTo, to: wallets[k], asset: 'USDC', amount: l.versions[0].price * BigInt(times), why: 'onward' });
        });
    }
}

/**
 * Rounds of `k` authors: each one's wallet pays the next one's model, and what came in goes on to that
 * author's wallet. After a round nobody has won or lost anything.
 */
export function cycles(world, r, n, k, take) {
    const circles = Math.max(1, Math.min(3, Math.floor(n / 150)));
    for (let c = 0; c < circles; c++) {
        const members = equals(k, take);
        if (!members) return;
        const { price } = members[0].versions[0];
        const wallets = members.map((_, i) => world.wallet(`cycle of ${k}, ${c} ${i}`, world.exchanges[1], 1));
        const start = Math.max(...members.map((l) => l.start)) + 1;
        const rounds = Math.max(3, Math.floor(n / circles / k));
        const gap = (world.slots - k - 1 - start) / rounds;
        for (let i = 0; i < rounds; i++) {
            const slot = start + Math.floor(i * gap);
            for (let hop = 0; hop < k; hop++) {
                const to = (hop + 1) % k;
                world.pay(r, members[to], slot + hop, wallets[hop], 'cycle');
                world.plain.push({ slot: slot + hop, from: members[to].payTo, to: wallets[to], asset: 'USDC', amount: price, why: 'onward' });
            }
        }
    }
}

/** An author who gives two customers back what they pay, again and again. */
export function returns(world, r, n, take) {
    const l = take((x) => x.versions.length === 1);
    if (!l) return;
    world.sweeps.push({ l, every: world.params.days });
    const customers = [0, 1].map((k) => world.wallet(`paid back ${k}`, world.exchanges[k], 5));
    const trips = Math.max(4, Math.floor(n / 2));
    const gap = (world.slots - 6 - l.start - 1) / trips;
    for (let i = 0; i < trips; i++) {
        const slot = l.start + 1 + Math.floor(i * gap);
        customers.forEach((payer, k) => {
            world.pay(r, l, slot + k, payer, 'return');
            world.plain.push({ slot: slot + k + r.between(1, 3), from: l.payTo, to: payer, asset: l.asset,
                amount: l.versions[0].price, why: 'paid back' });
        });
    }
}

/** An author who feeds his paying wallets through an address in between: no rule here sees through that. */
export function hops(world, r, n, take) {
    const l = take();
    if (!l) return;
    world.sweeps.push({ l, every: 7 });
    const between = world.wallet('the hop', l.owner, 3);
    const wallets = [0, 1, 2, 3].map((k) => world.wallet(`behind the hop ${k}`, between, r.between(20, 60)));
    for (; n > 0; n--) world.pay(r, l, world.slot(r, l.start + 1, l.end), r.pick(wallets), 'hop');
}

/** Two days after a release many real people try it in one half hour; some of them come back. */
export function launch(world, r, n, take) {
    const l = take();
    if (!l) return;
    const day = Math.min(l.start + r.between(2, 2 * PER_DAY), l.end - PER_DAY);
    for (let k = 0; n > 0; k++) {
        const payer = world.wallet(`launch ${k}`, r.pick(world.exchanges), r.between(5, 20));
        const amount = world.version(l, day).price * BigInt(r.between(10, 40));
        world.plain.push({ slot: Math.max(0, day - r.between(1, AHEAD)), from: r.pick(world.exchanges), to: payer,
            asset: l.asset, amount, why: 'funding' });
        world.pay(r, l, day, payer, 'launch');
        n--;
        for (let more = r.pick([0, 0, 0, 1, 1, 2, 5]); more > 0 && n > 0; more--, n--)
            world.pay(r, l, world.slot(r, day + 1, l.end), payer, 'launch');
    }
}

/** Crowds that are none: fresh wallets of one helper, all at once, three payments each. */
export function cohorts(world, r, n, take) {
    const crowds = Math.max(1, Math.floor(n / 180)); // a helper of too many would look like an exchange
    for (let c = 0; c < crowds; c++) {
        const l = take();
        if (!l) return;
        const helper = world.wallet(`helper ${c}`, world.exchanges[2], 200);
        const day = r.between(l.start + 1, l.end - 2 * PER_DAY);
        for (let k = 0; k < Math.max(10, Math.floor(n / 3 / crowds)); k++) {
            const payer = world.wallet(`crowd ${c} ${k}`, helper, 3);
            world.pay(r, l, day, payer, 'cohort');
            for (const later of [1, 2]) world.pay(r, l, day + r.between(later, later * PER_DAY), payer, 'cohort');
        }
    }
}

/** One machine that pays every five seconds for eleven minutes: real money all the same. */
export function bursts(world, r, n, take) {
    if (n === 0) return;
    const l = take((x) => x.versions.length === 1 && x.end - x.start > 2);
    if (!l) return;
    const bot = world.wallet('the machine', world.exchanges[0], 500);
    for (; n > 0; n--) {
        let slot;
        do slot = world.slot(r, l.start + 1, l.end - 1);
        while (world.early.has(slot));
        world.early.add(slot);
        for (let k = 1; k <= 132; k++) {
            world.pay(r, l, slot, bot, 'burst');
            world.payments.at(-1).sub = 5 * k;
        }
    }
}

/** One author with an address for every few days, who tries his own model from the older ones. */
export function manyAddresses(world, r, n, take) {
    const l = take((x) => x.versions.length === 1 && x.start < world.slots / 2);
    if (!l) return;
    const count = Math.min(50, Math.floor((l.end - l.start) / 20));
    for (let k = 1; k < count; k++)
        l.versions.push({ ...l.versions[0], slot: l.start + Math.floor((k * (l.end - l.start)) / count), payTo: world.address(`payTo ${k} of ${l.m.i}`) });
    for (; n > 0; n--) {
        const slot = world.slot(r, l.versions[2].slot, l.end);
        const older = l.versions.filter((v) => v.slot < slot).slice(0, -1);
        const payer = r.pick(older).payTo;
        world.funding.set(payer, { from: l.owner, calls: 3 });
        world.pay(r, l, slot, payer, 'owner-test');
    }
}

/** Now and then somebody gets back what he paid, once: that is service, not fraud. */
export function refunds(world, r, n) {
    const paid = world.payments.filter((p) => p.label === 'honest' && p.l && p.payer && !p.l.shared && p.slot < world.slots - 50);
    const done = new Set();
    for (; n > 0 && paid.length > 0; n--) {
        const p = r.pick(paid);
        const pair = `${p.payer} ${p.payTo}`;
        if (done.has(pair)) continue;
        done.add(pair);
        world.plain.push({ slot: p.slot + r.between(1, 48), from: p.payTo, to: p.payer, asset: p.asset, amount: p.amount, why: 'refund', ifAble: true });
    }
}
