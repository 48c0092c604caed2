// Runs the hostile seller beside a devnet, for the tests; no devnet starts it by itself.
//   node hostile.mjs --dir DIR --facilitator URL [--port P]
// DIR is the world's directory. Says {"ready":true,"hostile":URL,"elsewhere":URL} and ends like serve.mjs.

import fs from 'node:fs';
import { options, whenOrphaned } from './lib/guard.mjs';
import { hostileServers } from './lib/hostile.mjs';
import { account, ROLES } from './lib/replay.mjs';
import { listen } from './lib/web.mjs';

const o = options(process.argv.slice(2), { dir: undefined, facilitator: undefined, port: 0 });
whenOrphaned(() => process.exit(0));
const contracts = JSON.parse(fs.readFileSync(`${o.dir}/contracts.json`, 'utf8'));
const { server, elsewhere } = hostileServers({ facilitatorUrl: o.facilitator, facilitatorAddress: account(ROLES.facilitator).address,
    network: `eip155:${contracts.payment_chain.chain_id}`, tokens: contracts.tokens, wallet: account(ROLES.wallet).address });
await listen(elsewhere, 0, 'second server');
await listen(server, o.port, 'hostile seller');
const url = (s) => `http://127.0.0.1:${s.address().port}`;
process.stdout.write(`${JSON.stringify({ ready: true, hostile: url(server), elsewhere: url(elsewhere) })}\n`);
