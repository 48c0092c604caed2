// Random questions about eth/ for tests/diff/ethdiff, with the answers viem and BigInt give.
//
// A case is {ask, want}: want is the line expected, or a function of the line that returns what is
// wrong with it, or nothing. Text of random shape is made from right text by small damage, because
// wholly random text only ever finds the first check.

import { createRequire } from 'node:module';

const need = createRequire(new URL('../../assets/devnet/package.json', import.meta.url));
export const viem = need('viem');
const { sign } = need('viem/accounts');
const { privateKeyToAddress } = need('viem/accounts');

const MAX = (1n << 256n) - 1n;
const U64 = (1n << 64n) - 1n;

/** sfc32, and the shapes of value that find mistakes: edges, powers of two, every length. */
export class Dice {
    constructor(seed) {
        [this.a, this.b, this.c, this.n] = [seed | 0, 0x9e3779b9, 0x243f6a88, 1];
        for (let i = 0; i < 20; i++) this.next();
    }
    next() {
        const t = (((this.a + this.b) | 0) + this.n) | 0;
        this.n = (this.n + 1) | 0;
        this.a = this.b ^ (this.b >>> 9);
        this.b = (this.c + (this.c << 3)) | 0;
        this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
        return t >>> 0;
    }
    below = (n) => this.next() % n;
    pick = (list) => list[this.below(list.length)];
    bytes = (n) => Uint8Array.from({ length: n }, () => this.next() & 255);
    hex = (n) => viem.toHex(this.bytes(n));
    bits(n) {
        if (n === 0) return 0n;
        const v = BigInt(this.hex(Math.ceil(n / 8))) & ((1n << BigInt(n)) - 1n);
        return v | (1n << BigInt(n - 1));
    }
    number(most = 256) {
        const n = this.below(most + 1);
        const v = this.below(4) ? this.bits(n) : (1n << BigInt(n)) + BigInt(this.below(3)) - 1n;
        return v < 0n || v >= 1n << BigInt(most) ? (1n << BigInt(most)) - 1n : v;
    }
    address = () => viem.getAddress(this.below(20) ? this.hex(20) : viem.pad(this.hex(1), { size: 20 }));
    word = () => (this.below(8) ? this.hex(32) : viem.pad(this.hex(1), { size: 32 }));
    text(most) {
        const n = this.below(most + 1);
        let s = '';
        while (Buffer.byteLength(s) < n) s += this.below(9) ? String.fromCharCode(32 + this.below(95)) : this.pick(['é', 'ß', '漢', '\n', '🜁']);
        return Buffer.byteLength(s) > most ? s.slice(0, -2) : s;
    }
    /** The same bytes with one thing wrong, or none. */
    damage(hex) {
        const b = [...viem.toBytes(hex)];
        const at = this.below(b.length + 1);
        switch (this.below(6)) {
        case 0: return hex;
        case 1: b.splice(at, 1); break;
        case 2: b.splice(at, 0, this.pick([0, 1, 0x80, 0x81, 0xb8, 0xc0, 0xc1, 0xf8, 255])); break;
        case 3: b.length = at; break;
        default: if (at < b.length) b[at] = this.below(2) ? this.next() & 255 : b[at] ^ (1 << this.below(8));
        }
        return viem.toHex(Uint8Array.from(b));
    }
}

const hexOf = (text) => viem.toHex(Buffer.from(text));
const fits = (v) => (v >= 0n && v <= MAX ? `${v}` : '-');
const grouped = (s) => s.replace(/^[0-9]+/, (whole) => whole.replace(/\B(?=(...)+$)/g, ','));

/* --- numbers */

function arithmetic(d) {
    const a = d.number(), b = d.number(), m = d.number(64) || 1n;
    const permille = b === 0n ? 0n : (a * 1000n) / b;
    return { ask: `num ${a} ${b} ${m}`,
        want: [fits(a + b), fits(a - b), fits(a * m), a / m, a % m, a < b ? 0 : a > b ? 2 : 1, permille > U64 ? U64 : permille].join(' ') };
}

function damagedText(d, s) {
    const at = d.below(s.length + 1);
    const odd = d.pick(['-', '+', '.', ',', ' ', 'e', 'x', '_', '٣', '½', '0', '00', '9', 'O']);
    return d.below(3) ? s : d.below(2) ? s.slice(0, at) + odd + s.slice(at) : s.slice(0, at) + s.slice(at + 1);
}

