// souk reading a chain's raw logs from a real PostgreSQL instead of from a node.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { configure, newHome, picture, run, startWorld, sync } from './world.mjs';
import { fill, startPostgres, VIEWS } from './postgres.mjs';

const SIZES = { models: 120, payments: 1200, inferences: 600, authors: 20, days: 30, end: 1795219200 };

describe('a database of raw logs', () => {
    let w, db, rows, good;
    const from = (payment) => configure(newHome(), w.status, `[network.devnet]\npayment_rpc = ${payment}\n`);
    const counted = async (home) => Number((await run(home, 'sync', '--quiet', '--full')).code);
    before(async () => {
        w = await startWorld({ seed: 31, ...SIZES });
        db = await startPostgres();
        rows = await fill(db, w.chains.payment.rpc, w.status.payment_chain.chain_id);
        const node = configure(newHome(), w.status);
        await sync(node);
        good = await picture(node);
    });
    after(async () => {
        await db?.stop();
        await w?.stop();
    });

    test('gives the same figures as the node', async () => {
        assert.ok(rows > SIZES.payments);
        const home = from(db.url);
        await sync(home);
        assert.deepEqual(await picture(home), good);
        await sync(home);
        assert.equal(await counted(home), 0);
        assert.deepEqual(await picture(home), good);
    });

    test('is read by its socket too, and beside the node', async () => {
        const socket = from(`postgresql://reader@/postgres?host=${encodeURIComponent(db.socket)}&port=${db.port}`);
        await sync(socket);
        assert.deepEqual(await picture(socket), good);
        const both = from(`${db.url} ${w.status.payment_chain.rpc}`);
        await sync(both);
        assert.deepEqual(await picture(both), good);
    });

    test('is only read: a role that may do nothing else suffices', () => {
        assert.equal(db.sql("SELECT has_table_privilege('reader', 'raw.log', 'SELECT')").trim(), 'f');
    });

    const refused = [
        ['views that are not there', 'DROP VIEW souk_logs', /relation "souk_logs" does not exist/],
        ['another chain', 'CREATE OR REPLACE VIEW souk_chain AS SELECT 1::bigint AS chain_id', /is on chain 1, not 84532/],
        ['rows that are no logs', "CREATE OR REPLACE VIEW souk_blocks AS SELECT height AS number, decode('00','hex') AS hash, decode(parent, 'hex') AS parent_hash, 5::bigint AS time FROM raw.block", /block cannot be read/],
        ['an empty chain', 'CREATE OR REPLACE VIEW souk_chain AS SELECT 1::bigint AS chain_id WHERE false', /views are empty/],
    ];
    for (const [name, spoil, words] of refused) {
        test(`${name}: one line, nothing lost`, async () => {
            const home = from(db.url);
            await sync(home);
            db.sql(spoil);
            const r = await run(home, 'sync', '--quiet', '--full');
            db.sql(`DROP VIEW IF EXISTS souk_chain, souk_blocks, souk_logs; ${VIEWS(w.status.payment_chain.chain_id)}`);
            assert.equal(r.code, 3, r.err);
            assert.match(r.err, words);
            assert.equal(r.err.trim().split('\n').length, 1, r.err);
            assert.deepEqual(await picture(home), good);
        });
    }

    test('a fork it took back is read again', async () => {
        const home = from(db.url);
        await sync(home);
        const last = db.sql('SELECT max(height) FROM raw.log').trim();
        db.sql(`CREATE TABLE raw.kept AS SELECT * FROM raw.log WHERE height >= ${last}; DELETE FROM raw.log WHERE height >= ${last};
            CREATE TABLE raw.kept_block AS SELECT * FROM raw.block WHERE height >= ${last}; DELETE FROM raw.block WHERE height >= ${last};
            INSERT INTO raw.block SELECT height, md5(id) || md5(parent), parent, at FROM raw.kept_block WHERE height = ${last}`);
        await sync(home);
        assert.notDeepEqual(await picture(home), good);
        db.sql(`DELETE FROM raw.block WHERE height >= ${last}; INSERT INTO raw.block SELECT * FROM raw.kept_block;
            INSERT INTO raw.log SELECT * FROM raw.kept; DROP TABLE raw.kept, raw.kept_block`);
        await sync(home);
        assert.deepEqual(await picture(home), good);
    });

    test('a password in the address is refused before anything is asked', async () => {
        const r = await run(from('postgresql://reader:secret@127.0.0.1/postgres'), 'sync', '--quiet');
        assert.equal(r.code, 8, r.err);
        assert.match(r.err, /\.pgpass/);
        assert.doesNotMatch(r.err, /secret/);
    });

    test('nobody at home: one line', async () => {
        const r = await run(from('postgresql://reader@127.0.0.1:1/postgres'), 'sync', '--quiet', '--only', 'payments');
        assert.equal(r.code, 3, r.err);
        assert.match(r.err, /database cannot be reached/);
        assert.equal(r.err.trim().split('\n').length, 1, r.err);
    });
});
