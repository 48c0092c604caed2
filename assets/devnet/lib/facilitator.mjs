// The facilitator, with Bazaar discovery: the x402 reference packages around the devnet's chain.

import express from 'express';
import { x402Facilitator } from '@x402/core/facilitator';
import { toFacilitatorEvmSigner } from '@x402/evm';
import { registerExactEvmScheme } from '@x402/evm/exact/facilitator';
import { UptoEvmScheme } from '@x402/evm/upto/facilitator';
import { EIP2612_GAS_SPONSORING, ERC20_APPROVAL_GAS_SPONSORING } from '@x402/extensions';
import { exampleInput, TIMEOUT } from './market.mjs';
import { modelSpec } from './onnx.mjs';
import { Switches } from './switches.mjs';

function discoveryItems(listings, network, seller) {
    const items = [...listings.byPath.values()].map((l) => {
        const spec = modelSpec(l.index);
        const terms = listings.terms(l);
        return { resource: `${seller}${l.path}`, type: 'http', x402Version: 2,
            accepts: [{ scheme: terms.scheme, network, amount: terms.amount, asset: terms.asset, payTo: terms.payTo,
                maxTimeoutSeconds: TIMEOUT, extra: terms.extra }],
            // The specification says a number, implementations an ISO string: clients meet both.
            lastUpdated: l.index % 2 ? l.updated : new Date(l.updated * 1000).toISOString(),
            description: `${l.name} by ${l.author}`, mimeType: 'application/json',
            extensions: { bazaar: { info: { input: { type: 'http', method: 'POST', bodyType: 'json', body: exampleInput(spec) },
                output: { type: 'json', example: { output: { [spec.output.name]: [[0]] } } } } } } };
    });
    const stray = (n, item) => ({ resource: `http://127.0.0.1:9/stray/${n}`, type: 'http', x402Version: 2, mimeType: 'application/json',
        lastUpdated: 1700000000 + n, ...item });
    const accepts = [{ scheme: 'exact', network, amount: '1000', asset: [...listings.tokens.keys()][0],
        payTo: '0x000000000000000000000000000000000000dead', maxTimeoutSeconds: 60, extra: { name: 'USD Coin', version: '2' } }];
    return [...items, stray(1, { accepts, description: 'A weather service that is no model at all' }),
        stray(2, { accepts, description: 'Ghost \u001b[31mlisting\u001b]0;x\u0007 \u202egnitsil' }),
        stray(3, { x402Version: 1, accepts: [{ ...accepts[0], network: 'base-sepolia', amount: undefined, maxAmountRequired: '5000',
            resource: 'http://127.0.0.1:9/stray/3', description: 'An old entry', mimeType: '' }] })];
}

/**
 * Whose receipts do not come, by the switch "pending": the next n transactions are sent, and waiting
 * for them fails as it does when a chain is slow, until the switch is set back.
 */
function patience(wallet, switches) {
    const stuck = new Set();
    const waitForTransactionReceipt = async (args) => {
        if (switches.now.pending > 0 && !stuck.has(args.hash)) {
            switches.now.pending--;
            stuck.add(args.hash);
        }
        if (stuck.has(args.hash)) throw new Error('timed out while waiting for the transaction');
        return wallet.waitForTransactionReceipt(args);
    };
    return { stuck, wallet: { ...wallet, address: wallet.account.address, waitForTransactionReceipt } };
}

export function facilitatorApp({ wallet, network, listings, seller }) {
    const switches = new Switches({ pending: 0 }, (name, value) => value === 0 && slow.stuck.clear());
    const slow = patience(wallet, switches);
    const signer = toFacilitatorEvmSigner(slow.wallet);
    const facilitator = new x402Facilitator();
    registerExactEvmScheme(facilitator, { signer, networks: network }); // version 1 too, by its old network names
    facilitator.register(network, new UptoEvmScheme(signer));
    facilitator.registerExtension(EIP2612_GAS_SPONSORING);
    facilitator.registerExtension(ERC20_APPROVAL_GAS_SPONSORING);

    const app = express();
    app.disable('x-powered-by');
    app.use(async (req, res, next) => (await switches.handle(req, res)) || next());
    app.use(express.json({ limit: '256kb' }));
    const answer = (act) => async (req, res) => {
        try {
            res.json(await act(req));
        } catch (e) {
            res.status(e.status ?? 500).json({ error: e.shortMessage ?? e.message });
        }
    };
    app.post('/verify', answer((req) => facilitator.verify(req.body.paymentPayload, req.body.paymentRequirements)));
    app.post('/settle', answer((req) => facilitator.settle(req.body.paymentPayload, req.body.paymentRequirements)));
    app.get('/supported', answer(() => facilitator.getSupported()));
    app.get('/health', answer(() => ({ status: 'ok' })));
    app.get('/discovery/resources', answer(async (req) => {
        await listings.refresh();
        const whole = (v, fallback) => (/^\d{1,7}$/.test(v ?? '') ? Number(v) : fallback);
        const limit = Math.max(1, Math.min(100, whole(req.query.limit, 20)));
        const offset = whole(req.query.offset, 0);
        const all = discoveryItems(listings, network, seller).filter((i) => (req.query.type ?? i.type) === i.type);
        return { x402Version: 2, items: all.slice(offset, offset + limit), pagination: { limit, offset, total: all.length } };
    }));
    return app;
}
