import { describe, expect, it } from 'vitest';
import { mapAll } from '../../services/indexer/map-all.ts';
import { readBlock, type Known } from '../../services/indexer/read-block.ts';
import { Variant, type ChainEvent, type Plain } from '../../shared/chain/index.ts';
import { createChainView } from '../../shared/chain/view.ts';
import { createLog } from '../../shared/runtime/index.ts';

type State = Readonly<Record<string, Plain>>;

/** A block over a state given as plain values, by `pallet.item(key,…)`. */
function blockOf(state: State, ...events: ChainEvent[]) {
  const view = createChainView({
    hash: '0x1',
    read: async (pallet, item, ...key) =>
      state[`${pallet}.${item}(${key.map((part) => JSON.stringify(part)).join()})`] ?? null,
  });
  const time = new Date(0);
  return { block: { number: 1, hash: '0x1', parentHash: '0x0', time, events, view }, at: async () => view };
}
const known: Known = { holdersOf: async () => [], findChannelOf: async () => null };
const log = createLog('test', 'silent');

describe('a data object', () => {
  const objectsOf = async (record: Plain) => {
    const state: State = {
      'content.videoById("2")': { inChannel: 1n, nftStatus: null, dataObjects: [7n, 8n] },
      'storage.dataObjectsById({"Dynamic":{"Channel":"1"}},"7")': record,
      'storage.dataObjectsById({"Dynamic":{"Channel":"1"}},"8")': objectWith(Buffer.from('W1good')),
    };
    const { block, at } = blockOf(state, {
      section: 'content',
      method: 'VideoAssetsDeletedByModerator',
      args: [new Variant('Lead', null), 2n, [], false, new Uint8Array()],
      names: null,
    });
    const change = await readBlock(block, { at, known, log });
    return change.videos[0]?.objects.map(({ id, hash }) => [id, hash]);
  };
  const objectWith = (ipfsContentId: Uint8Array, size = 5n): Plain => ({
    accepted: true,
    size,
    ipfsContentId,
  });

  it.each<[string, Plain, boolean]>([
    ['with a name', objectWith(Buffer.from('W1fine')), true],
    ['whose name is not UTF-8', objectWith(Uint8Array.of(0xff, 0xfe)), false],
    ['whose name has a NUL, which Postgres refuses', objectWith(Buffer.from('W1\0')), false],
    ['whose name has line breaks', objectWith(Buffer.from('W1\nX')), false],
    ['without a name', objectWith(new Uint8Array()), false],
    ['larger than Postgres can count', objectWith(Buffer.from('W1'), 2n ** 63n), false],
    ['that is not stored', null, false],
    ['of another shape', { accepted: true }, false],
  ])('%s', async (_name, record, isKept) => {
    const expected = [['8', 'W1good']];
    expect(await objectsOf(record)).toEqual(isKept ? [['7', 'W1fine'], ...expected] : expected);
  });
});

describe('mapAll', () => {
  it('keeps the order, and never does much at once', async () => {
    let running = 0;
    let most = 0;
    const results = await mapAll(Array(1_000).keys(), async (n) => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return n * 2;
    });
    expect(results).toEqual(Array.from({ length: 1_000 }, (_, n) => n * 2));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });

  it('starts nothing more once something failed', async () => {
    let started = 0;
    const work = async (n: number) => {
      started += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (n === 3) throw new Error('no');
    };
    await expect(mapAll(Array(1_000).keys(), work)).rejects.toThrow('no');
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(started).toBeLessThan(64);
  });
});
