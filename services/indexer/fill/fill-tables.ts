import type { ChainMaps } from '../../../shared/chain/index.ts';
import { inTransaction, type PoolClient } from '../../../shared/db/index.ts';
import type { IndexOptions } from '../index-blocks.ts';
import { asUsable } from '../usable-object.ts';
import { findCursor, startCursor } from '../tables/cursor.ts';
import { insertRows, type NewRow } from './insert-rows.ts';

/** Any number, the same in every indexer. */
const ADVISORY_LOCK = 7_266_684;

/**
 * Fills empty tables with the state of the newest finalized block, page by page, all in one transaction: whoever reads
 * sees nothing of it before the position is there too, and one that was killed starts afresh.
 *
 * What only events tell is not known, and never guessed: everything counts as hidden until an event says otherwise, of
 * files the kind as the one guarded most, and no NFT or holding has a price or a time.
 */
export async function fillTables(
  options: Pick<IndexOptions, 'chain' | 'pool' | 'progress' | 'log' | 'signal'>,
): Promise<void> {
  const { chain, pool, progress, log, signal } = options;
  if (await findCursor(pool)) return;
  const maps = await chain.finalizedMaps();
  const { block } = maps;
  if (block.number === 0) return; // the blocks tell everything
  const estimate = await maps.estimate();
  log.info({ block: block.number, estimate }, 'filling empty tables from storage');
  progress.filled({ done: 0, estimate });
  let done = 0;
  try {
    await inTransaction(pool, 'BEGIN', async (client) => {
      await client.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
      if (await findCursor(client)) return;
      for await (const count of fill(client, maps)) {
        signal.throwIfAborted();
        done += count;
        progress.filled({ done, estimate: Math.max(done, estimate) });
      }
      await startCursor(client, block, chain.genesisHash);
    });
  } finally {
    progress.filled(null);
  }
  log.info({ block: block.number, entities: done }, 'the tables are filled');
}

/** How many rows each step wrote. */
async function* fill(client: PoolClient, maps: ChainMaps): AsyncGenerator<number> {
  for await (const page of maps.memberships()) {
    const rows = page.map(({ id, membership }) => ({ id, controller: membership.controller }));
    await insertRows(client, 'membership', rows);
    yield rows.length;
  }
  for await (const page of maps.buckets()) {
    const rows = page.map(({ id, bucket }) => ({
      id,
      operators: bucket.operators,
      is_accepting: bucket.acceptingNewBags,
      is_distributing: bucket.distributing,
    }));
    await insertRows(client, 'bucket', rows);
    yield rows.length;
  }
  for await (const page of maps.channels()) {
    const rows = page.map(({ id, channel }) => ({
      id,
      owner_member: 'member' in channel.owner ? channel.owner.member : null,
      owner_group: 'group' in channel.owner ? channel.owner.group : null,
      collaborators: channel.collaborators,
      privilege_level: channel.privilegeLevel,
      creator_token: channel.creatorToken,
      ...HIDDEN,
    }));
    await insertRows(client, 'channel', rows);
    const bags = await maps.findBags(page.map(({ id }) => id));
    const bagRows = page.flatMap(({ id }, index): NewRow[] => {
      const bag = bags[index];
      return bag ? [{ channel: id, stored_by: bag.storedBy, distributed_by: bag.distributedBy }] : [];
    });
    await insertRows(client, 'bag', bagRows);
    yield rows.length;
    yield insertAssets(
      client,
      maps,
      page.flatMap(({ id, channel }) =>
        channel.dataObjects.map((object) => ({ channel: id, video: null, id: object })),
      ),
    );
  }
  for await (const page of maps.videos()) {
    await insertRows(
      client,
      'video',
      page.map(({ id, video }) => ({ id, channel: video.channel, ...HIDDEN })),
    );
    const nfts = page.flatMap(({ id, video: { channel, nft } }): NewRow[] => {
      if (!nft) return [];
      const owner = nft.owner === 'channel_owner' ? null : nft.owner.member;
      return [{ video: id, channel, owner_member: owner, value: null, since: null }];
    });
    await insertRows(client, 'nft', nfts);
    yield page.length;
    yield insertAssets(
      client,
      maps,
      page.flatMap(({ id, video }) =>
        video.dataObjects.map((object) => ({ channel: video.channel, video: id, id: object })),
      ),
    );
  }
  const channels = await channelsByToken(client);
  for await (const page of maps.tokenAccounts()) {
    const rows = page.flatMap(({ token, member, account: { amount } }): NewRow[] => {
      const channel = channels.get(token);
      return channel === undefined ? [] : [{ token, member, channel, amount, since: null }];
    });
    await insertRows(client, 'holding', rows);
    yield rows.length;
  }
}

/** Screened until an event says otherwise: a moderator may have hidden it, whatever its owner says. */
const HIDDEN = { is_public: false, is_censored: true };

async function insertAssets(
  client: PoolClient,
  maps: ChainMaps,
  objects: readonly { readonly channel: string; readonly video: string | null; readonly id: string }[],
): Promise<number> {
  const found = await maps.findDataObjects(objects);
  const rows = objects.flatMap(({ channel, video, id }, index): NewRow[] => {
    const object = asUsable(found[index] ?? null);
    return object
      ? [{ id, channel, video, kind: 'media', size: object.size, content_hash: object.hash }]
      : [];
  });
  await insertRows(client, 'asset', rows);
  return rows.length;
}

async function channelsByToken(client: PoolClient): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ token: string; id: string }>(
    'select creator_token as token, id from panoptes.channel where creator_token is not null',
  );
  return new Map(rows.map(({ token, id }) => [token, id]));
}
