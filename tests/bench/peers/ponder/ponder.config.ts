import { createConfig } from 'ponder';
import { abi } from './abi';

export default createConfig({
    chains: { dense: { id: 84532, rpc: process.env.DENSE_RPC!, maxRequestsPerSecond: 1000 } },
    contracts: { Token: { abi, chain: 'dense', address: '0x00000000000000000000000000000000c0ffee01', startBlock: 0 } },
});
