import { ApiPromise } from '@polkadot/api';
import type { ApiDecoration, ApiOptions } from '@polkadot/api/types';
import { hexToNumber, isHex } from '@polkadot/util';
import type { Logger } from '../runtime/index.ts';
import { decodeRaw, understand } from './decode.ts';
import type { Endpoint } from './endpoints.ts';
import { ChainShapeError, ChainUnavailableError, ForeignChainError } from './errors.ts';
import type { RpcConnection } from './rpc-connection.ts';
import { createRpcSocket, type RpcSocket } from './rpc-socket.ts';
import { createStorageReads } from './storage-reads.ts';
import type { BlockState } from './view.ts';

export interface NodeOptions {
  /** ws:// or wss://; of several, the first is preferred and the others take its place when it fails. */
  readonly url: string | readonly string[];
  readonly log: Logger;
  /** Longest wait for one answer. */
  readonly requestTimeoutMs?: number;
  /** Gives up connecting for the first time. Without it, openNode tries for ever. */
  readonly signal?: AbortSignal;
  /** The chain wanted; without it, the one of the first endpoint that answers. Endpoints of another one are not used. */
  readonly genesisHash?: string;
  /** Longest time without a new finalized block before another endpoint is tried, where there is one. */
  readonly stallMsMax?: number;
}

/** A connection to a node of the chain that mends itself, and goes over to another one of the endpoints. Every read throws ChainUnavailableError while it is broken. */
export interface ChainNode extends AsyncDisposable {
  /** 0x hex. A node with another genesis block is never asked for anything else. */
  readonly genesisHash: string;
  /** The chain's address prefix. */
  readonly ss58: number;
  connected(): boolean;
  /** How many endpoints there are, and which one is in use (from 1). */
  readonly endpointCount: number;
  endpoint(): number | null;
  /** Which connection it is, counted from 1. While that stays, one node answers; over the next, a height may mean another block. */
  connection(): number;
  /** This endpoint is not to be believed: goes over to another one. `false` where there is none. */
  leave(reason: string): boolean;
  request(method: string, params: readonly unknown[]): Promise<unknown>;
  /** The state after a block, read as the runtime that wrote it, its parent's, describes it. */
  stateAt(block: { readonly hash: string; readonly parentHash: string }): Promise<BlockState>;
  /** The runtime that wrote a block. */
  runtimeOf(block: { readonly hash: string; readonly parentHash: string }): Promise<Runtime>;
  /** Calls back on every notice of a new finalized head and on every reconnect: hints, which may be lost. */
  onFinalized(hint: () => void): Disposable;
}

const REQUEST_TIMEOUT_MS = 10_000;
const STALL_MS_MAX = 60_000;
const SS58_SUBSTRATE = 42;

/**
 * Connects, trying again until it succeeds or `signal` aborts (then it throws ChainUnavailableError). Throws
 * ForeignChainError when every endpoint serves another chain than `genesisHash`.
 */
