import { ApiPromise, WsProvider } from '@polkadot/api';
import type { ApiOptions } from '@polkadot/api/types';
import { hexToU8a, isHex } from '@polkadot/util';
import { backoffMs } from '../base/index.ts';
import type { Logger } from '../runtime/index.ts';
import { ChainShapeError, ChainUnavailableError } from './errors.ts';
import { toPlain } from './plain.ts';
import type { BlockState } from './view.ts';

export interface NodeOptions {
  /** ws:// or wss:// */
  readonly url: string;
  readonly log: Logger;
  /** Longest wait for one answer. */
  readonly requestTimeoutMs?: number;
  /** Gives up connecting for the first time. Without it, openNode tries for ever. */
  readonly signal?: AbortSignal;
}

/** A connection to one node of the chain that mends itself. Every read throws ChainUnavailableError while it is broken. */
export interface ChainNode extends AsyncDisposable {
  /** 0x hex. After a reconnect to a chain with another genesis block every read is refused. */
  readonly genesisHash: string;
  /** The chain's address prefix. */
  readonly ss58: number;
  connected(): boolean;
  request(method: string, params: readonly unknown[]): Promise<unknown>;
  stateAt(blockHash: string): Promise<BlockState>;
  /** Calls back on every notice of a new finalized head and on every reconnect: hints, which may be lost. */
  onFinalized(hint: () => void): Disposable;
}

const REQUEST_TIMEOUT_MS = 10_000;
const RECONNECT_MS_MAX = 5_000;

/** Connects, trying again until it succeeds or `signal` aborts (then it throws ChainUnavailableError). */
export async function openNode(options: NodeOptions): Promise<ChainNode> {
  const { url, log, requestTimeoutMs = REQUEST_TIMEOUT_MS, signal } = options;
  // Without its own reconnecting the provider prints nothing and the pace is ours.
  const provider = new WsProvider(url, false, {}, requestTimeoutMs);
  const link = keepConnected(provider, log);
  // The library's own provider does not fit its interface under exactOptionalPropertyTypes (`endpoint`).
  const api = new ApiPromise({
    provider: provider as NonNullable<ApiOptions['provider']>,
    noInitWarn: true,
    throwOnConnect: false,
    throwOnUnknown: false,
  });
  const close = async (): Promise<void> => {
    link[Symbol.dispose]();
    await api.disconnect();
  };

  try {
    await abortable(api.isReady, signal);
  } catch (error) {
    await close();
    throw new ChainUnavailableError(`the chain at ${url} cannot be reached`, { cause: error });
  }
  const genesisHash = api.genesisHash.toHex();

  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!provider.isConnected) throw new ChainUnavailableError('not connected to the chain');
    try {
      return await withTimeout(work(), requestTimeoutMs);
    } catch (error) {
      if (error instanceof ChainShapeError || error instanceof ChainUnavailableError) throw error;
      throw new ChainUnavailableError('the chain did not answer', { cause: error });
    }
  };

  // A node that came back may serve another chain; asked once per connection, before anything else is believed.
  let checked: Promise<void> = Promise.resolve();
  const checkGenesis = async (): Promise<void> => {
    const found = await ask(() => provider.send<unknown>('chain_getBlockHash', [0]));
    if (found !== genesisHash) {
      log.error({ expected: genesisHash, found }, 'the node serves another chain now');
      throw new ChainUnavailableError('the node serves another chain');
    }
  };
  const hints = new Set<() => void>();
  const hintAll = (): void => {
    for (const hint of hints) hint();
  };
  provider.on('connected', () => {
    checked = checkGenesis();
    checked.then(hintAll, () => undefined);
  });

  const request = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    await checked;
    return ask(() => provider.send<unknown>(method, [...params]));
  };

  // The provider renews this subscription after a reconnect.
  await provider
    .subscribe('chain_finalizedHead', 'chain_subscribeFinalizedHeads', [], hintAll)
    .catch((error: unknown) => log.warn({ err: error }, 'no notices of finalized blocks; polling'));

  return {
    genesisHash,
    ss58: api.registry.chainSS58 ?? 42,
    connected: () => provider.isConnected,
    request,
    stateAt: async (blockHash) => {
      await checked;
      const decorated = await ask(() => api.at(blockHash));
      return {
        hash: blockHash,
        read: async (pallet, item, ...key) => {
          const entry = decorated.query[pallet]?.[item];
          if (!entry) throw new ChainShapeError(`the runtime has no ${pallet}.${item}`);
          const raw = await request('state_getStorage', [entry.key(...key), blockHash]);
          if (raw === null) return null;
          if (!isHex(raw)) throw new ChainShapeError(`${pallet}.${item}: not hex`);
          const { type } = entry.creator.meta;
          const bytes = hexToU8a(raw);
          const codec = decorated.registry.createTypeUnsafe(
            decorated.registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value),
            [bytes],
          );
          if (codec.encodedLength !== bytes.length) {
            throw new ChainShapeError(`${pallet}.${item}: the metadata does not describe what is stored`);
          }
          return toPlain(codec);
        },
      };
    },
    onFinalized: (hint) => {
      hints.add(hint);
      return { [Symbol.dispose]: () => void hints.delete(hint) };
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Connects now and again after every disconnect, with growing pauses, until disposed. */
function keepConnected(provider: WsProvider, log: Logger): Disposable {
  let attempt = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const connect = (): void => {
    timer = undefined;
    if (!stopped) provider.connect().catch(retry);
  };
  const retry = (): void => {
    if (stopped || timer) return;
    timer = setTimeout(connect, backoffMs(attempt++, { baseMs: 100, capMs: RECONNECT_MS_MAX }));
  };
  const stops = [
    provider.on('connected', () => {
      if (attempt > 0) log.info('connected to the chain again');
      attempt = 0;
    }),
    provider.on('disconnected', () => {
      if (attempt === 0 && !stopped) log.warn('disconnected from the chain');
      retry();
    }),
  ];
  connect();
  return {
    [Symbol.dispose]: () => {
      stopped = true;
      clearTimeout(timer);
      for (const stop of stops) stop();
    },
  };
}

function withTimeout<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ChainUnavailableError('the chain is too slow')), limitMs);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}

function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(new ChainUnavailableError('gave up', { cause: signal.reason }));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
