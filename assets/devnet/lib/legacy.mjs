// x402 version 1 on the seller's side: offers in the body, X-PAYMENT, X-PAYMENT-RESPONSE. The
// facilitator is the same; its version 1 scheme knows the chain by its old name.

const NETWORK = 'base-sepolia';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64');

export function legacyGuard({ facilitator, listings, timeout }) {
    return async (req, res, next) => {
        const { asset, amount, payTo, extra } = listings.terms(req.listing);
        const requirements = { scheme: 'exact', network: NETWORK, maxAmountRequired: amount, asset, payTo, maxTimeoutSeconds: timeout,
            resource: `${req.protocol}://${req.get('host')}${req.originalUrl}`, description: 'One inference', mimeType: 'application/json',
            outputSchema: null, extra };
        const refuse = (error) => res.status(402).json({ x402Version: 1, error, accepts: [requirements] });
        const header = req.get('x-payment');
        if (!header) return refuse('X-PAYMENT header is required');
        let payload;
        try {
            payload = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
        } catch {
            return refuse('Invalid or malformed payment header');
        }
        if (payload.x402Version !== 1 || payload.scheme !== 'exact' || payload.network !== NETWORK) return refuse('Unable to find matching payment requirements');
        const verdict = await facilitator.verify(payload, requirements);
        if (!verdict.isValid) return refuse(verdict.invalidReason);
        // The model runs first, and only an answer is charged: what is said waits for the settlement.
        const { json } = res;
        res.json = (value) => {
            res.json = json;
            if (res.statusCode >= 400) return res.json(value);
            facilitator.settle(payload, requirements).then((receipt) => {
                res.set('X-PAYMENT-RESPONSE', encode(receipt));
                return receipt.success ? res.json(value) : refuse(receipt.errorReason);
            }).catch((e) => refuse(e.message));
            return res;
        };
        return next();
    };
}