export async function openNode(options: NodeOptions): Promise<ChainNode> {
  const { log, requestTimeoutMs = REQUEST_TIMEOUT_MS, stallMsMax = STALL_MS_MAX, signal } = options;
  const urls = typeof options.url === 'string' ? [options.url] : options.url;
  const hints = new Set<() => void>();
  const stalls = createStallWatch(stallMsMax);
  const foreign = new Set<Endpoint>();
  const opening = new AbortController();
  let genesisHash = options.genesisHash ?? null;
  let closing = false;

  /** A node that was replaced may serve another chain: asked once per connection, before anything else is believed. */
  const admit = async (connection: RpcConnection, endpoint: Endpoint): Promise<void> => {
    const found = await connection.send('chain_getBlockHash', [0]);
    if (!isHex(found, 256)) throw new ChainShapeError('a genesis hash of an unknown form');
    genesisHash ??= found;
    if (found === genesisHash) {
      foreign.delete(endpoint);
      return;
    }
    log.error(
      { endpoint: endpoint.position, expected: genesisHash, found },
      'this endpoint serves another chain, and is not used',
    );
    foreign.add(endpoint);
    const error = new ForeignChainError(found);
    if (foreign.size === urls.length) opening.abort(error);
    throw error;
  };
  const socket = createRpcSocket({ urls, log, requestTimeoutMs, admit });
  const api = new ApiPromise({ provider: toProvider(socket, () => closing), noInitWarn: true });
  api.isReadyOrError.catch(() => undefined); // it starts again by itself with the next connection
  const noticeHeads = (): void => {
    stalls.restart();
    const onHead = (header: unknown): void => {
      stalls.sawHead(findNumber(header));
      for (const hint of hints) hint();
    };
    socket.subscribe('chain_subscribeFinalizedHeads', [], onHead).catch((error: unknown) => {
      if (!closing) log.warn({ err: error }, 'no notices of finalized blocks on this connection');
    });
    for (const hint of hints) hint();
  };
  const watch = setInterval(
    () => {
      if (socket.isConnected() && stalls.isStalled()) socket.leave('no new finalized block');
    },
    Math.min(stallMsMax, STALL_LOOK_MS),
  );
  const close = async (): Promise<void> => {
    closing = true;
    clearInterval(watch);
    await api.disconnect();
    await socket.close();
  };

  try {
    await abortable(api.isReady, signal ? AbortSignal.any([signal, opening.signal]) : opening.signal);
  } catch (error) {
    await close();
    if (opening.signal.reason instanceof ForeignChainError) throw opening.signal.reason;
    throw new ChainUnavailableError('the chain cannot be reached', { cause: error });
  }
  const chainGenesisHash = api.genesisHash.toHex();
  if (socket.isConnected()) noticeHeads();
  socket.on('connected', noticeHeads);
  const request: ChainNode['request'] = (method, params) => socket.send(method, params);
  const runtimeOf = createRuntimes(api, request);

  return {
    genesisHash: chainGenesisHash,
    ss58: api.registry.chainSS58 ?? SS58_SUBSTRATE,
    connected: () => socket.isConnected(),
    endpointCount: urls.length,
    endpoint: () => socket.endpoint(),
    connection: () => socket.connection(),
    leave: (reason) => socket.leave(reason),
    request,
    stateAt: async (block) => {
      const { query, registry } = await runtimeOf(block);
      const readRaw = createStorageReads(request, block.hash);
      return {
        hash: block.hash,
        read: async (pallet, item, ...key) => {
          const entry = query[pallet]?.[item];
          if (!entry) throw new ChainShapeError(`the runtime has no ${pallet}.${item}`);
          const raw = await readRaw(entry.key(...key));
          if (raw === null) return null;
          const { type } = entry.creator.meta;
          const lookup = registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value);
          return decodeRaw(`${pallet}.${item}`, raw, (bytes) => registry.createTypeUnsafe(lookup, [bytes]));
        },
      };
    },
    runtimeOf,
    onFinalized: (hint) => {
      hints.add(hint);
      return { [Symbol.dispose]: () => void hints.delete(hint) };
    },
    [Symbol.asyncDispose]: close,
  };
}

const STALL_LOOK_MS = 5_000;

/** Whether a node has gone without a new finalized block for too long, or is behind what another one has told of. */
function createStallWatch(limitMs: number) {
  let highest = -1;
  let since = performance.now();
  return {
    restart: (): void => {
      since = performance.now();
    },
    sawHead: (number: number | null): void => {
      if (number === null || number <= highest) return;
      highest = number;
      since = performance.now();
    },
    isStalled: (): boolean => performance.now() - since > limitMs,
  };
}

function findNumber(header: unknown): number | null {
  const number = typeof header === 'object' && header !== null && 'number' in header ? header.number : null;
  return isHex(number, -1, true) ? hexToNumber(number) : null;
}

/** How a runtime describes its storage. */
export type Runtime = ApiDecoration<'promise'>;

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
