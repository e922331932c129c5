import { ApiPromise } from '@polkadot/api';
import type { ApiDecoration, ApiOptions } from '@polkadot/api/types';
import { hexToU8a, isHex } from '@polkadot/util';
import type { Logger } from '../runtime/index.ts';
import { ChainShapeError, ChainUnavailableError } from './errors.ts';
import { toPlain } from './plain.ts';
import { createRpcSocket, type RpcSocket } from './rpc-socket.ts';
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
  /** The state after a block, read as the runtime that wrote it, its parent's, describes it. */
  stateAt(block: { readonly hash: string; readonly parentHash: string }): Promise<BlockState>;
  /** Calls back on every notice of a new finalized head and on every reconnect: hints, which may be lost. */
  onFinalized(hint: () => void): Disposable;
}

const REQUEST_TIMEOUT_MS = 10_000;
const SS58_SUBSTRATE = 42;

/** Connects, trying again until it succeeds or `signal` aborts (then it throws ChainUnavailableError). */
export async function openNode(options: NodeOptions): Promise<ChainNode> {
  const { url, log, requestTimeoutMs = REQUEST_TIMEOUT_MS, signal } = options;
  const socket = createRpcSocket({ url, log, requestTimeoutMs });
  let closing = false;
  const api = new ApiPromise({ provider: toProvider(socket, () => closing), noInitWarn: true });
  api.isReadyOrError.catch(() => undefined); // it starts again by itself with the next connection
  const close = async (): Promise<void> => {
    closing = true;
    await api.disconnect();
    await socket.close();
  };

  try {
    await abortable(api.isReady, signal);
  } catch (error) {
    await close();
    throw new ChainUnavailableError(`the chain at ${url} cannot be reached`, { cause: error });
  }
  const genesisHash = api.genesisHash.toHex();

  const hints = new Set<() => void>();
  const hintAll = (): void => {
    for (const hint of hints) hint();
  };
  /** A node that came back may serve another chain: asked once per connection, before anything else is believed. */
  const welcome = async (): Promise<void> => {
    const found = await socket.send('chain_getBlockHash', [0]);
    if (found !== genesisHash) {
      log.error({ expected: genesisHash, found }, 'the node serves another chain now');
      throw new ChainUnavailableError('the node serves another chain');
    }
    socket.subscribe('chain_subscribeFinalizedHeads', [], hintAll).catch((error: unknown) => {
      log.warn({ err: error }, 'no notices of finalized blocks on this connection');
    });
    hintAll();
  };
  let welcomed: Promise<void> | null = null;
  const ensureWelcomed = (): Promise<void> => {
    welcomed ??= welcome().catch((error: unknown) => {
      welcomed = null; // the next request asks again
      throw error;
    });
    return welcomed;
  };
  socket.on('connected', () => {
    welcomed = null;
    ensureWelcomed().catch(() => undefined);
  });

  const request = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (!socket.isConnected()) throw new ChainUnavailableError('not connected to the chain');
    await ensureWelcomed();
    return socket.send(method, params);
  };
  await ensureWelcomed().catch(() => undefined);
  const runtimeOf = createRuntimes(api, request);

  return {
    genesisHash,
    ss58: api.registry.chainSS58 ?? SS58_SUBSTRATE,
    connected: () => socket.isConnected(),
    request,
    stateAt: async (block) => {
      const { query, registry } = await runtimeOf(block);
      return {
        hash: block.hash,
        read: async (pallet, item, ...key) => {
          const entry = query[pallet]?.[item];
          if (!entry) throw new ChainShapeError(`the runtime has no ${pallet}.${item}`);
          const raw = await request('state_getStorage', [entry.key(...key), block.hash]);
          if (raw === null) return null;
          const { type } = entry.creator.meta;
          const lookup = registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value);
          return decode(`${pallet}.${item}`, raw, (bytes) => registry.createTypeUnsafe(lookup, [bytes]));
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

type Runtime = ApiDecoration<'promise'>;

/** The metadata of each runtime version met, read once. */
function createRuntimes(
  api: ApiPromise,
  request: ChainNode['request'],
): (block: { hash: string; parentHash: string }) => Promise<Runtime> {
  const runtimes = new Map<string, Promise<Runtime>>();
  return async ({ hash, parentHash }) => {
    const isGenesis = hash === api.genesisHash.toHex();
    const raw = await request('state_getRuntimeVersion', [isGenesis ? hash : parentHash]);
    const version = understand('the runtime version', () =>
      api.registry.createType<ApiPromise['runtimeVersion']>('RuntimeVersion', raw),
    );
    const name = `${version.specName.toString()} ${version.specVersion.toString()}`;
    if (version.specName.isEmpty) throw new ChainShapeError('a runtime version of an unknown form');
    const known = runtimes.get(name);
    if (known) return known;
    const reading = api.at(hash, version).catch((error: unknown) => {
      runtimes.delete(name);
      throw new ChainUnavailableError('the metadata of the runtime cannot be read', { cause: error });
    });
    runtimes.set(name, reading);
    return reading;
  };
}

function decode(
  name: string,
  raw: unknown,
  create: (bytes: Uint8Array) => { encodedLength: number },
): ReturnType<typeof toPlain> {
  if (!isHex(raw)) throw new ChainShapeError(`${name}: not hex`);
  const bytes = hexToU8a(raw);
  return understand(name, () => {
    const codec = create(bytes);
    if (codec.encodedLength !== bytes.length)
      throw new ChainShapeError('the metadata does not describe this');
    return toPlain(codec);
  });
}

/** Whatever goes wrong in reading an answer is the answer's fault. */
function understand<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : 'not understood';
    throw new ChainShapeError(`${name}: ${why}`, { cause: error });
  }
}

/** The socket as polkadot-js wants it; the connection stays ours to open and close. */
function toProvider(socket: RpcSocket, isClosing: () => boolean): NonNullable<ApiOptions['provider']> {
  return {
    hasSubscriptions: true,
    isClonable: false,
    get isConnected() {
      return socket.isConnected();
    },
    clone: () => toProvider(socket, isClosing),
    connect: async () => undefined,
    disconnect: async () => undefined,
    on: (event, listener) =>
      event === 'error' ? () => undefined : socket.on(event, () => void listener(undefined)),
    // The library names the answer's type; what it makes of an answer that is not, it does in its own parser.
    send: <T>(method: string, params: unknown[]) =>
      socket.send(method, params).catch((error: unknown) => {
        // Told of a request that our own closing cut off, it would complain on stderr.
        if (isClosing()) return new Promise(() => undefined);
        throw error;
      }) as Promise<T>,
    // It would only listen for upgrades of the runtime, which are noticed block by block anyway.
    subscribe: async () => 0,
    unsubscribe: async () => true,
  };
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
