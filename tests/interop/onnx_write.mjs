// Writes ONNX models, good and bad, for tests: protobuf by hand, the fields of onnx.proto3.

import { bytes, int, msg, str, tag } from '../../assets/devnet/lib/protobuf.mjs';

export { int, msg, str };

/** Element types by their numbers. */
export const T = { float: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, string: 8, bool: 9,
    float16: 10, double: 11, uint32: 12, uint64: 13, bfloat16: 16 };

// --- attributes, nodes
export const attr = {
    int: (name, n) => msg(5, str(1, name), int(3, n), int(20, 2)),
    ints: (name, list) => msg(5, str(1, name), list.map((n) => int(8, n)), int(20, 7)),
    string: (name, s) => msg(5, str(1, name), str(4, s), int(20, 3)),
    strings: (name, list) => msg(5, str(1, name), list.map((s) => str(9, s)), int(20, 8)),
    floats: (name, list) => msg(5, str(1, name), list.map((x) => Buffer.concat([tag(7, 5), f32(x)])), int(20, 6)),
    tensor: (name, t) => msg(5, str(1, name), msg(5, t), int(20, 4)),
    graph: (name, g) => msg(5, str(1, name), msg(6, g), int(20, 5)),
};
const f32 = (x) => { const b = Buffer.alloc(4); b.writeFloatLE(x); return b; };
const i64 = (x) => { const b = Buffer.alloc(8); b.writeBigInt64LE(BigInt(x)); return b; };
export const raw = { [T.float]: f32, [T.int64]: i64, [T.bool]: (x) => Buffer.from([x ? 1 : 0]) };

export const node = (op, inputs, outputs, attrs = [], domain = '') => msg(1, inputs.map((s) => str(1, s)),
    outputs.map((s) => str(2, s)), str(4, op), attrs, domain ? str(7, domain) : []);

// --- tensors and types
/** The body of a TensorProto; values in raw_data. */
export const tensor = (name, type, dims, values) => [dims.map((d) => int(1, d)), int(2, type), str(8, name),
    bytes(9, Buffer.concat(values.map(raw[type])))];
/** One whose bytes lie in another file. */
export const external = (name, type, dims, location, entries = {}) => [dims.map((d) => int(1, d)), int(2, type), str(8, name),
    Object.entries({ location, ...entries }).map(([k, v]) => msg(13, str(1, k), str(2, String(v)))), int(14, 1)];
export const initializer = (...t) => msg(5, tensor(...t));

/** A dimension is a number, a name, or null. */
export const tensorType = (type, shape) => msg(1, int(1, type), shape === undefined ? [] : msg(2, shape.map((d) =>
    msg(1, d === null ? [] : typeof d === 'string' ? str(2, d) : int(1, d)))));
export const sequenceOf = (type) => msg(4, msg(1, type));
export const mapOf = (key, type) => msg(5, int(1, key), msg(2, type));
const port = (field) => (name, type) => msg(field, str(1, name), msg(2, type));
export const input = port(11);
export const output = port(12);

/** The body of a GraphProto. */
export const graph = (parts, name = 'g') => [str(2, name), parts];
export const model = (parts, { opset = 13, ml = 0, ir = 8 } = {}) => Buffer.concat([int(1, ir), str(2, 'souk-tests'),
    msg(7, graph(parts)), msg(8, str(1, ''), int(2, opset)), ml ? msg(8, str(1, 'ai.onnx.ml'), int(2, ml)) : Buffer.alloc(0)]
    .flat(Infinity));

const f = (shape) => tensorType(T.float, shape);

// --- good ones
/** y = x + x. */
export const doubling = (type = T.float, shape = ['batch', 3], opset = 14) => model([node('Add', ['x', 'x'], ['y']),
    input('x', tensorType(type, shape)), output('y', tensorType(type, shape))], { opset });
/** The same value out as in: for types that cannot be added. */
export const echo = (type, shape = [null]) => model([node('Identity', ['x'], ['y']),
    input('x', tensorType(type, shape)), output('y', tensorType(type, shape))]);
/** A classifier of trees: label and a list of maps, as scikit-learn exports them. */
export const classifier = () => model([
    node('LinearClassifier', ['x'], ['label', 'scores'], [attr.floats('coefficients', [1, 0, -1, 0, 1, 0]),
        attr.floats('intercepts', [0, 0]), attr.ints('classlabels_ints', [7, 9]), attr.string('post_transform', 'SOFTMAX')], 'ai.onnx.ml'),
    node('ZipMap', ['scores'], ['probabilities'], [attr.ints('classlabels_int64s', [7, 9])], 'ai.onnx.ml'),
    input('x', f(['n', 3])), output('label', tensorType(T.int64, ['n'])),
    output('probabilities', sequenceOf(mapOf(T.int64, f(undefined))))], { ml: 1 });
export const random = () => model([node('RandomUniformLike', ['x'], ['y']), input('x', f([4])), output('y', f([4]))]);
/** Weights in a file beside it. */
export const withWeights = (location, entries) => model([msg(5, external('w', T.float, [3], location, entries)),
    node('Add', ['x', 'w'], ['y']), input('x', f([3])), output('y', f([3]))]);

// --- bad ones
/** Loops until it is stopped. */
export function endless() {
    const body = [node('Identity', ['c'], ['c2']), node('Add', ['v', 'v'], ['v2']),
        input('i', tensorType(T.int64, [])), input('c', tensorType(T.bool, [])), input('v', f([1])),
        output('c2', tensorType(T.bool, [])), output('v2', f([1]))];
    return model([initializer('yes', T.bool, [], [1]), initializer('times', T.int64, [], [2n ** 62n]),
        node('Loop', ['times', 'yes', 'x'], ['y'], [attr.graph('body', graph(body, 'b'))]),
        input('x', f([1])), output('y', f([1]))]);
}
/** One tensor of so many floats. */
export const huge = (elements) => model([initializer('shape', T.int64, [1], [elements]),
    node('Expand', ['x', 'shape'], ['e']), node('ReduceSum', ['e'], ['y'], [attr.int('keepdims', 0)]),
    input('x', f([1])), output('y', f([]))]);
/** Grows by a factor of two with each of so many steps, and really writes it. */
export function growing(steps) {
    const nodes = [];
    for (let i = 0; i < steps; i++) nodes.push(node('Concat', [`v${i}`, `v${i}`], [`v${i + 1}`], [attr.int('axis', 0)]));
    return model([node('Identity', ['x'], ['v0']), nodes, node('ReduceSum', [`v${steps}`], ['y'], [attr.int('keepdims', 0)]),
        input('x', f([1024])), output('y', f([]))]);
}
/** A chain of so many nodes. */
export function chain(n) {
    const nodes = [];
    for (let i = 0; i < n; i++) nodes.push(node('Neg', [i ? `v${i}` : 'x'], [i === n - 1 ? 'y' : `v${i + 1}`]));
    return model([nodes, input('x', f([1])), output('y', f([1]))]);
}
/** Small on disk; its outputs are not. */
export const wideOutput = (elements) => model([initializer('shape', T.int64, [1], [elements]),
    node('Expand', ['x', 'shape'], ['y']), input('x', f([1])), output('y', f([null]))]);
/** Dimensions whose product is beyond any number. */
export const shapeBomb = () => model([msg(5, [2 ** 31, 2 ** 31, 2 ** 31].map((d) => int(1, d)), int(2, T.float), str(8, 'w'),
    bytes(9, Buffer.alloc(4))), node('Add', ['x', 'w'], ['y']), input('x', f([1])), output('y', f([null, null, null]))]);
