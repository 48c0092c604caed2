// A real PostgreSQL of Debian's for one test file, holding a chain's raw logs as an indexer would:
// in tables of its own, with souk's three views over them.

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../../assets/devnet/lib/chain.mjs';

const bin = fs.readdirSync('/usr/lib/postgresql').map((v) => `/usr/lib/postgresql/${v}/bin`).filter((d) => fs.existsSync(`${d}/initdb`)).at(-1);

/** PostgreSQL does not run as root; Debian's package brings a user of its own. */
const asUser = (command, args) => (process.getuid() === 0
    ? ['setpriv', ['--reuid', 'postgres', '--regid', 'postgres', '--clear-groups', command, ...args]] : [command, args]);

export async function startPostgres() {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'souk-pg-'));
    const port = await freePort();
    if (process.getuid() === 0) execFileSync('chown', ['postgres:postgres', dir]);
    const run = (command, args, more = {}) => execFileSync(...asUser(`${bin}/${command}`, args), { cwd: dir, stdio: ['pipe', 'pipe', 'pipe'], ...more });
    run('initdb', ['-D', `${dir}/data`, '-U', 'indexer', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N']);
    const server = spawn(...asUser(`${bin}/postgres`, ['-D', `${dir}/data`, '-p', String(port), '-k', dir,
        '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'logging_collector=off']), { cwd: dir, stdio: 'ignore' });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    const ready = () => { try { run('pg_isready', ['-h', dir, '-p', String(port), '-q']); return true; } catch { return false; } };
    for (let n = 0; !ready(); n++) {
        if (n > 200 || server.exitCode !== null) throw new Error('PostgreSQL does not start');
        await new Promise((r) => setTimeout(r, 100));
    }
    /** Runs SQL; `input` is what COPY … FROM STDIN reads. */
    const sql = (text, input) => run('psql', ['-h', dir, '-p', String(port), '-U', 'indexer', '-d', 'postgres', '-qAtX',
        '-v', 'ON_ERROR_STOP=1', '-c', text], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
    const stop = async () => {
        server.kill('SIGINT');
        await ended;
        fs.rmSync(dir, { recursive: true, force: true });
    };
    return { sql, stop, port, socket: dir, url: `postgresql://reader@127.0.0.1:${port}/postgres` };
}

const TABLES = `
CREATE SCHEMA raw;
CREATE TABLE raw.block(height bigint PRIMARY KEY, id text NOT NULL, parent text NOT NULL, at timestamptz NOT NULL);
CREATE TABLE raw.log(height bigint NOT NULL, position int NOT NULL, contract text NOT NULL, topics text NOT NULL, data text NOT NULL,
    tx text NOT NULL, sender text NOT NULL, PRIMARY KEY(height, position));
CREATE INDEX ON raw.log(contract, height);
CREATE ROLE reader LOGIN;`;

/** What somebody with an indexer of his own would write once. */
export const VIEWS = (chainId) => `
CREATE VIEW souk_chain AS SELECT ${chainId}::bigint AS chain_id;
CREATE VIEW souk_blocks AS SELECT height AS number, decode(id, 'hex') AS hash, decode(parent, 'hex') AS parent_hash,
    extract(epoch FROM at)::bigint AS time FROM raw.block;
CREATE VIEW souk_logs AS SELECT l.height AS block_number, l.position AS log_index, decode(l.contract, 'hex') AS address,
    decode(split_part(l.topics, ',', 1), 'hex') AS topic0,
    decode(nullif(split_part(l.topics, ',', 2), ''), 'hex') AS topic1, decode(nullif(split_part(l.topics, ',', 3), ''), 'hex') AS topic2,
    decode(nullif(split_part(l.topics, ',', 4), ''), 'hex') AS topic3, decode(l.data, 'hex') AS data, decode(l.tx, 'hex') AS tx_hash,
    decode(b.id, 'hex') AS block_hash, extract(epoch FROM b.at)::bigint AS block_time, decode(l.sender, 'hex') AS tx_from FROM raw.log l JOIN raw.block b USING (height);
GRANT USAGE ON SCHEMA raw TO reader;
GRANT SELECT ON souk_chain, souk_blocks, souk_logs TO reader;`;

const bare = (hex) => hex.slice(2).toLowerCase();

/** Copies a chain: all blocks, all logs. */
export async function fill(db, rpc, chainId) {
    db.sql(TABLES);
    const head = Number(await rpc.call('eth_blockNumber'));
    const blocks = [];
    for (let from = 0; from <= head; from += 500) {
        const numbers = Array.from({ length: Math.min(500, head - from + 1) }, (_, i) => from + i);
        blocks.push(...await rpc.batch(numbers.map((n) => ['eth_getBlockByNumber', `0x${n.toString(16)}`, true])));
    }
    db.sql('COPY raw.block FROM STDIN', blocks.map((b) => [Number(b.number), bare(b.hash), bare(b.parentHash),
        new Date(Number(b.timestamp) * 1000).toISOString()].join('\t')).join('\n') + '\n');
    const sender = new Map(blocks.flatMap((b) => b.transactions).map((t) => [t.hash, bare(t.from)]));
    let rows = 0;
    for (let from = 0; from <= head; from += 200) {
        const logs = await rpc.call('eth_getLogs', { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${Math.min(head, from + 199).toString(16)}` });
        if (!logs.length) continue;
        rows += logs.length;
        db.sql('COPY raw.log FROM STDIN', logs.map((l) => [Number(l.blockNumber), Number(l.logIndex), bare(l.address),
            l.topics.map(bare).join(','), bare(l.data), bare(l.transactionHash), sender.get(l.transactionHash)].join('\t')).join('\n') + '\n');
    }
    db.sql(VIEWS(chainId));
    return rows;
}
