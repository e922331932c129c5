import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AssetKind } from '../../services/indexer/metadata.ts';
import type { BlockChange, StoredObject, VideoChange } from '../../services/indexer/read-block.ts';
import { CursorError } from '../../services/indexer/tables/cursor.ts';
import { writeBlock } from '../../services/indexer/write-block.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

/** What the development chain cannot do: blocks that come again, objects that are removed one by one, loose ends. */
let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db[Symbol.asyncDispose]());

const GENESIS = '0xgenesis';
const NOTHING: Omit<BlockChange, 'block'> = {
  channels: [],
  videos: [],
  holdings: [],
  memberships: [],
  bags: [],
  buckets: [],
  losses: { roles: [], channelNfts: [], groupChannels: [], tokens: [] },
  undecodable: 0,
};
const blockAt = (number: number, parent = number - 1) => ({
  number,
  hash: `0x${String(number)}`,
  parentHash: `0x${String(parent)}`,
  time: new Date(number * 6_000),
});
const write = (number: number, change: Partial<BlockChange> = {}, parent?: number) =>
  writeBlock(
    db.pool,
    { ...NOTHING, ...change, block: blockAt(number, parent) },
    { genesisHash: GENESIS, newestMsAgo: 0 },
  );
const rows = async (query: string): Promise<readonly unknown[]> =>
  (await db.pool.query<Record<string, unknown>>(query)).rows;

describe('the position', () => {
  const member = { memberships: [{ id: '1', controller: '0xaa' }] };
  beforeEach(async () => {
    await write(0);
    await write(1);
  });

  it.each([
    ['again', () => write(1, member)],
    ['from before', () => write(0, member)],
    ['with one left out', () => write(3, member)],
    ['of another branch', () => write(2, member, 7)],
  ])('takes no block %s, nor anything that it changed', async (_name, attempt) => {
    await expect(attempt()).rejects.toThrow(CursorError);
    expect(await rows('select block from panoptes.chain')).toEqual([{ block: '1' }]);
    expect(await rows('select id from panoptes.membership')).toEqual([]);
    await write(2, member);
    expect(await rows('select id from panoptes.membership')).toEqual([{ id: '1' }]);
  });

  it('is of one chain', async () => {
    const other = writeBlock(
      db.pool,
      { ...NOTHING, block: blockAt(2) },
      { genesisHash: '0xother', newestMsAgo: 0 },
    );
    await expect(other).rejects.toThrow(CursorError);
  });

  it('keeps when it was last the newest, while blocks are written late', async () => {
    const seenAt = () => rows('select seen_at from panoptes.chain');
    const before = await seenAt();
    await writeBlock(db.pool, { ...NOTHING, block: blockAt(2) }, { genesisHash: GENESIS, newestMsAgo: null });
    expect(await seenAt()).toEqual(before);
    await write(3);
    expect(await seenAt()).not.toEqual(before);
  });
});

describe('assets', () => {
  const object = (id: number, kind?: AssetKind): StoredObject => ({
    id: String(id),
    size: BigInt(id),
    hash: `W1${String(id)}`,
    kind,
  });
  const video = (id: number, objects: readonly StoredObject[]): VideoChange => ({
    id: String(id),
    video: { channel: '1', nft: null, dataObjects: objects.map((of) => of.id) },
    objects,
    facts: { kinds: new Map() },
  });
  const assets = () => rows('select id, video, kind from panoptes.asset order by id');

  it('are those that the video has now: removed objects go, and only they', async () => {
    await write(0, {
      videos: [video(1, [object(10, 'media'), object(11, 'thumbnail')]), video(2, [object(12, 'media')])],
    });
    await write(1, { videos: [video(1, [object(11), object(13, 'subtitle')])] });
    expect(await assets()).toEqual([
      { id: '11', video: '1', kind: 'thumbnail' },
      { id: '12', video: '2', kind: 'media' },
      { id: '13', video: '1', kind: 'subtitle' },
    ]);
    await write(2, { videos: [video(1, [])] });
    expect(await assets()).toEqual([{ id: '12', video: '2', kind: 'media' }]);
  });

  it('of a purpose nobody named are guarded as media, until it is said', async () => {
    await write(0, { videos: [video(1, [object(10)])] });
    expect(await assets()).toEqual([{ id: '10', video: '1', kind: 'media' }]);
    await write(1, { videos: [video(1, [object(10, 'thumbnail')])] });
    expect(await assets()).toEqual([{ id: '10', video: '1', kind: 'thumbnail' }]);
  });

  it('that stay as they are tell nobody of a change', async () => {
    await write(0, { videos: [video(1, [object(10, 'media')])] });
    const changes = () => rows(`select from panoptes.change where entity = 'asset'`);
    const before = (await changes()).length;
    await write(1, { videos: [video(1, [object(10)])] });
    expect(await changes()).toHaveLength(before);
  });

  it('go with the channel, with all that is in it', async () => {
    const owner = { owner: { member: '1' }, collaborators: [], creatorToken: null, privilegeLevel: 0 };
    const channel = { id: '1', facts: { kinds: new Map() }, objects: [object(9, 'avatar')] };
    await write(0, {
      channels: [{ ...channel, channel: { ...owner, dataObjects: ['9'] } }],
      videos: [video(1, [object(10, 'media')])],
    });
    await write(1, { channels: [{ ...channel, channel: null, objects: [] }] });
    for (const table of ['asset', 'video', 'channel']) {
      expect(await rows(`select id from panoptes.${table}`), table).toEqual([]);
    }
  });
});

it('a holding of a token that no channel has is nobody’s', async () => {
  await write(0, { holdings: [{ token: '5', member: '1', amount: 3n }] });
  expect(await rows('select from panoptes.holding')).toEqual([]);
});
