import { startDevChain } from '../../services/devnet/chain/index.ts';
import { createTestWallet } from '../support/wallets.ts';
import { OPERATIONS, type Operations, type World } from './world.ts';

/** The development chain, through its control interface. Whom it takes something from, it does not ask. */
export async function openDevWorld(): Promise<World> {
  const chain = await startDevChain({ blockMs: 0 });
  const post = async (operation: string, input: unknown): Promise<unknown> => {
    const response = await fetch(`${chain.controlUrl}/control/${operation}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      ),
    });
    if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
    return response.json();
  };
  const operations = Object.fromEntries(
    OPERATIONS.map((operation) => [operation, (input: unknown) => post(operation, input)]),
  ) as unknown as Operations;

  return {
    ...operations,
    url: chain.url,
    isNew: true,
    refusals: {},
    account: (name) => createTestWallet(name).account,
    appointLead: async ({ group, member, roleAccount }) => {
      const { worker } = await operations.setWorker({ group, member, roleAccount });
      await post('setLead', { group, worker });
      return { worker };
    },
    pass: async (count) => {
      await post('build', { count });
    },
    head: async () => chain.finalizedHead().number,
    [Symbol.asyncDispose]: () => chain[Symbol.asyncDispose](),
  };
}
