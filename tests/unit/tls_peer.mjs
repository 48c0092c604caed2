// TLS servers for test_net_http_tls.c, each with a certificate of another kind. Prints one line for
// each, "NAME PORT CERTIFICATE-TO-EXPECT", then "ready"; ends with its stdin. An answer's body is
// "CONNECTIONS REQUESTS", as counted by that server.

import https from 'node:https';
import { makeCertificate, makeKey } from '../../assets/devnet/lib/cert.mjs';

const key = makeKey();
const own = makeCertificate({ name: 'own', key, ca: true });
const issuer = { name: 'own', key };
const issued = makeCertificate({ name: 'issued', key: makeKey(), issuer });
const expired = makeCertificate({ name: 'expired', key: makeKey(), days: -1 });
const rsa = makeCertificate({ name: 'rsa', key: makeKey('rsa') });

const kinds = [
    ['own', own, own],
    ['rsa', rsa, rsa],
    ['leaf', issued, issued],                                                    // of an issuer nobody trusts
    ['other', makeCertificate({ name: 'own', key: makeKey(), ca: true }), own],  // same name, other key
    ['renewed', makeCertificate({ name: 'own', key, ca: true }), own],           // same key, other certificate
    ['reissued', makeCertificate({ name: 'another', key, issuer }), own],        // same key, signed by the one expected
    ['issued', { ...issued, cert: issued.cert + own.cert }, own],                // signed by the one expected
    ['expired', expired, expired],
];

for (const [name, shown, expected] of kinds) {
    let [connections, requests] = [0, 0];
    const server = https.createServer({ key: shown.key, cert: shown.cert }, (request, response) => {
        requests++;
        request.resume();
        response.end(`${connections} ${requests}`);
    });
    server.on('connection', () => connections++);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    console.log(name, server.address().port, expected.der.toString('hex'));
}
console.log('ready');
process.stdin.on('end', () => process.exit(0)).resume();
