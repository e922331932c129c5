import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { startStorageNode, type StorageNode } from '../../services/devnet/storage/index.ts';
import { contentHash, openOrCleanUp } from '../../shared/base/index.ts';
import { inTransaction, type PoolClient } from '../../shared/db/index.ts';
import {
  bytesToHex,
  createCertificate,
  createRoleToken,
  encodeBase64url,
  generateKeyPair,
  keyId,
  type RoleClaim,
} from '../../shared/token/index.ts';
import { createOrion, put } from '../support/orion.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { address } from '../support/random-orion.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** An Orion database, `panoptes attach` run on it as an operator does, and a distributor process that reads nothing else. */
interface Gateway extends AsyncDisposable {
  readonly db: TestDatabase;
  readonly storage: StorageNode;
  readonly distributor: ServiceProcess;
  readonly settings: Readonly<Record<string, string>>;
  /** A token of this member with these roles, read from the chain at block `blk`. */
  token(member: string, blk: number, roles: readonly RoleClaim[]): string;
}

const operate = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [
    fileURLToPath(new URL('../../services/operator/bin.js', import.meta.url)),
    ...args,
  ]);

const startGateway = (): Promise<Gateway> =>
  openOrCleanUp(async (opened) => {
    const folder = opened.use(await createTemporaryFolder());
    const db = opened.use(await createOrion());
    const storage = opened.use(await startStorageNode({ dir: join(folder.path, 'storage') }));
    await operate('attach', '--source', 'orion', '--database-url', db.url);

    const [root, signing] = [generateKeyPair(), generateKeyPair()];
    const kid = keyId(signing.publicKey);
    const key = encodeBase64url(signing.publicKey);
    const certificate = createCertificate({ kid, key, roles: '*', nbf: 0, exp: 4_000_000_000 }, root);
    await db.pool.query('insert into panoptes.signing_key (kid, certificate) values ($1, $2)', [
      kid,
      certificate,
    ]);
    const settings = {
      PANOPTES_PORT: '0',
      PANOPTES_DATABASE_URL: db.url,
      PANOPTES_ROOT_KEY: bytesToHex(root.publicKey),
      PANOPTES_DISTRIBUTOR_ID: 'test',
      PANOPTES_CACHE_DIR: join(folder.path, 'cache'),
      PANOPTES_STORAGE_URLS: storage.url,
    };
    const distributor = opened.use(await startServiceProcess('distributor', settings));
    return {
      db,
      storage,
      distributor,
      settings,
      token: (member, blk, roles) => {
        const nowSec = Math.floor(Date.now() / 1000);
        const jti = randomBytes(8).toString('hex');
        return createRoleToken(
          {
            iss: 'test',
            sub: `member:${member}`,
            iat: nowSec,
            exp: nowSec + 600,
            jti,
            blk,
            roles: [...roles],
          },
          signing,
        );
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

let height = 100;
/** What a processor does with a block: one transaction, the height first. */
async function processBlock(work: (client: PoolClient) => Promise<unknown>): Promise<number> {
  height += 1;
  await inTransaction(gateway.db.pool, 'BEGIN', async (client) => {
    await client.query('update squid_processor.status set height = $1 where id = 0', [height]);
    await put(client, 'curator.event', {
      id: `${height}-x`,
      in_block: height,
      index_in_block: 0,
      timestamp: new Date(),
      data: '{}',
    });
    await work(client);
  });
  return height;
}

let lastId = 1_000;
/** A channel of member 7 with a video, its files of every kind, an NFT of member 7 and a creator token that member 7 holds. */
async function publish(row: { readonly isPublic?: boolean } = {}) {
  const base = (lastId += 10);
  const [channel, video, token] = [String(base), String(base + 1), String(base + 2)];
  const kinds = {
    media: { type: 'VideoMedia', video },
    thumbnail: { type: 'VideoThumbnail', video },
    subtitle: { type: 'VideoSubtitle', video, subtitle: `${video}-en` },
    avatar: { type: 'ChannelAvatar', channel },
    cover: { type: 'ChannelCoverPhoto', channel },
  };
  const assets: Record<string, string> = {};
  const bytes = randomBytes(3_000);
  await processBlock(async (client) => {
    // In the order in which Orion writes: data objects before the video that they are of.
    for (const [at, [kind, { type, ...of }]] of Object.entries(kinds).entries()) {
      const id = String(base + 3 + at);
      assets[kind] = id;
      await gateway.storage.put(id, bytes);
      await put(client, 'curator.storage_data_object', {
        id,
        size: bytes.length,
        storage_bag_id: `dynamic:channel:${channel}`,
        ipfs_hash: await contentHash(bytes),
        type: { isTypeOf: `DataObjectType${type}`, ...of },
      });
    }
    await put(client, 'curator.channel', { id: channel, owner_member_id: '7', is_public: true });
    await put(client, 'curator.video', { id: video, channel_id: channel, is_public: row.isPublic ?? true });
    await put(client, 'curator.owned_nft', { id: video, video_id: video, owner: memberOwner('7') });
    await put(client, 'public.token_channel', { id: channel, token_id: token, channel_id: channel });
    await put(client, 'public.token_account', {
      id: token,
      token_id: token,
      member_id: '7',
      total_amount: 500,
    });
  });
  return { channel, video, token, assets: assets as Record<keyof typeof kinds, string>, bytes };
}

const memberOwner = (member: string) => ({ isTypeOf: 'NftOwnerMember', member });

async function answer(asset: string, token?: string): Promise<string> {
  const response = await fetch(`${gateway.distributor.url}/api/v1/assets/${asset}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  if (response.status === 200) {
    await response.arrayBuffer();
    return '200';
  }
  return `${response.status} ${((await response.json()) as { code: string }).code}`;
}

const becomes = (expected: string, asset: string, token?: string): Promise<void> =>
  until(`${asset} is ${expected}`, async () => (await answer(asset, token)) === expected);

const setPolicy = (video: string, rule: object): Promise<unknown> =>
  gateway.db.pool.query(
    `insert into panoptes.policy (scope, id, document, updated_by) values ('video', $1, $2, 'test')`,
    [video, { v: 1, '*': rule }],
  );

it('JOY-4: what Orion’s processor writes is what a distributor serves, with nothing in between', async () => {
  const { assets, bytes } = await publish();
  for (const asset of Object.values(assets)) await becomes('200', asset);
  const response = await fetch(`${gateway.distributor.url}/api/v1/assets/${assets.media}`);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
});

it('JOY-4: what is not public, censored by the network, or excluded by the gateway’s operator, is for insiders', async () => {
  const { channel, video, assets } = await publish({ isPublic: false });
  const owner = gateway.token('7', height, [{ role: 'channel_owner', channel }]);
  const stranger = gateway.token('70', height, [{ role: 'member', member: '70' }]);
  const ofVideo = [assets.media, assets.thumbnail, assets.subtitle];
  for (const asset of ofVideo) await becomes('403 not_public', asset, stranger);
  for (const asset of ofVideo) await becomes('200', asset, owner);
  await becomes('200', assets.avatar);

  const set = (table: string, id: string, assignment: string) =>
    processBlock((client) => client.query(`update ${table} set ${assignment} where id = $1`, [id]));
  await set('curator.video', video, 'is_public = true');
  for (const asset of ofVideo) await becomes('200', asset);
  await set('curator.video', video, 'is_censored = true');
  for (const asset of ofVideo) await becomes('451 censored', asset, stranger);
  await set('curator.video', video, 'is_censored = false');
  for (const asset of ofVideo) await becomes('200', asset);
  // The operator, through Orion's API: no block, no processor.
  await gateway.db.pool.query('update curator.channel set is_excluded = true where id = $1', [channel]);
  for (const asset of Object.values(assets)) await becomes('451 censored', asset, stranger);
  await gateway.db.pool.query('update curator.channel set is_excluded = false where id = $1', [channel]);
  for (const asset of Object.values(assets)) await becomes('200', asset);
});

it('JOY-4: a role that ends counts for nothing in tokens already out, and the next holder’s counts', async () => {
  const { channel, video, token, assets } = await publish();
  await processBlock((client) =>
    put(client, 'public.membership', { id: '70', handle_raw: '70', controller_account: address(70) }),
  );
  await setPolicy(video, {
    anyOf: [{ role: 'nft_owner' }, { role: 'crt_holder', minAmount: '100' }, { role: 'member' }],
  });
  const nft = gateway.token('7', height, [{ role: 'nft_owner', channel, video }]);
  const held = gateway.token('7', height, [{ role: 'crt_holder', channel, token, amount: '500' }]);
  const person = gateway.token('70', height, [{ role: 'member', member: '70' }]);
  await becomes('401 token_missing', assets.media);
  for (const each of [nft, held, person]) await becomes('200', assets.media, each);

  const sold = await processBlock((client) =>
    client.query(
      'update curator.owned_nft set owner = $2, last_sale_price = 900, last_sale_date = now() where id = $1',
      [video, memberOwner('8')],
    ),
  );
  await becomes('401 role_outdated', assets.media, nft);
  await becomes('200', assets.media, gateway.token('8', sold, [{ role: 'nft_owner', channel, video }]));
  await processBlock((client) =>
    client.query('update public.token_account set total_amount = 400 where id = $1', [token]),
  );
  await becomes('401 role_outdated', assets.media, held);
  await processBlock((client) =>
    client.query(`update public.membership set controller_account = $1 where id = '70'`, [address(71)]),
  );
  await becomes('401 role_outdated', assets.media, person);
});

it('JOY-4: a transaction counts as a whole or not at all; what is gone is gone', async () => {
  const { channel, video, assets } = await publish();
  await becomes('200', assets.media);
  await expect(
    processBlock(async (client) => {
      await client.query('update curator.video set is_censored = true where id = $1', [video]);
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  await processBlock((client) =>
    client.query('delete from curator.storage_data_object where id = $1', [assets.cover]),
  );
  await becomes('404 not_found', assets.cover);
  expect(await answer(assets.media)).toBe('200');
  // A row that nobody understands closes its own video and nothing else.
  await processBlock((client) =>
    client.query(`update curator.video set channel_id = '-5' where id = $1`, [video]),
  );
  await until('it is closed', async () => (await answer(assets.media)) !== '200');
  expect(await answer(assets.avatar)).toBe('200');
  await processBlock((client) =>
    client.query('update curator.video set channel_id = $2 where id = $1', [video, channel]),
  );
  await becomes('200', assets.media);
  await processBlock((client) => client.query('delete from curator.video where id = $1', [video]));
  await until('it is closed', async () => (await answer(assets.media)) !== '200');
});

it('JOY-4: when the processor dies, only what is public is served on, until it is back', async () => {
  const { video, assets } = await publish();
  await setPolicy(video, { role: 'member' });
  const person = gateway.token('7', height, [{ role: 'member', member: '7' }]);
  await becomes('200', assets.media, person);
  // Nothing was heard of the processor for an hour.
  await gateway.db.pool.query(`update panoptes.chain set seen_at = now() - interval '1 hour'`);
  await becomes('503 policy_stale', assets.media, person);
  expect(await answer(assets.avatar)).toBe('200');
  await processBlock(() => Promise.resolve());
  await becomes('200', assets.media, person);
});
