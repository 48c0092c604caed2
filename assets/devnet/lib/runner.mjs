// Runs the models the seller sells, keeping the last few sessions.

import { createRequire } from 'node:module';
import { modelSpec } from './onnx.mjs';

const SESSIONS = 32;

export class Runner {
    constructor(content) {
        this.content = content;
        this.sessions = new Map();
    }

    async session(index) {
        let s = this.sessions.get(index);
        if (!s) {
            const ort = createRequire(import.meta.url)('onnxruntime-node');
            s = await ort.InferenceSession.create(this.content(index), { intraOpNumThreads: 1, logSeverityLevel: 3 });
        }
        this.sessions.delete(index);
        this.sessions.set(index, s);
        if (this.sessions.size > SESSIONS) this.sessions.delete(this.sessions.keys().next().value);
        return s;
    }

    async run(index, body) {
        const bad = (message) => Object.assign(new Error(message), { status: 400 });
        const spec = modelSpec(index);
        const given = body?.[spec.input.name] ?? body?.input?.[spec.input.name];
        if (given === undefined) throw bad(`missing input "${spec.input.name}"`);
        const values = [given].flat(Infinity);
        const fixed = spec.input.shape.reduce((n, d) => n * (d === 'N' ? 1 : d), 1);
        const batch = values.length / fixed;
        if (!values.every((v) => typeof v === 'number' && Number.isFinite(v)) || !Number.isInteger(batch) || batch < 1 ||
            (batch !== 1 && !spec.input.shape.includes('N')) || batch > 1024)
            throw bad(`"${spec.input.name}" must hold ${fixed} finite numbers of shape ${JSON.stringify(spec.input.shape)}`);
        const { Tensor } = createRequire(import.meta.url)('onnxruntime-node');
        const shape = spec.input.shape.map((d) => (d === 'N' ? batch : d));
        const session = await this.session(index);
        const out = await session.run({ [spec.input.name]: new Tensor('float32', Float32Array.from(values), shape) });
        const tensor = out[spec.output.name];
        return { output: { [spec.output.name]: { shape: tensor.dims, data: Array.from(tensor.data) } } };
    }
}
