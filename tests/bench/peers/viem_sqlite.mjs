// An indexer as one would write it: viem's getLogs, better-sqlite3, one transaction a range.
//   node viem_sqlite.mjs URL HEAD FILE
import Database from 'better-sqlite3';
import { createPublicClient, http, parseAbi } from 'viem';

const [url, head, file] = process.argv.slice(2);
const TOKEN = '0x00000000000000000000000000000000c0ffee01', BLOCKS = 100, FLIGHT = 4;
const events = parseAbi([
    'event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)',
    'event Transfer(address indexed from, address indexed to, uint256 value)',
]);
const client = createPublicClient({ transport: http(url, { retryCount: 0 }) });
const db = new Database(file);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = NORMAL');
db.exec('CREATE TABLE pay(block INTEGER, log INTEGER, tx TEXT, payer TEXT, payee TEXT, amount TEXT, time INTEGER, PRIMARY KEY(block, log)) WITHOUT ROWID');
const insert = db.prepare('INSERT OR IGNORE INTO pay VALUES(?, ?, ?, ?, ?, ?, ?)');
let logs = 0;
const write = db.transaction((list) => {
    logs += list.length;
    for (let i = 1; i < list.length; i++) {
        const before = list[i - 1], l = list[i];
        if (l.eventName !== 'Transfer' || before.eventName !== 'AuthorizationUsed' || before.transactionHash !== l.transactionHash) continue;
        insert.run(Number(l.blockNumber), l.logIndex, l.transactionHash, l.args.from, l.args.to, l.args.value.toString(), Number(l.blockTimestamp));
    }
});
let next = 0;
await Promise.all(Array.from({ length: FLIGHT }, async () => {
    while (next <= Number(head)) {
        const from = next;
        next += BLOCKS;
        write(await client.getLogs({ address: TOKEN, events, fromBlock: BigInt(from), toBlock: BigInt(Math.min(Number(head), from + BLOCKS - 1)) }));
    }
}));
db.exec('CREATE INDEX pay_by_payee ON pay(payee); CREATE INDEX pay_by_payer ON pay(payer)');
console.log(JSON.stringify({ logs, payments: db.prepare('SELECT count(*) AS n FROM pay').get().n }));
db.close();
