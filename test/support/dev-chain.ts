import { ApiPromise, WsProvider } from '@polkadot/api';
import type { ApiOptions } from '@polkadot/api/types';
import { startDevChain, type DevChain, type DevChainOptions } from '../../services/devnet/chain/index.ts';

/** A development chain that builds only what it is told to, and a stock client of it. */
export interface ChainUnderTest extends AsyncDisposable {
  readonly chain: DevChain;
  readonly api: ApiPromise;
  /** A storage item's value as JSON, at the best block or at the one with this number. */
  read(item: string, keys?: readonly unknown[], block?: number): Promise<unknown>;
  /** Whether the raw key is there. */
  exists(item: string, keys: readonly unknown[], block?: number): Promise<boolean>;
  /** The world's events of a block, in order: name, and arguments as JSON. */
  events(block: number): Promise<readonly (readonly [name: string, ...args: unknown[]])[]>;
  hash(block: number): Promise<string>;
}

/** A stock client; it tries again 50 ms after it lost its connection. */
export function connectApi(url: string): Promise<ApiPromise> {
  // Its own provider is not of its own provider type under exactOptionalPropertyTypes.
  return ApiPromise.create({
    provider: new WsProvider(url, 50) as NonNullable<ApiOptions['provider']>,
    throwOnConnect: true,
  });
}

export async function openChain(options: DevChainOptions = {}): Promise<ChainUnderTest> {
  const chain = await startDevChain({ blockMs: 0, ...options });
  const api = await connectApi(chain.url);
  await api.rpc.chain.getHeader(); // what the client subscribes to by itself has been answered now
  const entry = (item: string) => {
    const [pallet = '', name = ''] = item.split('.');
    const found = api.query[pallet]?.[name];
    if (!found) throw new Error(`The client knows no ${item}`);
    return found;
  };
  const hash = async (block: number) => (await api.rpc.chain.getBlockHash(block)).toHex();
  return {
    chain,
    api,
    hash,
    read: async (item, keys = [], block) => {
      const at = block === undefined ? api : await api.at(await hash(block));
      const [pallet = '', name = ''] = item.split('.');
      return (await at.query[pallet]![name]!(...keys)).toJSON();
    },
    exists: async (item, keys, block) => {
      const at = block === undefined ? [] : [await hash(block)];
      return (await api.rpc.state.getStorage.raw(entry(item).key(...keys), ...at)) !== null;
    },
    events: async (block) => {
      const at = await api.at(await hash(block));
      const records = (await at.query.system!.events!()) as unknown as Iterable<{ event: ChainEvent }>;
      return [...records]
        .map(({ event }) => event)
        .filter(({ section }) => section !== 'system')
        .map(
          ({ section, method, data }) =>
            [`${section}.${method}`, ...data.map((arg) => arg.toJSON())] as const,
        );
    },
    [Symbol.asyncDispose]: async () => {
      await api.disconnect();
      await chain[Symbol.asyncDispose]();
    },
  };
}

interface ChainEvent {
  readonly section: string;
  readonly method: string;
  readonly data: readonly { toJSON(): unknown }[];
}

/** An account nobody has a key of: the public key repeats one byte. */
export const account = (byte: number): string => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`;

/** A content id of the right length, told apart by its last characters. */
export const contentId = (name: string): string => `Qm${name.padStart(44, 'x')}`;

export const hexOf = (text: string): string => `0x${Buffer.from(text).toString('hex')}`;
