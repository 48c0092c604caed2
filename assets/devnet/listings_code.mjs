#!/usr/bin/env node
// Writes src/eth/listings_code.c: the creation code of ModelListings, as the pinned compiler makes it.
// A test compiles it anew and compares. To be run after a change of the contract:
//
//   node assets/devnet/listings_code.mjs > src/eth/listings_code.c

import { pathToFileURL } from 'node:url';
import { compile } from './lib/compile.mjs';

/** The text of the C source. The code behind the creation's few instructions is what stays on chain. */
export function listingsCode(contract = compile().ModelListings) {
    const bytes = Buffer.from(contract.bytecode.slice(2), 'hex');
    const at = bytes.length - (contract.deployed.length - 2) / 2;
    if (contract.deployed.slice(2) !== bytes.subarray(at).toString('hex')) throw new Error('the code that stays is not the end of it');
    const rows = [];
    for (let i = 0; i < bytes.length; i += 16)
        rows.push(`    ${[...bytes.subarray(i, i + 16)].map((b) => `0x${b.toString(16).padStart(2, '0')},`).join(' ')}\n`);
    return `/*
 * Made by assets/devnet/listings_code.mjs of assets/contracts/ModelListings.sol: solc 0.8.37,
 * optimizer 200 runs, cancun, no metadata. Not to be edited.
 */
#include "eth/listings_code.h"

#include "base/banned.h"

/* clang-format off */
const uint8_t LISTINGS_CODE[] = {
${rows.join('')}};
const size_t LISTINGS_CODE_BYTES = sizeof LISTINGS_CODE;
const size_t LISTINGS_CODE_STAYS = ${at};
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(listingsCode());