function integerText(d) {
    const s = damagedText(d, d.below(4) ? `${d.number()}` : `${MAX + BigInt(d.below(30)) - 15n}`);
    return { ask: `dec ${hexOf(s)}`, want: /^[0-9]+$/.test(s) ? fits(BigInt(s)) : '-' };
}

function amountText(d) {
    const decimals = d.pick([0, 2, 6, 8, 18, 18, d.below(78)]);
    const s = damagedText(d, viem.formatUnits(d.number(), decimals));
    const [, , frac = ''] = /^([0-9]+)(?:\.([0-9]+))?$/.exec(s) ?? [null];
    const good = /^[0-9]+(\.[0-9]+)?$/.test(s) && frac.length <= decimals;
    return { ask: `par ${hexOf(s)} ${decimals}`, want: good ? fits(viem.parseUnits(s, decimals)) : '-' };
}

function amountShown(d) {
    const raw = d.number(), decimals = d.pick([0, 6, 18, d.below(78)]);
    if (d.below(2)) return { ask: `fmt ${raw} ${decimals} -`, want: grouped(viem.formatUnits(raw, decimals)) };
    const most = d.below(20), frac = Math.min(most, decimals);
    const cut = raw / 10n ** BigInt(decimals - frac);
    const want = raw === 0n ? '0'
        : cut === 0n ? `<${frac ? `0.${'0'.repeat(frac - 1)}` : ''}1`
        : grouped(viem.formatUnits(cut, frac));
    return { ask: `fmt ${raw} ${decimals} ${most}`, want };
}

/* --- RLP */

const LENGTHS = [0, 1, 1, 1, 2, 20, 31, 32, 33, 54, 55, 56, 57, 255, 256, 257];

function tree(d, depth) {
    if (depth === 0 || d.below(3)) {
        const n = d.pick(LENGTHS);
        return n === 1 ? viem.toHex(Uint8Array.of(d.pick([0, 1, 127, 128, 255]))) : d.hex(n);
    }
    return Array.from({ length: d.below(5) }, () => tree(d, depth - 1));
}

const told = (t) => (Array.isArray(t) ? `[${t.map(told).join(',')}]` : t);
const depthOf = (t) => (Array.isArray(t) && t.length ? 1 + Math.max(...t.map(depthOf)) : 0);

function rlpWritten(d) {
    const t = tree(d, 5);
    return { ask: `rlp.enc ${told(t)}`, want: viem.toRlp(t) };
}

function rlpRead(d) {
    const hex = d.damage(viem.toRlp(tree(d, 5)));
    let want = '-';
    try {
        const t = viem.fromRlp(hex, 'hex');
        /* viem reads more than one encoding of a thing; only the one it writes is right. */
        if (viem.toRlp(t) === hex && depthOf(t) <= 16) want = told(t);
    } catch { /* no RLP */ }
    return { ask: `rlp.dec ${hex}`, want };
}

/* --- contracts */

const abi = viem.parseAbi([
    'function balanceOf(address)', 'function allowance(address,address)', 'function nonces(address)', 'function decimals()',
    'function DOMAIN_SEPARATOR()', 'function authorizationState(address,bytes32)', 'function nonceBitmap(address,uint256)',
    'function transfer(address,uint256)', 'function approve(address,uint256)',
    'function cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)', 'function invalidateUnorderedNonces(uint256,uint256)',
    'function getActiveTEEs(uint8)', 'struct Call { address target; bool allowFailure; bytes callData; }', 'function aggregate3(Call[])',
    'function list(string,string,string,uint256,address,address,string)', 'function delist(string)',
]);
const functions = abi.filter((f) => f.type === 'function');
const MEANINGS = { transfer: 'transfer', approve: 'approve', cancelAuthorization: 'cancel', invalidateUnorderedNonces: 'invalidate' };
const SHOWN = { transfer: 2, approve: 2, cancelAuthorization: 2, invalidateUnorderedNonces: 2 };

function argument(d, type) {
    switch (type) {
    case 'address': return d.address();
    case 'bytes32': return d.word();
    case 'uint8': return d.below(256);
    case 'uint256': return d.number();
    case 'string': return d.text(d.pick([0, 1, 31, 32, 33, 100, 512]));
    default: return Array.from({ length: d.below(6) }, () => ({ target: d.address(), allowFailure: !d.below(2), callData: d.hex(d.pick(LENGTHS)) }));
    }
}

const spoken = (v, type) => (type === 'string' ? hexOf(v) : Array.isArray(v) ? v.map((c) => `${c.target} ${c.allowFailure ? 'may' : 'must'} ${c.callData}`).join(' ') : `${v}`);

