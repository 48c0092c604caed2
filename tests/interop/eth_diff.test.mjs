// eth/ against viem and BigInt: random cases, no difference.
//
//   SOUK_DIFF_CASES=100000 SOUK_DIFF_SEED=7 ETHDIFF=build/san/tests/diff/ethdiff node --test tests/interop/eth_diff.test.mjs

import assert from 'node:assert/strict';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { Dice, kinds, viem } from './eth_cases.mjs';

const program = path.resolve(process.env.ETHDIFF ?? new URL('../../build/san/tests/diff/ethdiff', import.meta.url).pathname);
const CASES = Number(process.env.SOUK_DIFF_CASES ?? 2000);
const SEED = Number(process.env.SOUK_DIFF_SEED ?? Date.now() % 1_000_000_007);
const AT_ONCE = 5000;

function answers(lines) {
    return new Promise((resolve, reject) => {
        const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] });
        let out = '', err = '';
        child.on('error', reject);
        child.stdin.on('error', () => { /* it ended early: its exit code tells */ });
        child.stdout.setEncoding('utf8').on('data', (s) => (out += s));
        child.stderr.setEncoding('utf8').on('data', (s) => (err += s));
        child.on('close', (code) => (code === 0 ? resolve(out.split('\n').slice(0, -1)) : reject(new Error(`ethdiff: ${code} ${err}`))));
        child.stdin.end(lines.map((l) => `${l}\n`).join(''));
    });
}

test('the creation of ModelListings, and where it lands', async () => {
    const [data] = await answers(['call.deploy']);
    const [salt, code] = [data.slice(0, 66), `0x${data.slice(66)}`];
    assert.equal(salt, `0x${'0'.repeat(64)}`);
    const at = viem.getContractAddress({ opcode: 'CREATE2', from: '0x4e59b44847b379578588920cA78FbF26c0B4956C', salt, bytecode: code });
    const changed = `${data.slice(0, -1)}${data.endsWith('0') ? '1' : '0'}`;
    assert.deepEqual(await answers([`meaning ${data}`, `meaning ${changed}`, `meaning ${data}00`, `meaning ${data.slice(0, -2)}`]),
        [`deploy ${at}`, 'other', 'other', 'other']);
});

let salt = 0;
for (const [name, make] of Object.entries(kinds)) {
    const dice = new Dice(SEED + 7919 * salt++);
    test(`${name}: ${CASES} cases, seed ${SEED}`, async () => {
        for (let done = 0; done < CASES; done += AT_ONCE) {
            const cases = [];
            while (cases.length < Math.min(AT_ONCE, CASES - done)) cases.push(await make(dice));
            const said = await answers(cases.map((c) => c.ask));
            assert.equal(said.length, cases.length, 'one answer each');
            for (const [i, { ask, want }] of cases.entries()) {
                if (typeof want === 'string') assert.equal(said[i], want, ask);
                else assert.equal(await want(said[i]), undefined, `${ask}\nis read as ${said[i]}`);
            }
        }
    });
}
