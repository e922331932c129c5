import { inTransaction, type Pool, type PoolClient } from '../../shared/db/index.ts';
import { encodeAddress } from '@polkadot/util-crypto';
import { put } from './orion.ts';
import type { Random } from './random-tables.ts';

/** Ids that the chain could give, and what else a text can be. */
const ODD_IDS = [
  '9007199254740991',
  '9007199254740992',
  '-1',
  '007',
  '',
  'abc',
  ' 5',
  '5\n',
  '٣',
  '99999999999999999999',
  'x'.repeat(10_000),
];
const PRICES = ['0', '1', '250000000000', '-1', '1.5', 'NaN', '1e39', null];
const TYPES = [
  'VideoMedia',
  'VideoThumbnail',
  'VideoSubtitle',
  'ChannelAvatar',
  'ChannelCoverPhoto',
  'ChannelPayoutsPayload',
  'Unheard',
];

export const address = (member: number): string => encodeAddress(new Uint8Array(32).fill(member + 1), 126);

/** One statement as a processor could make it, or an operator, or nobody who is well. */
export async function change(client: PoolClient, random: Random): Promise<void> {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  const id = (): string => (random(8) === 0 ? pick(ODD_IDS) : String(random(8)));
  const few = (): string => (random(12) === 0 ? id() : String(random(3)));
  const flag = (): boolean | null => pick([true, true, false, null]);
  const sure = (): boolean => random(4) === 0;
  const type = (): unknown => {
    if (random(10) === 0) return JSON.stringify(pick([null, [], 'text', 5, {}, { isTypeOf: 7 }]));
    return JSON.stringify({
      isTypeOf: `DataObjectType${pick(TYPES)}`,
      [pick(['video', 'channel'])]: id(),
      subtitle: 'x',
    });
  };
  const owner = (): string =>
    JSON.stringify(
      pick([
        { isTypeOf: 'NftOwnerMember', member: id() },
        { isTypeOf: 'NftOwnerChannel', channel: id() },
        {},
        [],
      ]),
    );
  const insert = async (table: string, row: Readonly<Record<string, unknown>>): Promise<void> => {
    await client.query('savepoint before');
    await put(client, table, row).catch(() => client.query('rollback to before'));
  };
  const bag = (): string =>
    pick([
      `dynamic:channel:${few()}`,
      `dynamic:channel:${few()}`,
      `dynamic:channel:${id()}`,
      'static:council',
    ]);
  const bucket = (): string => pick(['0:1', '0:2', '1:10', '1:9', id()]);
  switch (random(20)) {
    case 0:
    case 1:
      return insert('curator.channel', {
        id: id(),
        owner_member_id: pick([id(), id(), null]),
        is_public: flag(),
        is_excluded: sure(),
      });
    case 2:
    case 3:
      return insert('curator.video', {
        id: id(),
        channel_id: pick([id(), id(), null]),
        is_public: flag(),
        is_censored: sure(),
      });
    case 4:
    case 5:
    case 6:
      return insert('curator.storage_data_object', {
        id: id(),
        size: pick(['0', '20', '9007199254740992', '-1', '1.5', 'NaN']),
        storage_bag_id: pick([`dynamic:channel:${id()}`, `dynamic:channel:${id()}`, 'static:council', null]),
        ipfs_hash: pick(['hash', 'x'.repeat(101)]),
        type: type(),
      });
    case 7: {
      const video = id();
      return insert('curator.owned_nft', {
        id: video,
        video_id: video,
        owner: owner(),
        last_sale_price: pick(PRICES),
      });
    }
    case 8:
      return insert('public.token_channel', { id: id(), token_id: few(), channel_id: id() });
    case 9:
    case 10:
      return insert('public.token_account', {
        id: String(random(30)),
        token_id: few(),
        member_id: pick([few(), few(), null]),
        total_amount: random(3) === 0 ? (pick(PRICES) ?? '7') : String(random(100)),
        deleted: sure(),
      });
    case 11:
      return insert('public.membership', {
        id: id(),
        handle_raw: String(random(1e9)),
        controller_account: pick([address(random(5)), 'none']),
      });
    case 16:
      return insert('public.storage_bag', { id: bag(), owner: '{}' });
    case 17:
      return insert('public.storage_bucket_bag', {
        id: String(random(8)),
        storage_bucket_id: id(),
        bag_id: bag(),
      });
    case 18:
      return insert('public.distribution_bucket_bag', {
        id: String(random(8)),
        distribution_bucket_id: bucket(),
        bag_id: bag(),
      });
    case 19:
      if (random(2) === 0)
        return insert('public.distribution_bucket', {
          id: bucket(),
          bucket_index: 0,
          accepting_new_bags: true,
          distributing: sure(),
        });
      return insert('public.distribution_bucket_operator', {
        id: String(random(8)),
        distribution_bucket_id: bucket(),
        worker_id: random(9),
        status: pick(['ACTIVE', 'ACTIVE', 'INVITED']),
      });
    case 12: {
      const [table, assignment] = pick([
        ['curator.channel', 'is_excluded = not is_excluded'],
        ['curator.channel', `owner_member_id = '${String(random(4))}'`],
        ['curator.video', 'is_censored = not is_censored, views_num = views_num + 1'],
        ['curator.video', 'views_num = views_num + 1'],
        ['curator.video', `channel_id = '${String(random(8))}'`],
        [
          'curator.owned_nft',
          `owner = '${owner().replaceAll("'", '')}', last_sale_price = last_sale_price + 1`,
        ],
        ['public.token_account', 'total_amount = total_amount / 2'],
        ['public.token_account', 'deleted = not deleted'],
        ['public.distribution_bucket', 'distributing = not distributing'],
        ['public.distribution_bucket_operator', `status = 'ACTIVE'`],
        ['public.distribution_bucket_bag', `bag_id = '${bag()}'`],
        ['public.membership', `controller_account = '${address(random(5))}'`],
      ] as const);
      await client.query(
        `update ${table} set ${assignment} where ${pick(['true', `id = '${String(random(8))}'`])}`,
      );
      return;
    }
    case 13:
    case 14:
      await client.query(
        `delete from ${pick(TABLES)} where ${pick([`id = '${String(random(8))}'`, `id < '${String(random(8))}'`])}`,
      );
      return;
    default:
      if (random(12) === 0) await client.query(`truncate ${pick(TABLES)}`);
  }
}

