// The generator's only source of chance: xoshiro128** seeded from a text label, 32-bit integers
// throughout, so that one seed gives the same world on every machine.

export class Prng {
    constructor(seed, label = '') {
        // FNV-1a over the label, then splitmix32 fills the state.
        let h = 0x811c9dc5;
        for (const ch of `${seed}/${label}`)
            h = Math.imul(h ^ ch.codePointAt(0), 0x01000193) >>> 0;
        this.s = new Uint32Array(4);
        for (let i = 0; i < 4; i++) {
            h = (h + 0x9e3779b9) >>> 0;
            let z = h;
            z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
            z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
            this.s[i] = (z ^ (z >>> 16)) >>> 0;
        }
        if (!this.s.some((v) => v !== 0)) this.s[0] = 1;
    }

    u32() {
        const s = this.s;
        const rotl = (x, k) => ((x << k) | (x >>> (32 - k))) >>> 0;
        const result = Math.imul(rotl(Math.imul(s[1], 5) >>> 0, 7), 9) >>> 0;
        const t = (s[1] << 9) >>> 0;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotl(s[3], 11);
        return result;
    }

    /** Uniform in [0, n), without modulo bias. */
    below(n) {
        if (!(n > 0)) throw new Error('Prng.below needs a positive bound');
        const limit = Math.floor(0x100000000 / n) * n;
        let x;
        do x = this.u32();
        while (x >= limit);
        return x % n;
    }

    /** Uniform in [lo, hi], both included. */
    between(lo, hi) {
        return lo + this.below(hi - lo + 1);
    }

    /** True in `n` of `of` cases. */
    chance(n, of = 100) {
        return this.below(of) < n;
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    shuffle(list) {
        for (let i = list.length - 1; i > 0; i--) {
            const j = this.below(i + 1);
            [list[i], list[j]] = [list[j], list[i]];
        }
        return list;
    }

    hex(bytes) {
        let out = '';
        while (out.length < bytes * 2) out += this.u32().toString(16).padStart(8, '0');
        return out.slice(0, bytes * 2);
    }
}

/** Draws an index in proportion to integer weights (sum below 2^32). */
export class Weighted {
    constructor(weights) {
        let sum = 0;
        this.cumulative = weights.map((w) => (sum += w));
        if (!(sum > 0 && sum < 0x100000000)) throw new Error('weights out of range');
        this.sum = sum;
    }

    draw(prng) {
        const x = prng.below(this.sum);
        let lo = 0;
        let hi = this.cumulative.length - 1;
        while (lo < hi) {
            const mid = (lo + hi) >> 1;
            if (this.cumulative[mid] > x) hi = mid;
            else lo = mid + 1;
        }
        return lo;
    }
}
