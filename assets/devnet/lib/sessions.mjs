// OpenGradient's upto sessions: one signed permit serves many calls of one method and path, their
// costs add up, and one settlement takes the sum when the session is over.

import crypto from 'node:crypto';

const MARGIN_S = 120;

export class Sessions {
    constructor({ facilitator, requirements, idleMs, overcharge }) {
        Object.assign(this, { facilitator, requirements, idleMs, overcharge });
        this.open = new Map();
    }

    /** The open session this request may draw from: {session}, or {bare} or {offer}, why there is none. */
    async admit(request) {
        const place = `${request.method} ${request.url}`;
        const named = request.headers['x-upto-session'];
        const header = request.headers['payment-signature'];
        const id = header ? crypto.createHash('sha256').update(header).digest('hex') : named;
        const known = id ? this.open.get(id) : undefined;
        if (known && known.place === place && known.cost < known.cap && Date.now() / 1000 < known.deadline - MARGIN_S) return { session: known };
        if (!header) return named ? { bare: 'Session expired or exhausted' } : { offer: 'Payment required' };
        let payload;
        try {
            payload = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
        } catch {
            return { offer: 'Invalid payment header' };
        }
        const deadline = Number(payload?.payload?.permit2Authorization?.deadline ?? 0);
        if (!(deadline - Date.now() / 1000 > MARGIN_S)) return { bare: 'Payment authorization deadline missing or too soon' };
        const verdict = await this.facilitator.verify(payload, this.requirements());
        if (!verdict.isValid) return { offer: verdict.invalidReason };
        const session = { id, place, payload, deadline, cost: 0n, cap: BigInt(this.requirements().amount), timer: null };
        this.open.set(id, session);
        return { session };
    }

    /** Adds the cost of one answer; what is beyond the cap is lost to the gateway. */
    charge(session, cost) {
        session.cost = session.cost + cost > session.cap ? session.cap : session.cost + cost;
        clearTimeout(session.timer);
        const left = (session.deadline - MARGIN_S) * 1000 - Date.now();
        session.timer = setTimeout(() => this.settle(session), Math.max(0, Math.min(this.idleMs, left)));
        session.timer.unref();
    }

    /** Ends a session; answers the facilitator's receipt, or null when nothing was due. */
    async settle(session) {
        clearTimeout(session.timer);
        if (!this.open.delete(session.id) || session.cost === 0n) return null;
        const amount = this.overcharge() ? session.cap : session.cost;
        try {
            return await this.facilitator.settle(session.payload, { ...this.requirements(), amount: amount.toString() });
        } catch (e) {
            process.stderr.write(`gateway: a session was not settled: ${e.message}\n`);
            return null;
        }
    }

    settleAll() {
        return Promise.all([...this.open.values()].map((s) => this.settle(s)));
    }
}
