import type { Pool } from '../../shared/db/index.ts';

/** A row of each of our tables as text, without what only history says (`since`). */
export type Tables = Readonly<
  Record<
    'channel' | 'video' | 'asset' | 'nft' | 'holding' | 'membership' | 'bag' | 'bucket',
    readonly string[]
  >
>;

/** What our tables say. */
export async function readOurs(pool: Pool): Promise<Tables> {
  const lines = async (columns: string, table: string): Promise<string[]> => {
    const { rows } = await pool.query<{ line: string }>(
      `select concat_ws(' ', ${columns}) as line from panoptes.${table} order by 1`,
    );
    return rows.map(({ line }) => line).sort();
  };
  return {
    channel: await lines(
      `id, coalesce(owner_member::text, '-'), coalesce(creator_token::text, '-'), is_public, is_censored`,
      'channel',
    ),
    video: await lines('id, channel, is_public, is_censored', 'video'),
    asset: await lines(`id, channel, coalesce(video::text, '-'), kind, size, content_hash`, 'asset'),
    nft: await lines(`video, channel, coalesce(owner_member::text, '-'), coalesce(value::text, '-')`, 'nft'),
    holding: await lines('token, member, channel, amount', 'holding'),
    membership: await lines('id', 'membership'),
    bag: await lines('channel, stored_by, distributed_by', 'bag'),
    bucket: await lines('id, operators, is_accepting, is_distributing', 'bucket'),
  };
}

type Row = Readonly<Record<string, unknown>>;

const KINDS: Readonly<Record<string, string>> = {
  DataObjectTypeVideoMedia: 'media',
  DataObjectTypeVideoThumbnail: 'thumbnail',
  DataObjectTypeVideoSubtitle: 'subtitle',
  DataObjectTypeChannelAvatar: 'avatar',
  DataObjectTypeChannelCoverPhoto: 'cover',
};

/** An id as the chain writes it, or null. */
function idOf(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value);
  const isUsual = /^[0-9]{1,16}$/.test(text) && String(Number(text)) === text;
  return isUsual && Number.isSafeInteger(Number(text)) ? text : null;
}

const wholeOf = (value: unknown, max: bigint): string | null => {
  const text = String(value);
  return /^\d+(\.0+)?$/.test(text) && BigInt(text.split('.')[0]!) <= max ? text.split('.')[0]! : null;
};
const BYTES_MAX = 2n ** 53n - 1n;
const AMOUNT_MAX = 10n ** 39n - 1n;
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row)[name] : undefined;

