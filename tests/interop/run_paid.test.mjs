// A paid call and the same input run here: does the seller's answer agree with the model?
//   node --test tests/interop/run_paid.test.mjs

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { modelSpec } from '../../assets/devnet/lib/onnx.mjs';
import { freePort } from '../../assets/devnet/lib/chain.mjs';
import { configure, newHome, run, startWorld, sync } from './world.mjs';
import { call, lock, openWallet, someModel } from './money.mjs';
import * as onnx from './onnx_write.mjs';
import { assets, file } from './running.mjs';

process.env.SOUK_ASSETS = assets; // where the engine is found

let w, home, listing, id;

before(async () => {
    w = await startWorld({ seed: 57, models: 120, payments: 300, inferences: 300, authors: 30, days: 14, end: 1795219200,
        seller: `http://127.0.0.1:${await freePort()}` });
    home = configure(newHome(), w.status);
    await sync(home);
    await openWallet(home, w, { limits: { USDC: ['1', '100', '500'] } });
    listing = await someModel(w, 'exact-eip3009');
    const bought = await call(home, listing.model, listing.input, '--accept', 'unproven');
    assert.equal(bought.code, 0, bought.err);
    id = String(bought.doc.id);
});
after(async () => {
    if (home) await lock(home);
    await w?.stop();
});

test('without the file, how to get it is said', async () => {
    const r = await run(home, 'run', '--receipt', id, '--quiet');
    assert.equal(r.code, 7, r.err);
    assert.match(r.err, /souk get/);
});

test('with it, the same input gives the same answer', async () => {
    const got = await run(home, 'get', listing.model, '--quiet');
    assert.equal(got.code, 0, got.err);
    const r = await run(home, 'run', '--receipt', id);
    assert.equal(r.code, 0, r.err);
    assert.match(r.err, /the seller's answer: /);
    const doc = JSON.parse((await run(home, 'run', '--receipt', id, '--json', '--quiet')).out);
    assert.equal(doc.agreement.agrees, 'yes');
    assert.ok(doc.agreement.compared > 0);
    assert.equal(doc.model, listing.model);
    assert.match(doc.blob_id, /^[\w-]{43}$/);
});

test('who paid for a call of a model that is here is told how to compare', async () => {
    const r = await run(home, 'call', listing.model, '--input', JSON.stringify(listing.input), '--yes', '--accept', 'unproven');
    assert.equal(r.code, 0, r.err);
    const hint = /`souk (run --receipt \d+)`/.exec(r.err);
    assert.ok(hint, r.err);
    assert.match((await run(home, ...hint[1].split(' '))).err, /the seller's answer: /);
});

test('another answer is found out', async () => {
    const spec = modelSpec(listing.listing.model);
    const shape = (s) => s.map((d) => (typeof d === 'number' ? d : 1));
    const out = shape(spec.output.shape);
    const other = file(onnx.model([onnx.initializer('k', onnx.T.float, out, Array(out.reduce((a, b) => a * b, 1)).fill(123)),
        onnx.node('ReduceMean', [spec.input.name], ['m'], [onnx.attr.int('keepdims', 0)]), onnx.node('Add', ['k', 'm'], [spec.output.name]),
        onnx.input(spec.input.name, onnx.tensorType(onnx.T.float, spec.input.shape)), onnx.output(spec.output.name, onnx.tensorType(onnx.T.float, out))]));
    const r = await run(home, 'run', other, '--receipt', id);
    assert.equal(r.code, 4, r.err);
    assert.match(r.err, /the seller's answer is another: /);
    assert.match(r.out, new RegExp(spec.output.name)); // what came out here is shown all the same
});
