// A payment chain with nothing but settlements, for the benches of indexing: every transaction is
// one EIP-3009 payment as a token shows it, AuthorizationUsed then Transfer. A real anvil; the
// token is a few instructions that emit what they are called with.
//   const chain = await denseChain({ payments: 100000, blocks: 2000 });
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { anvilBinary, startAnvil } from '../../assets/devnet/lib/chain.mjs';

export const TOKEN = '0x00000000000000000000000000000000c0ffee01';
export const CHAIN_ID = 84532;
export const AUTHORIZATION_USED = '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5';
export const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const SENDER = '0x00000000000000000000000000000000000face0';
const PAYERS = 5000, PAYEES = 400, FIRST_TIME = 1767225600;

// Called with payer, payee, value, nonce, 32 bytes each.
const code = '0x' + [
    '606035', '600035', `7f${AUTHORIZATION_USED.slice(2)}`, '6000', '6000', 'a3',
    '604035', '600052', '602035', '600035', `7f${TRANSFER.slice(2)}`, '6020', '6000', 'a3', '00',
].join('');

const hex = (n) => `0x${n.toString(16)}`;
const word = (h) => h.padStart(64, '0');
const hash = (text) => createHash('sha256').update(text).digest('hex');
const address = (kind, i) => hash(`${kind} ${i}`).slice(0, 40);

/** Starts the node and fills it; stop() ends it. */
export async function denseChain({ payments, blocks }) {
    const node = await startAnvil(anvilBinary(), ['--chain-id', String(CHAIN_ID), '--timestamp', String(FIRST_TIME),
        '--gas-limit', '1000000000', '--base-fee', '0', '--gas-price', '0', '--no-mining', '--accounts', '1', '--order', 'fifo']);
    const { rpc } = node, { url } = rpc;
    process.on('exit', node.kill);
    await rpc.batch([['anvil_setCode', TOKEN, code], ['anvil_impersonateAccount', SENDER], ['anvil_setBalance', SENDER, '0xffffffffffffffff']]);
    let nonce = 0;
    for (let block = 0; block < blocks; block++) {
        const calls = [], until = Math.round((block + 1) * payments / blocks);
        for (; nonce < until; nonce++) {
            const n = Number.parseInt(hash(`pick ${nonce}`).slice(0, 12), 16);
            const data = '0x' + word(address('payer', n % PAYERS)) + word(address('payee', Math.floor((n / PAYERS) % PAYEES) ** 2 % PAYEES))
                + word((1000 + n % 9000).toString(16)) + hash(`nonce ${nonce}`);
            calls.push(['eth_sendTransaction', { from: SENDER, to: TOKEN, data, nonce: hex(nonce), gas: '0xc350', gasPrice: '0x0' }]);
        }
        calls.push(['evm_setNextBlockTimestamp', hex(FIRST_TIME + 3600 * (block + 1))], ['evm_mine']);
        await rpc.batch(calls);
    }
    const head = Number(await rpc.call('eth_blockNumber'));
    return { url, port: Number(new URL(url).port), head, payments, logs: 2 * payments, stop: node.kill };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const chain = await denseChain({ payments: Number(process.argv[2] ?? 100000), blocks: Number(process.argv[3] ?? 2000) });
    console.log(JSON.stringify(chain));
    await new Promise((done) => process.stdin.on('end', done).resume());
    chain.stop();
    process.exit(0);
}