function callMade(d) {
    const f = d.pick(functions);
    const args = f.inputs.map((i) => argument(d, i.type));
    return { ask: ['call.' + f.name, ...args.map((v, i) => spoken(v, f.inputs[i].type))].filter(Boolean).join(' '),
        want: viem.encodeFunctionData({ abi: [f], args }) };
}

const LISTING_MAX = { list: [256, 512, 128, , , , 512], delist: [512] };

/** Texts read as bytes, for viem changes what is no UTF-8; none longer than the contract takes, and a name. */
function listingRead(f, data) {
    const types = f.inputs.map((i) => ({ type: i.type === 'string' ? 'bytes' : i.type }));
    const args = viem.decodeAbiParameters(types, `0x${data.slice(10)}`);
    const fits = LISTING_MAX[f.name].every((most, i) => viem.size(args[i]) <= most) && viem.size(args[f.name === 'list' ? 1 : 0]) > 0;
    const again = `${data.slice(0, 10)}${viem.encodeAbiParameters(types, args).slice(2)}`;
    return fits && again === data ? [f.name, ...args].join(' ') : 'other';
}

/** What ours takes for a meaning is what viem reads, and says again as the same bytes. */
function callRead(d) {
    const f = d.pick(functions.filter((g) => d.below(5) === 0 || MEANINGS[g.name] || LISTING_MAX[g.name]).concat(functions.slice(0, 1)));
    const made = viem.encodeFunctionData({ abi: [f], args: f.inputs.map((i) => argument(d, i.type)) });
    const data = d.damage(made);
    if (data === '0x') return { ask: 'meaning 0x', want: 'nothing' };
    let want = 'other';
    const listing = functions.find((g) => LISTING_MAX[g.name] && data.startsWith(viem.toFunctionSelector(g)));
    try {
        if (listing) return { ask: `meaning ${data}`, want: listingRead(listing, data) };
        const read = viem.decodeFunctionData({ abi, data });
        const again = viem.encodeFunctionData({ abi, ...read });
        if (again === data && MEANINGS[read.functionName])
            want = [MEANINGS[read.functionName], ...read.args.slice(0, SHOWN[read.functionName])].join(' ');
    } catch { /* no call of these */ }
    return { ask: `meaning ${data}`, want };
}

function listingId(d) {
    const [owner, name] = [d.address(), d.text(d.pick([0, 1, 31, 32, 33, 512]))];
    return { ask: `listing.id ${owner} ${hexOf(name)}`,
        want: viem.keccak256(viem.encodeAbiParameters([{ type: 'address' }, { type: 'string' }], [owner, name])) };
}

const tee = { type: 'tuple[]', components: ['address owner', 'address payment', 'string endpoint', 'bytes key', 'bytes certificate', 'bytes32 pcr',
    'uint8 kind', 'bool enabled', 'uint256 registered', 'uint256 heartbeat'].map((s) => viem.parseAbiParameter(s)) };
const result = { type: 'tuple[]', components: [viem.parseAbiParameter('bool ok'), viem.parseAbiParameter('bytes data')] };
const bit = (b) => (b ? 1 : 0);

const RESULTS = {
    uint256: { type: { type: 'uint256' }, make: (d) => d.number(), tell: (v) => `${v}` },
    bool: { type: { type: 'bool' }, make: (d) => !d.below(2), tell: (v) => `${bit(v)}` },
    uint8: { type: { type: 'uint8' }, make: (d) => d.below(256), tell: (v) => `${v}` },
    address: { type: { type: 'address' }, make: (d) => d.address(), tell: (v) => v },
    bytes32: { type: { type: 'bytes32' }, make: (d) => d.word(), tell: (v) => v },
    string: { type: { type: 'bytes' }, make: (d) => hexOf(d.text(100)), tell: (v) => v }, /* bytes, to compare them exactly */
    aggregate3: { type: result, make: (d) => Array.from({ length: d.below(8) }, () => ({ ok: !d.below(2), data: d.hex(d.pick(LENGTHS)) })),
        tell: (v) => v.map((r) => `${bit(r.ok)} ${r.data}`).join(' ') },
    tees: { type: tee,
        make: (d) => Array.from({ length: d.below(4) }, () => ({ owner: d.address(), payment: d.address(), endpoint: d.text(40),
            key: d.hex(d.pick(LENGTHS)), certificate: d.hex(d.pick(LENGTHS)), pcr: d.word(), kind: d.below(256), enabled: !d.below(2),
            registered: d.number(64), heartbeat: d.number(64) })),
        tell: (v) => [v.length, ...v.flatMap((t) => [t.owner, t.payment, hexOf(t.endpoint), t.key, t.certificate, t.pcr, t.kind, bit(t.enabled),
            t.registered, t.heartbeat])].join(' ') },
};

