// Serves a built world on loopback, in one process:
//   node serve.mjs --dir DIR --payment-rpc URL --inference-rpc URL --hub-port P --walrus-port P
//                  --seller-port P --facilitator-port P --gateway-port P [--traffic SECONDS]
//                  [--session-idle SECONDS]
// Says {"ready":true,…} in one line on stdout, and ends when its parent or its stdin goes away.

import fs from 'node:fs';
import { options, whenOrphaned } from './lib/guard.mjs';

const fail = (message, code = 1) => {
    process.stderr.write(`devnet serve: ${message}\n`);
    process.exit(code);
};

async function main() {
    let o;
    try {
        o = options(process.argv.slice(2), { dir: undefined, payment_rpc: undefined, inference_rpc: undefined, hub_port: undefined,
            walrus_port: undefined, seller_port: undefined, facilitator_port: undefined, gateway_port: undefined, traffic: 0, session_idle: 60 });
    } catch (e) {
        fail(e.message, 2);
    }
    whenOrphaned(() => process.exit(0));
    const load = (name) => {
        try {
            return JSON.parse(fs.readFileSync(`${o.dir}/${name}.json`, 'utf8'));
        } catch (e) {
            throw new Error(`no usable world in the cache (${name}.json: ${e.code ?? 'not JSON'}): build it again`);
        }
    };
    const [world, contracts, abi] = [load('world'), load('contracts'), load('abi')];
    const port = (name) => {
        const n = Number(o[`${name}_port`]);
        if (!Number.isInteger(n) || n < 1 || n > 65535) fail(`--${name}-port must be a port number`, 2);
        return n;
    };
    const url = (name) => `http://127.0.0.1:${port(name)}`;

    const { listen } = await import('./lib/web.mjs');
    const { hubServer } = await import('./lib/hub.mjs');
    const { walrusServer } = await import('./lib/walrus.mjs');
    await listen(hubServer(world), port('hub'), 'Hub');
    await listen(walrusServer(world), port('walrus'), 'Walrus');

    const { Listings, privateKeyOf, walletOn } = await import('./lib/market.mjs');
    const { facilitatorApp } = await import('./lib/facilitator.mjs');
    const { sellerApp } = await import('./lib/seller.mjs');
    const { gatewayServer } = await import('./lib/gateway.mjs');
    const { makeEnclave } = await import('./lib/tee.mjs');
    const { modelFile } = await import('./lib/onnx.mjs');
    const { account, ROLES } = await import('./lib/replay.mjs');
    const network = `eip155:${contracts.payment_chain.chain_id}`;
    const listings = new Listings({ world, contracts, abi, rpcUrl: o.payment_rpc });
    await listings.refresh();
    const payer = (role) => privateKeyOf(account(role));
    const facilitatorWallet = walletOn(o.payment_rpc, contracts.payment_chain.chain_id, payer(ROLES.facilitator));
    await listen(facilitatorApp({ wallet: facilitatorWallet, network, listings, seller: url('seller') }), port('facilitator'), 'facilitator');
    await listen(await sellerApp({ facilitatorUrl: url('facilitator'), network, listings, content: modelFile }), port('seller'), 'seller');

    const enclave = makeEnclave();
    const deployer = walletOn(o.inference_rpc, contracts.inference_chain.chain_id, payer(ROLES.deployer));
    const { server: gateway, certificate } = gatewayServer({ enclave, facilitatorUrl: url('facilitator'), facilitatorAddress: facilitatorWallet.account.address, network,
        opg: contracts.tokens.find((t) => t.symbol === 'OPG'), payTo: world.gateway_pay_to,
        idleMs: o.session_idle * 1000 });
    await listen(gateway, port('gateway'), 'gateway');
    const gatewayUrl = url('gateway').replace('http:', 'https:');
    const register = () => deployer.writeContract({ address: contracts.contracts.tee_registry, abi: abi.TeeRegistry.abi, functionName: 'register',
        args: [world.gateway_pay_to, gatewayUrl, `0x${enclave.der.toString('hex')}`, `0x${certificate.toString('hex')}`, `0x${'11'.repeat(32)}`, 0] });
    await register();
    // A TEE counts as active for half an hour after its last heartbeat.
    setInterval(() => register().catch(() => {}), 15 * 60 * 1000).unref();

    if (o.traffic > 0) {
        const { startTraffic } = await import('./lib/traffic.mjs');
        const { privateKeyToAccount } = await import('viem/accounts');
        startTraffic({ seconds: o.traffic, listings, seller: url('seller'), world, abi, deployer, inference: contracts.contracts.inference,
            customers: ROLES.traffic.map((r) => privateKeyToAccount(payer(r))), log: (s) => process.stderr.write(`${s}\n`) });
    }
    process.stdout.write(`${JSON.stringify({ ready: true, hub: url('hub'), walrus: url('walrus'), seller: url('seller'),
        facilitator: url('facilitator'), bazaar: `${url('facilitator')}/discovery/resources`, gateway: gatewayUrl })}\n`);
}

process.on('unhandledRejection', (e) => fail(e?.message ?? String(e)));
main().catch((e) => fail(process.env.DEVNET_DEBUG ? e.stack : (e.shortMessage ?? e.message)));
