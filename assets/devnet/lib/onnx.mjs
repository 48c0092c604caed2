// Small real ONNX models. What file number `index` contains depends on the index alone (not on the
// seed of the world), because its blob ID is looked up in ../blobs.txt. Every file is below 1300
// bytes, takes numeric inputs, and runs in ONNX Runtime.

import { Prng } from './prng.mjs';
import { bytes, int, msg, str } from './protobuf.mjs';

const FLOAT = 1;
const attrInt = (name, n) => msg(5, str(1, name), int(3, n), int(20, 2));
const attrInts = (name, list) => msg(5, str(1, name), ...list.map((n) => int(8, n)), int(20, 7));
const node = (op, inputs, outputs, ...attrs) =>
    msg(1, ...inputs.map((s) => str(1, s)), ...outputs.map((s) => str(2, s)), str(4, op), ...attrs);

function initializer(name, dims, values) {
    const raw = Buffer.alloc(values.length * 4);
    values.forEach((v, i) => raw.writeFloatLE(v, i * 4));
    return msg(5, ...dims.map((d) => int(1, d)), int(2, FLOAT), str(8, name), bytes(9, raw));
}

function valueInfo(field, name, shape) {
    const dims = shape.map((d) => msg(1, typeof d === 'string' ? str(2, d) : int(1, d)));
    return msg(field, str(1, name), msg(2, msg(1, int(1, FLOAT), msg(2, ...dims))));
}

// --- what a file is about ---------------------------------------------------------------------

/** The subjects a model may have: [key, share of 100, kind of network]. */
const SUBJECTS = [
    ['volatility', 18, 'window'],
    ['return', 16, 'mlp'],
    ['defi-risk', 20, 'mlp'],
    ['liquidation', 8, 'logistic'],
    ['gas', 6, 'linear'],
    ['anomaly', 8, 'autoencoder'],
    ['sentiment', 9, 'classes'],
    ['vision', 6, 'conv'],
    ['portfolio', 5, 'classes'],
    ['bridge', 4, 'logistic'],
];

/** Shape and subject of file `index`: what its description and its callers need to know. */
export function modelSpec(index) {
    const r = new Prng('onnx', String(index));
    let x = r.below(100);
    const [subject, , kind] = SUBJECTS.find(([, share]) => (x -= share) < 0);
    const spec = { index, subject, kind, opset: r.between(13, 18), hidden: r.between(3, 6) };
    const width = r.between(4, 16);
    const batch = r.chance(20) ? 'N' : 1;
    if (kind === 'window') {
        spec.input = { name: 'open_high_low_close', shape: [r.between(6, 12), 4] };
        spec.output = { name: 'std', shape: [1, 1] };
    } else if (kind === 'conv') {
        spec.input = { name: 'image', shape: [1, 1, 8, 8] };
        spec.output = { name: 'probabilities', shape: [1, 3] };
    } else if (kind === 'classes') {
        spec.input = { name: subject === 'sentiment' ? 'embedding' : 'holdings', shape: [batch, width] };
        spec.output = { name: 'probabilities', shape: [batch, 3] };
    } else if (kind === 'autoencoder') {
        spec.input = { name: 'metrics', shape: [1, width] };
        spec.output = { name: 'anomaly_score', shape: [1, 1] };
    } else {
        spec.input = { name: 'features', shape: [batch, width] };
        spec.output = { name: kind === 'linear' ? 'forecast' : 'score', shape: [batch, 1] };
    }
    return spec;
}

// --- the graphs ---------------------------------------------------------------------------------

function graphParts(spec, weights) {
    const { input, output, kind, hidden } = spec;
    const init = [];
    const w = (name, ...dims) => {
        init.push(initializer(name, dims, weights(dims.reduce((a, b) => a * b, 1))));
        return name;
    };
    const gemm = (x, name, n, m, y) => node('Gemm', [x, w(`${name}.w`, n, m), w(`${name}.b`, m)], [y]);
    const width = input.shape[input.shape.length - 1];
    const [x, y] = [input.name, output.name];
    switch (kind) {
    case 'window': {
        const n = input.shape[0] * input.shape[1];
        return [[node('Flatten', [x], ['f'], attrInt('axis', 0)), gemm('f', 'l0', n, 1, 'z'),
            node('Softplus', ['z'], [y])], init];
    }
    case 'linear':
        return [[gemm(x, 'l0', width, 1, y)], init];
    case 'logistic':
        return [[gemm(x, 'l0', width, 1, 'z'), node('Sigmoid', ['z'], [y])], init];
    case 'mlp':
        return [[gemm(x, 'l0', width, hidden, 'h'), node('Relu', ['h'], ['a']),
            gemm('a', 'l1', hidden, 1, 'z'), node('Tanh', ['z'], [y])], init];
    case 'classes':
        return [[gemm(x, 'l0', width, 3, 'z'), node('Softmax', ['z'], [y], attrInt('axis', 1))], init];
    case 'autoencoder':
        return [[gemm(x, 'enc', width, 3, 'h'), node('Tanh', ['h'], ['a']),
            gemm('a', 'dec', 3, width, 'r'), node('Sub', ['r', x], ['d']),
            node('Mul', ['d', 'd'], ['q']), node('ReduceMean', ['q'], [y], attrInt('keepdims', 1))],
        init];
    case 'conv':
        return [[node('Conv', [x, w('c.w', 2, 1, 3, 3), w('c.b', 2)], ['c'],
            attrInts('kernel_shape', [3, 3])), node('Relu', ['c'], ['a']),
        node('GlobalAveragePool', ['a'], ['p']), node('Flatten', ['p'], ['f'], attrInt('axis', 1)),
        gemm('f', 'l0', 2, 3, 'z'), node('Softmax', ['z'], [y], attrInt('axis', 1))], init];
    default:
        throw new Error(`no such kind: ${kind}`);
    }
}

/** The bytes of file `index`. */
export function modelFile(index) {
    const spec = modelSpec(index);
    const r = new Prng('weights', String(index));
    // Multiples of 1/1024: exact in float32, so the bytes are the same everywhere.
    const weights = (n) => Array.from({ length: n }, () => r.between(-1024, 1024) / 1024);
    const [nodes, init] = graphParts(spec, weights);
    const graph = msg(7, ...nodes, str(2, `${spec.subject}_${index}`), ...init,
        valueInfo(11, spec.input.name, spec.input.shape),
        valueInfo(12, spec.output.name, spec.output.shape));
    const file = Buffer.concat([int(1, spec.opset < 15 ? 7 : 8), str(2, 'souk-devnet'), str(3, '1'), graph,
        msg(8, str(1, ''), int(2, spec.opset)), msg(14, str(1, 'index'), str(2, String(index)))]);
    if (file.length >= 1300) throw new Error(`model file ${index} is ${file.length} bytes`);
    return file;
}
