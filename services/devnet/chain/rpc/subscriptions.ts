import type { Hex } from '../codec.ts';
import { headerToJson, type Block } from '../state/block.ts';
import type { Runtime } from '../runtime.ts';
import type { Ledger } from '../state/ledger.ts';
import { parseHexList } from './params.ts';

/** Sends one notification of a subscription. */
export type Notify = (result: unknown) => void;

interface Subscription {
  /** The method that ends it. */
  readonly unsubscribe: string;
  /** The method of its notifications. */
  readonly notification: string;
  /** Checks the parameters; the function it answers with starts the notifications and answers with what stops them. */
  prepare(params: readonly unknown[]): (notify: Notify) => () => void;
}

/** Every method that goes on answering. Each starts with how things are now. */
export function createSubscriptions(
  ledger: Ledger,
  runtimeAfter: (block: number) => Runtime,
): Readonly<Record<string, Subscription>> {
  const heads = (notification: string, unsubscribe: string, finalized: boolean): Subscription => ({
    notification,
    unsubscribe,
    prepare: () => (notify) => {
      const tell = (block: Block): void => notify(headerToJson(block.header));
      tell(finalized ? ledger.finalized() : ledger.best());
      return ledger.listen(finalized ? { onFinalized: tell } : { onBest: tell });
    },
  });

  return {
    chain_subscribeAllHeads: heads('chain_allHead', 'chain_unsubscribeAllHeads', false),
    chain_subscribeFinalizedHeads: heads('chain_finalizedHead', 'chain_unsubscribeFinalizedHeads', true),
    // What @polkadot/api calls; Substrate has it as an alias of the next one.
    chain_subscribeNewHead: heads('chain_newHead', 'chain_unsubscribeNewHead', false),
    chain_subscribeNewHeads: heads('chain_newHead', 'chain_unsubscribeNewHeads', false),
    state_subscribeRuntimeVersion: {
      notification: 'state_runtimeVersion',
      unsubscribe: 'state_unsubscribeRuntimeVersion',
      prepare: () => (notify) => {
        let told = runtimeAfter(ledger.best().number).version;
        notify(told);
        return ledger.listen({
          onBest: ({ number }) => {
            const { version } = runtimeAfter(number);
            if (version === told) return;
            told = version;
            notify(told);
          },
        });
      },
    },
    state_subscribeStorage: {
      notification: 'state_storage',
      unsubscribe: 'state_unsubscribeStorage',
      prepare: ([list]) => {
        const keys = [...new Set(parseHexList(list ?? [], 'keys'))];
        const tell = (notify: Notify, block: Block, changes: readonly (readonly [Hex, Hex | null])[]): void =>
          notify({ block: block.hash, changes });
        return (notify) => {
          const now = ledger.best();
          tell(
            notify,
            now,
            keys.map((key) => [key, ledger.read(key, now)]),
          );
          return ledger.listen({
            onBest: (block, delta) => {
              const changes = keys.flatMap((key) => {
                const value = delta.get(key);
                return value === undefined ? [] : [[key, value] as const];
              });
              if (changes.length > 0) tell(notify, block, changes);
            },
          });
        };
      },
    },
  };
}
