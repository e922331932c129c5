import { encodeAddress } from '@polkadot/util-crypto';
import {
  ChainShapeError,
  ChainUnavailableError,
  openChain,
  type BlockRef,
  type Chain,
  type ChainView,
} from '../../shared/chain/index.ts';
import type { Clock } from '../../shared/base/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import { Problem, toChainId } from '../../shared/wire/index.ts';

/** Which chain this is: constant once known. */
export interface ChainIdentity {
  readonly genesisHash: string;
  /** CAIP-2. */
  readonly chainId: string;
  readonly ss58: number;
}

/**
 * The chain as the use cases see it. It opens in the background, so that the node starts and serves its keys and
 * policies while the chain is away; whatever needs the chain then gets Problem `chain_unavailable` with Retry-After.
 */
export interface ChainLink extends AsyncDisposable {
  identity(): ChainIdentity;
  /** Runs `work` on the state of the newest finalized block, within a time limit. */
  atHead<T>(work: (view: ChainView, block: BlockRef) => Promise<T>): Promise<T>;
  connected(): boolean;
}

const RETRY_AFTER_SEC = '5';
const REQUEST_TIMEOUT_MS = 4_000;
const WORK_TIMEOUT_MS = 10_000;

export function openChainLink(options: {
  readonly url: string | readonly string[];
  readonly log: Logger;
  readonly clock: Clock;
  readonly ageMsMax: number;
}): ChainLink {
  const { url, log, clock, ageMsMax } = options;
  const closing = new AbortController();
  let chain: Chain | null = null;
  const opening = openChain({ url, log, requestTimeoutMs: REQUEST_TIMEOUT_MS, signal: closing.signal }).then(
    (opened) => {
      chain = opened;
      log.info({ genesisHash: opened.genesisHash }, 'connected to the chain');
    },
    (error: unknown) => {
      if (!closing.signal.aborted) log.error({ err: error }, 'the chain cannot be opened');
    },
  );

  const getChain = (): Chain => {
    if (!chain) throw chainUnavailable(new ChainUnavailableError('not connected yet'));
    return chain;
  };

  return {
    identity: () => {
      const { genesisHash, ss58 } = getChain();
      return { genesisHash, ss58, chainId: toChainId(genesisHash) };
    },
    atHead: async (work) => {
      const open = getChain();
      const run = async () => {
        const head = await open.finalizedHead();
        if (clock() - head.time.getTime() > ageMsMax) {
          throw new ChainUnavailableError(`the newest finalized block, ${head.number}, is too old`);
        }
        return work(head.view, head);
      };
      try {
        return await withTimeLimit(run(), WORK_TIMEOUT_MS);
      } catch (error) {
        if (!(error instanceof ChainUnavailableError || error instanceof ChainShapeError)) throw error;
        throw chainUnavailable(error);
      }
    },
    connected: () => chain?.connected() ?? false,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await opening;
      await chain?.[Symbol.asyncDispose]();
    },
  };
}

export const toAddress = (account: string | Uint8Array, chain: ChainIdentity): string =>
  encodeAddress(account, chain.ss58);

const chainUnavailable = (cause: Error): Problem =>
  new Problem('chain_unavailable', undefined, { headers: { 'retry-after': RETRY_AFTER_SEC }, cause });

async function withTimeLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ChainUnavailableError('the chain is too slow')), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
