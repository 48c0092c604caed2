// `souk known`: the user's own list of addresses, from the command line.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { newHome, run } from './world.mjs';

const A = '0x52908400098527886E0F7030069857D2E4169EE7';
const B = '0x8617E340B3D01FA5F11F306F4090FD50E238070D';

test('an address is written down, changed, listed and forgotten', async () => {
    const home = newHome();
    const souk = (...args) => run(home, 'known', '--network', 'opengradient', ...args);
    const listed = async () => JSON.parse((await souk('--json')).out).addresses.map((x) => [x.address, x.is, x.words]);
    assert.deepEqual(await listed(), []);
    assert.equal((await souk(A.toLowerCase(), 'hub', 'my', 'exchange')).code, 0);
    assert.equal((await souk(B, 'author', 'mira')).code, 0);
    fs.appendFileSync(`${home}/config/known`, '# a remark of mine\n');
    assert.equal((await souk(A, 'trusted')).code, 0);
    assert.deepEqual(await listed(), [[A, 'trusted', ''], [B, 'author', 'mira']]);
    assert.match(fs.readFileSync(`${home}/config/known`, 'utf8'), /# a remark of mine/);
    assert.equal((await souk(A, 'forget')).code, 0);
    assert.deepEqual(await listed(), [[B, 'author', 'mira']]);
    for (const [code, words, ...args] of [[7, /says nothing of/, A, 'forget'], [2, /not an address/, '0x12', 'hub'],
        [2, /what is it\?/, A], [2, /what is it\?/, A, 'friend'], [8, /name is missing/, A, 'author'], [2, /nothing follows/, B, 'forget', 'it'],
        [8, /one line/, A, 'hub', 'two\nlines']]) {
        const r = await souk(...args);
        assert.equal(r.code, code, r.err);
        assert.match(r.err, words);
        assert.equal(r.err.trim().split('\n').length, 1, r.err);
    }
    assert.deepEqual(await listed(), [[B, 'author', 'mira']]);
});
