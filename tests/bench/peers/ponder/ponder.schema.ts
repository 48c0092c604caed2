import { onchainTable } from 'ponder';

export const pay = onchainTable('pay', (t) => ({
    id: t.text().primaryKey(), block: t.bigint().notNull(), payer: t.hex().notNull(), payee: t.hex().notNull(), amount: t.bigint().notNull(), time: t.bigint().notNull(),
}));
export const used = onchainTable('used', (t) => ({ id: t.text().primaryKey(), authorizer: t.hex().notNull(), nonce: t.hex().notNull() }));
