// The seller: the x402 reference middleware in front of the models that the listings name.
//   POST /v1/…           as the listing says (scheme, asset, price)
//   POST /v1legacy/…     the same in x402 version 1, for listings in USDC
//   POST /multi/…        several offers, the dearest first, for listings in USDC
//   POST /idempotent/…   wants a payment-identifier, for listings in USDC
//   POST /free/…         for nothing
//   GET  /v1/…           an example of the input, for nothing
// where … is the listing's author and model.

import express from 'express';
import { ExactEvmScheme } from '@x402/evm/exact/server';
import { UptoEvmScheme } from '@x402/evm/upto/server';
import { HTTPFacilitatorClient } from '@x402/core/server';
import { paymentMiddleware, setSettlementOverrides, x402ResourceServer } from '@x402/express';
import { declarePaymentIdentifierExtension, PAYMENT_IDENTIFIER } from '@x402/extensions/payment-identifier';
import { idempotency } from './idempotency.mjs';
import { legacyGuard } from './legacy.mjs';
import { exampleInput, TIMEOUT, UPTO_CAP } from './market.mjs';
import { modelSpec } from './onnx.mjs';
import { Runner } from './runner.mjs';

const SPONSORING = { eip2612GasSponsoring: { info: { description: 'The facilitator pays for a permit', version: '1' },
    schema: { type: 'object' } } };

/** Every third listing takes a payment-identifier, so that a client meets both. */
export const takesId = (l) => l.index % 3 === 0;

/** What the client chose of several offers. */
function chosenScheme(request) {
    try {
        return JSON.parse(Buffer.from(request.get('payment-signature') ?? '', 'base64').toString('utf8')).accepted.scheme;
    } catch {
        return null;
    }
}

export async function sellerApp({ facilitatorUrl, network, listings, content }) {
    const facilitator = new HTTPFacilitatorClient({ url: facilitatorUrl });
    const server = new x402ResourceServer(facilitator).register(network, new ExactEvmScheme()).register(network, new UptoEvmScheme());
    await server.initialize();
    const runner = new Runner(content);
    const listingOf = (path) => listings.byPath.get(path.replace(/^\/[^/]*/, '/v1'));
    const of = (context) => listingOf(context.adapter.getPath());

    const option = (scheme, price) => ({ scheme, network, maxTimeoutSeconds: TIMEOUT, payTo: (c) => of(c).pay_to, price: (c) => price(of(c)) });
    const listed = (l) => {
        const { asset, amount, extra } = listings.terms(l);
        return { asset, amount, extra };
    };
    const inToken = (symbol, permit2, amount) => (l) => {
        const t = [...listings.tokens.values()].find((x) => x.symbol === symbol);
        return { asset: t.address, amount: amount(l).toString(),
            extra: { name: t.name, version: t.version, ...(permit2 ? { assetTransferMethod: 'permit2' } : {}) } };
    };
    const guard = (place, accepts, extensions) => paymentMiddleware({ [`POST /${place}/*`]:
        { accepts, description: 'One inference', mimeType: 'application/json', extensions } }, server, undefined, undefined, false);
    const both = (accepts, extensions = {}) => [guard('v1', accepts, extensions),
        guard('v1', accepts, { ...extensions, [PAYMENT_IDENTIFIER]: declarePaymentIdentifierExtension(false) })];
    const guards = { 'exact-eip3009': both(option('exact', listed)), 'exact-permit2': both(option('exact', listed), SPONSORING),
        upto: both(option('upto', listed), SPONSORING) };
    const multi = guard('multi', [option('upto', inToken('USDC', true, (l) => l.price * UPTO_CAP)),
        option('exact', inToken('OPG', true, (l) => l.price * 10n ** 13n)), option('exact', listed)], SPONSORING);
    const withId = guard('idempotent', option('exact', listed), { [PAYMENT_IDENTIFIER]: declarePaymentIdentifierExtension(true) });
    const legacy = legacyGuard({ facilitator, listings, timeout: TIMEOUT });

    /** Finds the listing a path stands for; `only` names its scheme when the place is not for all. */
    const find = (only) => async (req, res, next) => {
        try {
            await listings.refresh();
        } catch {
            return res.status(503).json({ error: 'the chain does not answer' });
        }
        req.listing = listingOf(req.path);
        if (!req.listing || (only && req.listing.scheme !== only)) return res.status(404).json({ error: 'no such listing' });
        return next();
    };
    const run = async (req, res) => {
        try {
            const result = await runner.run(req.listing.index, req.body);
            if (req.listing.scheme === 'upto' || (req.path.startsWith('/multi/') && chosenScheme(req) === 'upto'))
                setSettlementOverrides(res, { amount: req.listing.price.toString() });
            res.json({ author: req.listing.author, model: req.listing.name, ...result });
        } catch (e) {
            res.status(e.status ?? 500).json({ error: e.message });
        }
    };
    const body = express.json({ limit: '1mb' });
    const once = idempotency(false);

    const app = express();
    app.disable('x-powered-by');
    app.get('/health', (req, res) => res.json({ status: 'ok' }));
    app.get('/v1/{*path}', find(), (req, res) => res.json({ method: 'POST', input: exampleInput(modelSpec(req.listing.index)) }));
    app.post('/v1/{*path}', find(), (req, res, next) => (takesId(req.listing) ? once(req, res, next) : next()),
        (req, res, next) => guards[req.listing.scheme][takesId(req.listing) ? 1 : 0](req, res, next), body, run);
    app.post('/v1legacy/{*path}', find('exact-eip3009'), body, legacy, run);
    app.post('/multi/{*path}', find('exact-eip3009'), multi, body, run);
    app.post('/idempotent/{*path}', find('exact-eip3009'), idempotency(true), withId, body, run);
    app.post('/free/{*path}', find(), body, run);
    app.use((e, req, res, next) => (res.headersSent ? next(e) : res.status(e.status ?? 500).json({ error: e.message })));
    return app;
}
