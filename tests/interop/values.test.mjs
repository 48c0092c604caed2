// Numbers as text, against JavaScript's: random bits written and read, no difference.
//
//   SOUK_DIFF_CASES=100000 ETHDIFF=build/san/tests/diff/ethdiff node --test tests/interop/values.test.mjs

import assert from 'node:assert/strict';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { Dice } from './eth_cases.mjs';

const program = path.resolve(process.env.ETHDIFF ?? new URL('../../build/san/tests/diff/ethdiff', import.meta.url).pathname);
const CASES = Number(process.env.SOUK_DIFF_CASES ?? 10000);
const SEED = Number(process.env.SOUK_DIFF_SEED ?? Date.now() % 1_000_000_007);

function answers(lines) {
    return new Promise((resolve, reject) => {
        const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
        let out = '';
        child.on('error', reject);
        child.stdin.on('error', () => { /* it ended early: its exit code tells */ });
        child.stdout.setEncoding('utf8').on('data', (s) => (out += s));
        child.on('close', (code) => (code === 0 ? resolve(out.split('\n').slice(0, -1)) : reject(new Error(`ethdiff: ${code}`))));
        child.stdin.end(lines.map((l) => `${l}\n`).join(''));
    });
}

const view = new DataView(new ArrayBuffer(8));
const double = (bits) => (view.setBigUint64(0, bits), view.getFloat64(0));
const doubleBits = (v) => (view.setFloat64(0, v), view.getBigUint64(0));
const float = (bits) => (view.setUint32(0, bits), view.getFloat32(0));
const floatBits = (v) => (view.setFloat32(0, v), view.getUint32(0));
const shown = (v) => (Object.is(v, -0) ? '-0' : String(v));
const hex = (text) => `0x${Buffer.from(text).toString('hex')}`;

/** The fewest digits that are this float32; null: two are equally near. Not for powers of two: see number.c. */
function shortest(v) {
    for (let digits = 1; digits < 10; digits++) {
        const near = Number(v.toPrecision(digits)), more = v.toPrecision(digits + 1);
        if (Math.fround(near) === v) return near !== v && /5(e|$)/.test(more) && Number(more) === v ? null : shown(near);
    }
    return shown(v);
}

/** Digits of any number, with a point and an exponent at times. */
function decimal(dice) {
    const digits = Array.from({ length: 1 + dice.below(dice.pick([3, 17, 25, 60])) }, () => dice.below(10)).join('');
    const cut = dice.below(digits.length + 1);
    const text = dice.below(2) ? digits : `${digits.slice(0, cut) || '0'}.${digits.slice(cut) || '0'}`;
    const exponent = dice.below(2) ? `e${dice.below(dice.pick([4, 40, 660])) - dice.pick([0, 20, 330])}` : '';
    return `${dice.pick(['', '-'])}${text}${exponent}`;
}

const kinds = {
    'float64 written'(dice) {
        const bits = dice.below(8) ? BigInt(dice.hex(8)) : BigInt(dice.below(2048)) << 52n; // powers of two, too
        return { ask: `elem.write float64 ${bits}`, want: shown(double(bits)) };
    },
    'float64 read'(dice) {
        const text = decimal(dice), v = Number(text);
        return { ask: `elem.read float64 ${hex(text)}`, want: Number.isFinite(v) ? String(doubleBits(v)) : 'range' };
    },
    'float32 written'(dice) {
        const bits = dice.next(), v = float(bits);
        const want = (bits & 0x7fffff) === 0 || !Number.isFinite(v) ? null : shortest(v);
        return want && { ask: `elem.write float32 ${bits}`, want };
    },
    'float32 read'(dice) {
        const text = decimal(dice), v = Number(text), f = Math.fround(v);
        if ((doubleBits(v) & 0x1fffffffn) === 0x10000000n) return null; // JavaScript rounds these twice
        return { ask: `elem.read float32 ${hex(text)}`, want: Number.isFinite(f) ? String(floatBits(f)) : 'range' };
    },
    'int64 read'(dice) {
        const v = BigInt.asIntN(64, BigInt(dice.hex(8))) >> BigInt(dice.below(64));
        const zeros = dice.below(4);
        const text = dice.pick([`${v}`, `${v}.${'0'.repeat(1 + zeros)}`, `${v}${'0'.repeat(zeros)}e-${zeros}`]);
        return { ask: `elem.read int64 ${hex(text)}`, want: String(BigInt.asUintN(64, v)) };
    },
    'int64 written'(dice) {
        const bits = BigInt(dice.hex(8));
        return { ask: `elem.write int64 ${bits}`, want: String(BigInt.asIntN(64, bits)) };
    },
};

let salt = 0;
for (const [name, make] of Object.entries(kinds)) {
    const dice = new Dice(SEED + 7919 * salt++);
    test(`${name}: ${CASES} cases, seed ${SEED}`, async () => {
        const cases = Array.from({ length: CASES }, () => make(dice)).filter(Boolean);
        assert.ok(cases.length > CASES / 2);
        const said = await answers(cases.map((c) => c.ask));
        assert.equal(said.length, cases.length, 'one answer each');
        for (const [i, { ask, want }] of cases.entries()) assert.equal(said[i], want, ask);
    });
}
