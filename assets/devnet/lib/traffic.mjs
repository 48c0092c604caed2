// Keeps the market alive: now and then a real customer pays a real seller through the facilitator,
// and a model is inferred on the other chain.

import { webcrypto } from 'node:crypto';
import { encodeFunctionData } from 'viem';
import { x402Client, x402HTTPClient } from '@x402/core/client';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { exampleInput } from './market.mjs';
import { modelSpec } from './onnx.mjs';

// Node 18 has no global crypto, and the reference client wants one.
globalThis.crypto ??= webcrypto;

/** Pays for one call with the reference client. Answers the receipt and the seller's answer. */
export async function payOnce({ account, url, body }) {
    const client = new x402Client().register('eip155:*', new ExactEvmScheme(account));
    client.setSpendControls?.(false);
    const web = new x402HTTPClient(client);
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const first = await fetch(url, init);
    if (first.status !== 402) throw new Error(`expected an offer, got ${first.status}`);
    const required = web.getPaymentRequiredResponse((name) => first.headers.get(name), await first.json().catch(() => ({})));
    const payload = await client.createPaymentPayload(required);
    const second = await fetch(url, { ...init, headers: { ...init.headers, ...web.encodePaymentSignatureHeader(payload) } });
    const answer = await second.json();
    if (!second.ok) throw new Error(`paid call failed: ${second.status} ${JSON.stringify(answer).slice(0, 200)}`);
    return { receipt: web.getPaymentSettleResponse((name) => second.headers.get(name)), answer };
}

export function startTraffic({ seconds, listings, seller, customers, deployer, inference, abi, world, log }) {
    let busy = false;
    let turn = 0;
    const beat = async () => {
        if (busy) return;
        busy = true;
        try {
            const open = [...listings.byPath.values()].filter((l) => l.recent && !l.impostor && l.scheme === 'exact-eip3009' && l.price < 100000n);
            const n = turn++;
            if (open.length) {
                const l = open[(n * n + 3 * n) % open.length];
                await payOnce({ account: customers[n % customers.length], url: `${seller}${l.path}`, body: exampleInput(modelSpec(l.index)) });
            }
            const m = world.models.filter((x) => x.store === 'stored')[(n * 7) % 50];
            const cid = Buffer.from(m.blob);
            const data = encodeFunctionData({ abi: abi.Inference.abi, functionName: 'replay',
                args: [`0x${Buffer.concat([Buffer.from([2, cid.length]), cid]).toString('hex')}`] });
            await deployer.sendTransaction({ to: inference, data });
        } catch (e) {
            log(`traffic: ${e.shortMessage ?? e.message}`);
        } finally {
            busy = false;
        }
    };
    setInterval(beat, seconds * 1000).unref();
}