function resultRead(d) {
    const name = d.pick(Object.keys(RESULTS));
    const { type, make, tell } = RESULTS[name];
    const value = make(d);
    const right = viem.encodeAbiParameters([type], [value]);
    const data = d.damage(right);
    const ask = `res ${name} ${data}${name === 'aggregate3' ? ` ${value.length}` : ''}`;
    if (data === right) return { ask, want: tell(value) };
    return { ask, want(line) { /* of damaged data: refused, or what viem reads */
        if (line === '-') return undefined;
        try {
            const read = tell(viem.decodeAbiParameters([type], data)[0]);
            /* A string that is no UTF-8 any more is changed by viem in reading. */
            return read === line || (name === 'tees' && read.includes('efbfbd')) ? undefined : `viem reads ${read}`;
        } catch (e) {
            return `viem refuses: ${e.shortMessage ?? e.message}`;
        }
    } };
}

/* --- typed messages */

const PERMIT2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3';
const EXACT = '0x402085c248EeA27D92E8b30b2C58ed07f9E20001';
const UPTO = '0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002';

const fields = (...list) => list.map((s) => ({ type: s.split(' ')[0], name: s.split(' ')[1] }));
const own = fields('string name', 'string version', 'uint256 chainId', 'address verifyingContract');
const permitted = { TokenPermissions: fields('address token', 'uint256 amount') };
const witnessed = fields('TokenPermissions permitted', 'address spender', 'uint256 nonce', 'uint256 deadline', 'Witness witness');
const KINDS = [null,
    { primaryType: 'TransferWithAuthorization', types: { TransferWithAuthorization: fields('address from', 'address to', 'uint256 value',
        'uint256 validAfter', 'uint256 validBefore', 'bytes32 nonce') },
    message: (t) => ({ from: t.from, to: t.to, value: t.amount, validAfter: t.after, validBefore: t.before, nonce: t.nonce }) },
    { primaryType: 'CancelAuthorization', types: { CancelAuthorization: fields('address authorizer', 'bytes32 nonce') },
        message: (t) => ({ authorizer: t.from, nonce: t.nonce }) },
    { primaryType: 'PermitWitnessTransferFrom', permit2: true,
        types: { PermitWitnessTransferFrom: witnessed, ...permitted, Witness: fields('address to', 'uint256 validAfter') },
        message: (t) => ({ permitted: { token: t.token, amount: t.amount }, spender: EXACT, nonce: BigInt(t.nonce), deadline: t.before,
            witness: { to: t.to, validAfter: t.after } }) },
    { primaryType: 'PermitWitnessTransferFrom', permit2: true,
        types: { PermitWitnessTransferFrom: witnessed, ...permitted, Witness: fields('address to', 'address facilitator', 'uint256 validAfter') },
        message: (t) => ({ permitted: { token: t.token, amount: t.amount }, spender: UPTO, nonce: BigInt(t.nonce), deadline: t.before,
            witness: { to: t.to, facilitator: t.facilitator, validAfter: t.after } }) },
    { primaryType: 'Permit', types: { Permit: fields('address owner', 'address spender', 'uint256 value', 'uint256 nonce', 'uint256 deadline') },
        message: (t) => ({ owner: t.from, spender: PERMIT2, value: t.amount, nonce: BigInt(t.nonce), deadline: t.before }) },
];

function typedMessage(d) {
    const kind = 1 + d.below(5);
    const { primaryType, types, permit2, message } = KINDS[kind];
    const t = { chain: d.number(64), token: d.address(), name: d.text(63), version: d.text(15), from: d.address(), to: d.address(),
        amount: d.number(), after: d.number(64), before: d.number(64), nonce: d.word(), facilitator: d.address() };
    const domain = permit2 ? { name: 'Permit2', chainId: t.chain, verifyingContract: PERMIT2 }
        : { name: t.name, version: t.version, chainId: t.chain, verifyingContract: t.token };
    const all = { EIP712Domain: permit2 ? own.filter((f) => f.name !== 'version') : own, ...types };
    const data = { domain, types: all, primaryType, message: message(t) };
    return { ask: ['typed', kind, t.chain, t.token, hexOf(t.name), hexOf(t.version), t.from, t.to, t.amount, t.after, t.before, t.nonce, t.facilitator].join(' '),
        want: [viem.hashStruct({ data: domain, primaryType: 'EIP712Domain', types: all }),
            viem.hashStruct({ data: data.message, primaryType, types: all }), viem.hashTypedData(data)].join(' ') };
}

