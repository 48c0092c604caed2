// Protobuf's wire format: just what ModelProto needs.

function varint(n) {
    const out = [];
    let v = BigInt(n);
    if (v < 0n) v += 1n << 64n;
    do {
        const b = Number(v & 0x7fn);
        v >>= 7n;
        out.push(v > 0n ? b | 0x80 : b);
    } while (v > 0n);
    return Buffer.from(out);
}
export const tag = (field, type) => varint((field << 3) | type);
export const int = (field, n) => Buffer.concat([tag(field, 0), varint(n)]);
export const bytes = (field, b) => Buffer.concat([tag(field, 2), varint(b.length), b]);
export const str = (field, s) => bytes(field, Buffer.from(s, 'utf8'));
export const msg = (field, ...parts) => bytes(field, Buffer.concat(parts.flat(Infinity)));
