// What a world can be asked to be. Kept apart from the generator so that asking costs nothing.

/** Blob IDs are looked up in ../blobs.txt: this many files have one. */
export const MAX_MODELS = 2000;

/** History is counted in slots of one hour, one block each. */
export const SLOT = 3600;
export const PER_DAY = 24;

export const DEFAULTS = { seed: 1, models: 2000, payments: 30000, inferences: 60000, authors: 300, days: 120,
    seller: 'http://127.0.0.1:18404' };

/** Says what is wrong with the parameters, or nothing. */
export function refuse(p) {
    for (const [key, lo, hi] of [['seed', 0, 2 ** 31], ['models', 60, MAX_MODELS], ['payments', 300, 10 ** 6],
        ['inferences', 300, 10 ** 6], ['authors', 12, 5000], ['days', 12, 1000], ['end', 1500000000, 4000000000]])
        if (!Number.isInteger(p[key]) || p[key] < lo || p[key] > hi)
            return `--${key} must be a whole number from ${lo} to ${hi}` +
                (key === 'models' ? ': blob IDs are computed beforehand for that many files' : '');
    return null;
}