/** What Orion's tables say, read one row at a time, knowing nothing of how they are followed. */
export async function readOrion(pool: Pool): Promise<Tables> {
  const all = async (table: string): Promise<Row[]> => (await pool.query<Row>(`select * from ${table}`)).rows;
  const tokens = await all('public.token_channel');
  const videos = await all('curator.video');
  const lines: Record<keyof Tables, string[]> = {
    channel: [],
    video: [],
    asset: [],
    nft: [],
    holding: [],
    membership: [],
    bag: [],
    bucket: [],
  };

  for (const c of await all('curator.channel')) {
    const [id, owner] = [idOf(c.id), idOf(c.owner_member_id)];
    if (id === null || (c.owner_member_id !== null && owner === null)) continue;
    const token = tokens.find((t) => t.channel_id === c.id);
    const isHidden = c.is_censored === true || c.is_excluded === true;
    lines.channel.push(
      [id, owner ?? '-', idOf(token?.token_id) ?? '-', flag(c.is_public), flag(isHidden)].join(' '),
    );
  }
  for (const v of videos) {
    const [id, channel] = [idOf(v.id), idOf(v.channel_id)];
    if (id === null || channel === null) continue;
    lines.video.push(
      [id, channel, flag(v.is_public), flag(v.is_censored === true || v.is_excluded === true)].join(' '),
    );
  }
  for (const o of await all('curator.storage_data_object')) {
    const kind = KINDS[String(field(o.type, 'isTypeOf'))];
    const [id, size] = [idOf(o.id), wholeOf(o.size, BYTES_MAX)];
    if (id === null || size === null || kind === undefined || String(o.ipfs_hash).length > 100) continue;
    const isOfChannel = kind === 'avatar' || kind === 'cover';
    const bag = String(o.storage_bag_id);
    const own = idOf(field(o.type, 'channel'));
    const channel = own ?? (bag.startsWith('dynamic:channel:') ? idOf(bag.slice(16)) : null);
    const video = idOf(field(o.type, 'video'));
    if (channel === null || (isOfChannel ? own === null : video === null)) continue;
    lines.asset.push([id, channel, video ?? '-', kind, size, o.ipfs_hash].join(' '));
  }
  for (const n of await all('curator.owned_nft')) {
    const video = videos.find((v) => v.id === n.video_id);
    const [id, channel] = [idOf(n.video_id), idOf(video?.channel_id)];
    const type = field(n.owner, 'isTypeOf');
    const member = type === 'NftOwnerMember' ? idOf(field(n.owner, 'member')) : null;
    if (id === null || channel === null) continue;
    if (type !== 'NftOwnerChannel' && member === null) continue;
    const price = n.last_sale_price === null ? '-' : wholeOf(n.last_sale_price, AMOUNT_MAX);
    if (price === null) continue;
    lines.nft.push([id, channel, member ?? '-', price].join(' '));
  }
  const amounts = new Map<
    string,
    { token: string | null; member: string | null; channel: string | null; parts: unknown[] }
  >();
  for (const a of await all('public.token_account')) {
    const token = tokens.find((t) => t.token_id === a.token_id);
    if (a.deleted === true || !token || a.member_id === null) continue;
    const key = JSON.stringify([a.token_id, a.member_id]);
    const known = amounts.get(key) ?? {
      token: idOf(a.token_id),
      member: idOf(a.member_id),
      channel: idOf(token.channel_id),
      parts: [],
    };
    known.parts.push(a.total_amount);
    amounts.set(key, known);
  }
  for (const { token, member, channel, parts } of amounts.values()) {
    const wholes = parts.map((part) => wholeOf(part, AMOUNT_MAX));
    if (token === null || member === null || channel === null || wholes.includes(null)) continue;
    const sum = wholes.reduce((total, whole) => total + BigInt(whole ?? 0), 0n);
    if (sum <= AMOUNT_MAX) lines.holding.push([token, member, channel, sum].join(' '));
  }
  for (const m of await all('public.membership')) {
    const id = idOf(m.id);
    if (id !== null && String(m.controller_account).length > 40) lines.membership.push(id);
  }
  const [stored, distributed] = [
    await all('public.storage_bucket_bag'),
    await all('public.distribution_bucket_bag'),
  ];
  for (const { id: bag } of await all('public.storage_bag')) {
    const channel = idOf(/^dynamic:channel:(.*)$/s.exec(String(bag))?.[1]);
    if (channel === null) continue;
    const by = (rows: Row[], column: string, isOne: (id: string) => boolean): string =>
      `{${rows
        .filter((row) => row.bag_id === bag)
        .map((row) => String(row[column]))
        .filter(isOne)
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .join()}}`;
    const isStorage = (id: string): boolean => idOf(id) !== null;
    const isDistribution = (id: string): boolean => /^\d{1,9}:\d{1,9}$/.test(id);
    lines.bag.push(
      [
        channel,
        by(stored, 'storage_bucket_id', isStorage),
        by(distributed, 'distribution_bucket_id', isDistribution),
      ].join(' '),
    );
  }
  const operators = await all('public.distribution_bucket_operator');
  for (const bucket of await all('public.distribution_bucket')) {
    if (!/^\d{1,9}:\d{1,9}$/.test(String(bucket.id))) continue;
    const workers = operators
      .filter((row) => row.distribution_bucket_id === bucket.id && row.status === 'ACTIVE')
      .map((row) => Number(row.worker_id));
    const list = workers.sort((a, b) => a - b).join();
    lines.bucket.push(
      [bucket.id, `{${list}}`, flag(bucket.accepting_new_bags), flag(bucket.distributing)].join(' '),
    );
  }
  for (const entity of Object.values(lines)) entity.sort();
  return lines;
}

const flag = (value: unknown): string => (value === true ? 't' : 'f');
