// Compiles assets/contracts with the pinned solc, which is loaded only here: that alone takes a second.

import fs from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

const contracts = new URL('../../contracts/', import.meta.url);

export const sourceNames = () => fs.readdirSync(contracts).filter((f) => f.endsWith('.sol')).sort();

/** Names the sources and the way they are compiled. */
export function sourceHash() {
    const hash = createHash('sha256').update(fs.readFileSync(new URL(import.meta.url)));
    for (const name of sourceNames()) hash.update(`${name}\0`).update(fs.readFileSync(new URL(name, contracts)));
    return hash.digest('hex').slice(0, 16);
}

/** Returns {ContractName: {abi, bytecode, deployed}} for every contract: what creates it, and what stays. */
export function compile() {
    const solc = createRequire(import.meta.url)('solc');
    const sources = {};
    for (const name of sourceNames())
        sources[name] = { content: fs.readFileSync(new URL(name, contracts), 'utf8') };
    const output = JSON.parse(solc.compile(JSON.stringify({
        language: 'Solidity',
        sources,
        settings: {
            optimizer: { enabled: true, runs: 200 },
            evmVersion: 'cancun',
            metadata: { bytecodeHash: 'none', appendCBOR: false },
            outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
        },
    })));
    const problems = (output.errors ?? []).filter((e) => e.severity === 'error');
    if (problems.length) throw new Error(problems.map((e) => e.formattedMessage).join('\n'));
    const result = {};
    for (const file of Object.values(output.contracts))
        for (const [name, c] of Object.entries(file))
            if (c.evm.bytecode.object)
                result[name] = { abi: c.abi, bytecode: `0x${c.evm.bytecode.object}`, deployed: `0x${c.evm.deployedBytecode.object}` };
    return result;
}
