// The peer of bench_run.mjs: loads a model with onnxruntime-node, runs it once, prints the output.
//   node peer_run.mjs MODEL INPUT.json [REPEAT]

import fs from 'node:fs';
import { createRequire } from 'node:module';

const ort = createRequire(new URL('../../assets/devnet/package.json', import.meta.url))('onnxruntime-node');
const [model, inputs] = process.argv.slice(2);
const feeds = Object.fromEntries(Object.entries(JSON.parse(fs.readFileSync(inputs, 'utf8')))
    .map(([name, { shape, data }]) => [name, new ort.Tensor('float32', Float32Array.from(data), shape)]));
const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
const outputs = await session.run(feeds);
console.log(JSON.stringify(Object.fromEntries(Object.entries(outputs).map(([name, t]) => [name, { shape: t.dims, data: [...t.data] }]))));
