// Small X.509 certificates, written by hand: node makes keys and signatures, but no certificates.

import crypto from 'node:crypto';

const tlv = (tag, ...parts) => {
    const body = Buffer.concat(parts);
    const n = body.length;
    const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts) => tlv(0x30, ...parts);
const oid = (hex) => tlv(0x06, Buffer.from(hex, 'hex'));
const bits = (bytes) => tlv(0x03, Buffer.from([0]), bytes);

const COMMON_NAME = '550403';
const ALT_NAME = '551d11';
const BASIC_CONSTRAINTS = '551d13';
const SIGNATURE = { rsa: [oid('2a864886f70d01010b'), tlv(0x05)], ec: [oid('2a8648ce3d040302')] }; // both with SHA-256

const named = (name) => sequence(tlv(0x31, sequence(oid(COMMON_NAME), tlv(0x0c, Buffer.from(name)))));

function time(ms) {
    const s = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
    return Number(s.slice(0, 4)) < 2050 ? tlv(0x17, Buffer.from(s.slice(2))) : tlv(0x18, Buffer.from(s));
}

const extension = (id, critical, value) => sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.from([255]))] : []), tlv(0x04, value));

/** A key to have certified: P-256, or RSA when asked for. */
export function makeKey(kind = 'ec') {
    return kind === 'rsa' ? crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
        : crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/**
 * A certificate for 127.0.0.1: {der, cert (PEM), key (PEM)}. Signed by `issuer`, {name, key}, or by itself;
 * valid from an hour ago for `days`, which may be negative.
 */
export function makeCertificate({ name, key, issuer = { name, key }, days = 30, ca = false }) {
    const algorithm = sequence(...SIGNATURE[issuer.key.privateKey.asymmetricKeyType]);
    const from = Date.now() - 3600000;
    const to = Date.now() + days * 86400000;
    const serial = Buffer.concat([Buffer.from([1]), crypto.randomBytes(15)]);
    const extensions = [extension(ALT_NAME, false, sequence(tlv(0x87, Buffer.from([127, 0, 0, 1]))))];
    if (ca) extensions.push(extension(BASIC_CONSTRAINTS, true, sequence(tlv(0x01, Buffer.from([255])))));
    const tbs = sequence(tlv(0xa0, tlv(0x02, Buffer.from([2]))), tlv(0x02, serial), algorithm, named(issuer.name),
        sequence(time(Math.min(from, to - 1000)), time(to)), named(name), key.publicKey.export({ type: 'spki', format: 'der' }),
        tlv(0xa3, sequence(...extensions)));
    const der = sequence(tbs, algorithm, bits(crypto.sign('sha256', tbs, issuer.key.privateKey)));
    const cert = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
    return { der, cert, key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}