const TABLES = [
  'curator.channel',
  'curator.video',
  'curator.storage_data_object',
  'curator.owned_nft',
  'public.token_channel',
  'public.token_account',
  'public.membership',
  'public.storage_bag',
  'public.storage_bucket_bag',
  'public.distribution_bucket_bag',
  'public.distribution_bucket',
  'public.distribution_bucket_operator',
];

/** A processor's transaction: some statements, and the height at its beginning, its end, or (somebody else's) not at all. */
export async function transact(pool: Pool, random: Random, height: number): Promise<boolean> {
  const kept = random(5) > 0;
  const order = random(3);
  const advance = (client: PoolClient): Promise<unknown> =>
    client.query('update squid_processor.status set height = $1 where id = 0 and height < $1', [height]);
  await inTransaction(pool, 'BEGIN', async (client) => {
    if (order === 0) await advance(client);
    for (let left = 1 + random(6); left > 0; left -= 1) await change(client, random);
    if (order === 1) await advance(client);
    if (!kept) throw new Error('rolled back');
  }).catch((error: unknown) => {
    // Uniqueness that is deferred shows at the end; two that run at once may stand in each other's way.
    const isExpected = error instanceof Error && /rolled back|duplicate key|deadlock/.test(error.message);
    if (!isExpected) throw error;
  });
  return kept;
}
