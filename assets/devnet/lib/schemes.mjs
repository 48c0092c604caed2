// Payments that do not go through the tokens' own replay: payment channels, the escrow, transfers
// known by their sender alone, and forgeries that are no payments. Each is written down twice: as
// what moves (ops, in order), and, where it is a payment, among the world's payments.

const gainful = (l) => l.asset === 'USDC' && l.end - l.start > 60;

/** A payer of the crowd, from the exchange that feeds it. */
function somebody(world, r) {
    return world.wallet(`honest ${r.below(world.crowdSize())}`, r.pick(world.exchanges), 30);
}

/** `n` settlements of channels: paid in beforehand, claimed call by call, settled now and then. */
export function channels(world, r, n, called) {
    const able = called.filter(gainful);
    for (let g = 0; n > 0 && able.length > 0; g++) {
        const l = r.pick(able);
        const payTo = world.version(l, l.end).payTo;
        const payers = [...new Set([somebody(world, r), somebody(world, r)])];
        const price = l.versions[0].price;
        const settles = Math.min(n, r.between(4, 10));
        n -= settles;
        const open = Math.min(...l.versions.filter((v) => v.payTo === payTo).map((v) => v.slot));
        const slots = Array.from({ length: settles }, () => world.slot(r, Math.min(open + 30, l.end - 1), l.end)).sort((a, b) => a - b);
        const at = slots[0] - r.below(Math.min(20, slots[0] - open));
        const base = (payer) => ({ payer, receiver: payTo, asset: 'USDC' });
        const claimed = new Map(payers.map((p) => [p, 0n]));
        const later = [];
        for (const slot of slots) {
            let sum = 0n;
            for (const payer of payers) {
                const amount = price * BigInt(r.between(3, 40));
                claimed.set(payer, claimed.get(payer) + amount);
                later.push({ slot, op: 'claim', ...base(payer), amount, total: claimed.get(payer) });
                sum += amount;
            }
            const pay = { slot, payer: null, payTo, asset: 'USDC', amount: sum, scheme: 'channel', l, label: 'honest' };
            world.payments.push(pay);
            later.push({ slot, op: 'settle', ...base(payers[0]), amount: sum, total: 0n, pay });
        }
        for (const payer of payers) {
            const need = claimed.get(payer);
            const part = need / 3n;
            // In two parts: the second is paid in when the first could not be enough any more.
            world.channelOps.push({ slot: at, op: 'deposit', ...base(payer), amount: part + 7n, total: part + 7n, first: true },
                { slot: at, op: 'deposit', ...base(payer), amount: need, total: part + 7n + need });
            later.push({ slot: slots.at(-1), op: 'refund', ...base(payer), amount: part + 7n, total: 0n });
        }
        world.channelOps.push(...later);
    }
}

/** `n` payments through the escrow, each captured or charged; some are given back, and some others,
 *  which are no payments, were only authorised. */
export function escrow(world, r, n, called) {
    const able = called.filter(gainful);
    let salt = 0;
    if (able.length === 0) return;
    for (; n > 0; n--) {
        const l = r.pick(able);
        const slot = world.slot(r, l.start + 2, l.end);
        const asked = Math.max(l.start + 1, slot - r.between(1, 24));
        const { price, payTo } = world.version(l, asked);
        const feeBps = r.pick([0, 0, 100, 250]);
        const max = price * BigInt(r.between(1, 2));
        const payer = somebody(world, r);
        const base = { payer, receiver: payTo, asset: 'USDC', max, feeBps, salt: ++salt };
        const fee = (price * BigInt(feeBps)) / 10000n;
        const pay = { slot, payer, payTo, asset: 'USDC', amount: price - fee, scheme: 'escrow', l, label: 'honest' };
        const way = r.below(10);
        if (way < 3) {
            Object.assign(pay, { slot: asked });
            world.escrowOps.push({ slot: asked, op: 'charge', ...base, max: price, amount: price, fee, pay });
        } else {
            world.escrowOps.push({ slot: asked, op: 'authorize', ...base, amount: max }, { slot, op: 'capture', ...base, amount: price, fee, pay });
            if (max > price) world.escrowOps.push({ slot, op: 'void', ...base, amount: max - price });
        }
        world.payments.push(pay);
        if (r.chance(10)) {
            const back = r.chance(50) ? pay.amount : pay.amount / 2n + 1n;
            world.escrowOps.push({ slot: Math.min(world.slots - 1, pay.slot + r.between(1, 100)), op: 'refund', ...base,
                max: way < 3 ? price : max, amount: back, l, back: pay });
        }
        if (r.chance(15)) {
            const only = { ...base, payer: somebody(world, r), max: price, salt: ++salt };
            world.escrowOps.push({ slot: asked, op: 'authorize', ...only, amount: price }, { slot, op: 'void', ...only, amount: price });
        }
    }
}

/** `n` transfers by a known facilitator that leave no other proof. */
export function listed(world, r, n, called) {
    const able = called.filter((l) => l.scheme !== 'upto' && l.end > l.start + 1);
    for (; n > 0 && able.length > 0; n--) {
        const l = r.pick(able);
        const slot = world.slot(r, l.start + 1, l.end);
        const { price, payTo } = world.version(l, slot);
        world.payments.push({ slot, payer: somebody(world, r), payTo, asset: l.asset, amount: price, scheme: 'list', l, label: 'honest' });
    }
}

/** Real transfers dressed up as settlements by a contract that settles nothing. */
export function forgeries(world, r, n, called) {
    for (; n > 0; n--) {
        const l = r.pick(called);
        const slot = world.slot(r, l.start + 1, l.end);
        const { price, payTo } = world.version(l, slot);
        world.forged.push({ slot, asset: l.asset, payTo, amount: price });
    }
}

/** What each op of a channel or of the escrow moves, in order: [from, to, amount, why, authorised]. */
export function movesOf(world, e) {
    const { channel, channelCollector: cc, tokenStore: store, escrowCollector: ec, operator, feeReceiver } = world;
    switch (e.kind === 'channel' ? e.op : `escrow ${e.op}`) {
    case 'deposit': return [[e.payer, cc, e.amount, 'deposit', true], [cc, channel, e.amount, 'deposit']];
    case 'settle': return [[channel, e.receiver, e.amount, 'settled']];
    case 'refund': return [[channel, e.payer, e.amount, 'taken back']];
    case 'claim': return [];
    case 'escrow void': return [[store, e.payer, e.amount, 'voided']];
    case 'escrow refund': return [[operator, store, e.amount, 'handed back'], [store, e.payer, e.amount, 'handed back']];
    }
    const into = [[e.payer, ec, e.amount, 'authorized', true], [ec, store, e.amount, 'authorized']];
    if (e.op === 'authorize') return into;
    const out = [[store, feeReceiver, e.fee, 'fee'], [store, e.receiver, e.amount - e.fee, 'captured']].filter((m) => m[2] > 0n);
    return e.op === 'charge' ? [...into, ...out] : out;
}
