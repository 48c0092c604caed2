// Switches of a server, for tests: what honest servers do only now and then is made to happen.
//   POST /_devnet/switch {"name": value, …}   answers all switches

import { readBody, sendJson } from './web.mjs';

export class Switches {
    /** `spec`: each switch with its value at rest; `act(name, value)` is told of every change. */
    constructor(spec, act = () => {}) {
        this.spec = spec;
        this.act = act;
        this.now = { ...spec };
    }

    /** Answers the request when it is for the switches. */
    async handle(request, response) {
        if (request.method !== 'POST' || request.url !== '/_devnet/switch') return false;
        try {
            const given = JSON.parse((await readBody(request, 4096)).toString('utf8'));
            for (const [name, value] of Object.entries(given)) {
                if (!(name in this.spec) || typeof value !== typeof this.spec[name])
                    return sendJson(response, 400, { error: `there is no switch ${name} of that kind`, switches: this.spec }) ?? true;
                this.now[name] = value;
                await this.act(name, value);
            }
            sendJson(response, 200, this.now);
        } catch (e) {
            sendJson(response, 400, { error: e.message });
        }
        return true;
    }
}