/* --- transactions */

const NUMBERS = { legacy: 0, eip2930: 1, eip1559: 2 };

function transaction(d) {
    const type = d.pick(['eip1559', 'eip1559', 'eip1559', 'eip2930', 'legacy']);
    const tx = { type, nonce: Number(d.number(50)), gas: d.number(40), value: d.number(), data: d.below(2) ? d.hex(d.pick(LENGTHS)) : '0x',
        to: d.below(8) ? d.address() : undefined };
    if (type !== 'legacy' || d.below(2)) tx.chainId = Number(d.number(31)) || 1;
    if (type === 'eip1559') {
        tx.maxFeePerGas = d.number(200);
        tx.maxPriorityFeePerGas = d.below(4) ? tx.maxFeePerGas / BigInt(1 + d.below(9)) : tx.maxFeePerGas;
    } else {
        tx.gasPrice = d.number(200);
    }
    if (type !== 'legacy' && d.below(2))
        tx.accessList = Array.from({ length: d.below(3) }, () => ({ address: d.address(), storageKeys: Array.from({ length: d.below(3) }, () => d.word()) }));
    return tx;
}

/** A transaction and its signature in the words of tx.enc. */
function txWords(tx, sig) {
    const fee = tx.maxFeePerGas ?? tx.gasPrice ?? 0n;
    const list = tx.accessList?.length ? viem.toRlp(tx.accessList.map((e) => [e.address, e.storageKeys])) : '-';
    const v = 27 + Number(sig.yParity ?? (sig.v >= 35n ? (sig.v - 35n) % 2n : sig.v - 27n));
    return [NUMBERS[tx.type], tx.chainId ?? 0, tx.nonce ?? 0, tx.type === 'eip1559' ? tx.maxPriorityFeePerGas ?? 0n : fee, fee, tx.gas ?? 0n,
        tx.to ? viem.getAddress(tx.to) : '-', tx.value ?? 0n, tx.data ?? '0x', list,
        viem.concat([viem.pad(sig.r, { size: 32 }), viem.pad(sig.s, { size: 32 }), viem.toHex(v)])].join(' ');
}

async function signedTx(d) {
    const privateKey = viem.toHex(d.bits(255), { size: 32 });
    const tx = transaction(d);
    const unsigned = viem.serializeTransaction(tx);
    const sig = await sign({ hash: viem.keccak256(unsigned), privateKey });
    return { tx, unsigned, sig, raw: viem.serializeTransaction(tx, sig), from: privateKeyToAddress(privateKey) };
}

async function txWritten(d) {
    const { tx, unsigned, sig, raw } = await signedTx(d);
    return { ask: `tx.enc ${txWords(tx, sig)}`, want: [raw, viem.keccak256(unsigned), viem.keccak256(raw)].join(' ') };
}

async function txRead(d) {
    const { tx, sig, raw, from } = await signedTx(d);
    const damaged = d.damage(raw);
    if (damaged === raw) return { ask: `tx.dec ${raw}`, want: `${txWords(tx, sig)} ${from}` };
    return { ask: `tx.dec ${damaged}`, async want(line) { /* refused, or what viem reads, and says again in the same bytes */
        if (line.startsWith('- ')) return undefined;
        const words = line.split(' ');
        if (Number(words[1]) > 2 ** 31 || Number(words[2]) >= 2 ** 53) return undefined; /* beyond viem's numbers */
        try {
            const read = viem.parseTransaction(damaged);
            const { r, s, v, yParity, ...rest } = read;
            if (viem.serializeTransaction(rest, { r, s, v, yParity }) !== damaged) return 'viem would write it otherwise';
            let by = '-';
            try {
                by = await viem.recoverTransactionAddress({ serializedTransaction: damaged });
            } catch { /* nobody's */ }
            const want = `${txWords(rest, { r, s, v, yParity })} ${by}`;
            return want === line ? undefined : `viem reads ${want}`;
        } catch (e) {
            return `viem refuses: ${e.shortMessage ?? e.message}`;
        }
    } };
}

export const kinds = {
    'u256 arithmetic': arithmetic, 'integers as text': integerText, 'amounts as text': amountText, 'amounts shown': amountShown,
    'RLP written': rlpWritten, 'RLP read': rlpRead, 'calls written': callMade, 'calls understood': callRead, 'listings named': listingId, 'results read': resultRead,
    'typed messages': typedMessage, 'transactions written': txWritten, 'transactions read': txRead,
};
