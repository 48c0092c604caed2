import { ponder } from 'ponder:registry';
import { pay, used } from 'ponder:schema';

ponder.on('Token:Transfer', async ({ event, context }) => {
    await context.db.insert(pay).values({ id: event.id, block: event.block.number, payer: event.args.from, payee: event.args.to, amount: event.args.value, time: event.block.timestamp });
});

ponder.on('Token:AuthorizationUsed', async ({ event, context }) => {
    await context.db.insert(used).values({ id: event.id, authorizer: event.args.authorizer, nonce: event.args.nonce });
});
