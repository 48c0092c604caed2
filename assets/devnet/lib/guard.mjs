// Nothing outlives its parent: a process of the devnet ends when whoever started it goes away, by
// whatever way, and takes its children along.

import fs from 'node:fs';

/** Calls `leave(why)` once: on a signal, when the parent is gone, or when a piped stdin closes. */
export function whenOrphaned(leave) {
    const parent = process.ppid;
    let left = false;
    const once = (why) => {
        if (left) return;
        left = true;
        leave(why);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => once(signal));
    setInterval(() => {
        if (process.ppid !== parent) once('parent gone');
    }, 500).unref();
    const stdin = fs.fstatSync(0, { throwIfNoEntry: false });
    if (stdin && (stdin.isFIFO() || stdin.isSocket())) {
        process.stdin.on('end', () => once('stdin closed'));
        process.stdin.on('error', () => once('stdin closed'));
        process.stdin.resume();
        process.stdin.unref?.();
    }
}

/** Parses `--name value` pairs; `spec` maps each name to its default (undefined: required). */
export function options(argv, spec) {
    const out = { ...spec };
    for (let i = 0; i < argv.length; i += 2) {
        const name = argv[i].replace(/^--/, '').replaceAll('-', '_');
        if (!argv[i].startsWith('--') || !(name in spec)) throw new Error(`unknown option ${argv[i]}`);
        if (argv[i + 1] === undefined) throw new Error(`${argv[i]} needs a value`);
        const value = argv[i + 1];
        out[name] = typeof spec[name] === 'number' ? Number(value) : value;
    }
    for (const [name, value] of Object.entries(out))
        if (value === undefined) throw new Error(`--${name.replaceAll('_', '-')} is required`);
    return out;
}
