import { Keyring, SubmittableResult, type ApiPromise } from '@polkadot/api';
import type { SubmittableExtrinsic } from '@polkadot/api/types';
import { u8aToHex } from '@polkadot/util';

type KeyringPair = ReturnType<Keyring['addFromUri']>;
export type Extrinsic = SubmittableExtrinsic<'promise'>;

/** An extrinsic that is in a block, with what it caused there. */
export interface Included {
  readonly block: number;
  /** The argument at a position of its first event of this name, as JSON. Throws when there is none. */
  arg<T>(event: string, position: number): T;
}

/** Sends signed extrinsics of accounts whose keys it holds. */
export interface Sender {
  /** The account of a name, 0x hex. */
  readonly account: (name: string) => string;
  /** The keys of one of its accounts. */
  readonly pair: (account: string) => KeyringPair;
  /** Of the chain's own genesis, with funds: `//Bob`. */
  readonly bank: string;
  /** A call of the runtime as metadata names it: `content.createVideo`. */
  readonly call: (name: string, ...args: readonly unknown[]) => Extrinsic;
  /** Resolves once it is in a finalized block; throws with the runtime's error. `account` is one of its own. */
  readonly send: (account: string, ...calls: readonly Extrinsic[]) => Promise<Included>;
}

const FULL_BLOCK_TRIES = 3;

export function createSender(api: ApiPromise, log: (line: string) => void): Sender {
  const keyring = new Keyring({ type: 'sr25519', ss58Format: api.registry.chainSS58 ?? 126 });
  const pairs = new Map<string, KeyringPair>();
  const accountOf = (uri: string): string => {
    const pair = keyring.addFromUri(uri);
    const account = u8aToHex(pair.publicKey);
    pairs.set(account, pair);
    return account;
  };
  const pairOf = (account: string): KeyringPair => {
    const pair = pairs.get(account);
    if (!pair) throw new Error(`The key of ${account} is not here`);
    return pair;
  };
  /** An account's nonces are in the order of its extrinsics: one at a time. */
  const queues = new Map<string, Promise<unknown>>();

  const submit = (pair: KeyringPair, extrinsic: Extrinsic, name: string): Promise<Included> =>
    new Promise((resolve, reject) => {
      extrinsic
        .signAndSend(pair, { nonce: -1 }, (result) => {
          const { status, isError, events } = result;
          if (isError) reject(new NotTaken(`${name}: ${status.type}`));
          if (!status.isFinalized) return;
          const failure = events.find(({ event }) =>
            ['ExtrinsicFailed', 'BatchInterrupted'].includes(event.method),
          );
          if (failure) {
            reject(new Error(`${name}: ${errorOf(api, failure.event.data)}`));
            return;
          }
          resolve({
            block: result instanceof SubmittableResult ? (result.blockNumber?.toNumber() ?? 0) : 0,
            arg: <T>(wanted: string, position: number): T => {
              const found = events.find(({ event }) => `${event.section}.${event.method}` === wanted);
              if (!found) throw new Error(`${name} caused no ${wanted}`);
              return found.event.data[position]!.toJSON() as T;
            },
          });
        })
        .catch(reject);
    });

  return {
    bank: accountOf('//Bob'),
    account: (name) => accountOf(`//panoptes//${name.replaceAll(/\W+/g, '-')}`),
    call: (name, ...args) => {
      const [pallet = '', method = ''] = name.split('.');
      const create = api.tx[pallet]?.[method];
      if (!create) throw new Error(`The runtime has no call ${name}`);
      return create(...args);
    },
    pair: pairOf,
    send: (account, ...calls) => {
      const pair = pairOf(account);
      const [first, ...more] = calls;
      if (!first) throw new Error('Nothing to send');
      const extrinsic = more.length > 0 ? api.tx.utility!.batchAll!([...calls]) : first;
      const name = calls.map(({ method }) => `${method.section}.${method.method}`).join(' + ');
      const work = async (): Promise<Included> => {
        for (let tries = 1; ; tries++) {
          try {
            const included = await submit(pair, extrinsic, name);
            log(`block ${String(included.block)}: ${name}`);
            return included;
          } catch (error) {
            // The first block of a session is full by itself; the next one is not.
            if (!(error instanceof NotTaken) || tries === FULL_BLOCK_TRIES) throw error;
          }
        }
      };
      const done = (queues.get(account) ?? Promise.resolve()).then(work, work);
      queues.set(account, done);
      return done;
    },
  };
}

/** The pool or a block had no place for it. */
class NotTaken extends Error {}

/** The name of a `DispatchError`, the first argument of the events that tell of failures. */
function errorOf(api: ApiPromise, data: Iterable<unknown>): string {
  for (const value of data) {
    const error = value as { isModule?: boolean; asModule?: never; toHuman?: () => unknown };
    if (error.isModule === true) {
      const { section, name } = api.registry.findMetaError(error.asModule!);
      return `${section}.${name}`;
    }
  }
  return JSON.stringify([...data].map((value) => (value as { toHuman: () => unknown }).toHuman()));
}
