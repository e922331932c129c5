import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAtPort } from '../../services/devnet/ports.ts';
import { startServiceProcess, type ServiceProcess } from '../../services/devnet/process.ts';
import { startStorageNode, type StorageNode } from '../../services/devnet/storage/index.ts';
import { contentHash, openOrCleanUp, type Cleanup } from '../../shared/base/index.ts';
import { createClient, signerFromPair, type Client } from '../../shared/sdk/index.ts';
import { createSigningKey } from '../support/auth-node.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { openRealWorld, type RealWorld } from './real-world.ts';

const ENFORCED_MS_MAX = 60_000;
const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;

interface Services {
  readonly storage: StorageNode;
  readonly auth: ServiceProcess;
  readonly distributor: ServiceProcess;
}

/** The three services as processes, at the real runtime, with keyring wallets: from a signature to bytes and back out. */
export function describeNetwork(url: string, log: (line: string) => void): void {
  describe('the services at the real runtime', () => {
    let opened: (Services & AsyncDisposable & { readonly world: RealWorld }) | undefined;
    let owner: Client;
    let fan: Client;
    let ids: { owner: number; fan: number; channel: number; video: number; token: number };
    let media: string;
    const bytes = randomBytes(50_000);
    const services = () => opened!;

    const get = (token?: string) =>
      fetch(`${services().distributor.url}/api/v1/assets/${media}`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
    const codeOf = async (token?: string): Promise<unknown> => {
      const response = await get(token);
      const body = await response.arrayBuffer();
      return response.ok
        ? response.status
        : (JSON.parse(Buffer.from(body).toString()) as { code: unknown }).code;
    };
    const join = async (name: string): Promise<{ member: number; client: Client }> => {
      const { world, auth, distributor } = services();
      const controller = world.account(name);
      const { memberId: member } = await world.buyMembership({ handle: name, controller });
      const client = createClient({
        authUrl: auth.url,
        distributorUrls: [distributor.url],
        signer: signerFromPair(world.pair(controller)),
        member: String(member),
      });
      return { member, client };
    };

    beforeAll(async () => {
      opened = await openOrCleanUp(async (cleanup) => {
        const world = cleanup.use(await openRealWorld(url, log));
        return {
          ...(await startServices(url, cleanup)),
          world,
          [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
        };
      });
      const { world } = opened;
      const [first, second] = [await join('network owner'), await join('network fan')];
      [owner, fan] = [first.client, second.client];
      const { channel } = await world.createChannel({
        owner: { member: first.member },
        metadata: { title: 'a channel', isPublic: true },
      });
      const { video, assets } = await world.createVideo({
        channel,
        metadata: { isPublic: true, media: { size: bytes.length, hash: await contentHash(bytes) } },
        nft: { owner: null },
      });
      const { token } = await world.issueCreatorToken({
        channel,
        allocation: [
          { member: first.member, amount: 1_000 },
          { member: second.member, amount: 100 },
        ],
      });
      ids = { owner: first.member, fan: second.member, channel, video, token };
      media = String(assets.media);
      await opened.storage.put(media, bytes);
      await until('the distributor knows the video', async () => (await codeOf()) === 200, ENFORCED_MS_MAX);
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());

    it('a wallet signs in and gets the roles that it has, each with its facts', async () => {
      const { channel, video, token } = ids;
      const ask = [
        { role: 'channel_owner' as const, channel: String(channel) },
        { role: 'nft_owner' as const, video: String(video) },
        { role: 'crt_holder' as const, channel: String(channel) },
      ];
      expect(await owner.getToken(ask)).toMatchObject({
        granted: [
          { role: 'channel_owner', channel: String(channel) },
          { role: 'nft_owner', video: String(video), since: expect.any(Number) },
          { role: 'crt_holder', token: String(token), amount: '1000', since: expect.any(Number) },
        ],
        refused: [],
      });
      expect(await fan.getToken(ask)).toMatchObject({
        granted: [{ role: 'crt_holder', amount: '100' }],
        refused: [{ reason: 'not_owner' }, { reason: 'not_owner' }],
      });
    });

    it("a policy of the channel's owner opens a file to holders of its token, and to nobody else", async () => {
      const { channel, video } = ids;
      await owner.setPolicy(
        String(channel),
        { scope: 'video', id: String(video) },
        { v: 1, media: { anyOf: [{ role: 'nft_owner' }, { role: 'crt_holder', minAmount: '50' }] } },
      );
      await until('it is enforced', async () => (await codeOf()) === 'token_missing', ENFORCED_MS_MAX);
      expect(Buffer.from(await (await fan.fetchAsset(media)).arrayBuffer()).equals(bytes)).toBe(true);
    });

    it('who gives the tokens away is out with the token in hand; an NFT lets in again', async () => {
      const { world } = services();
      const role = { role: 'crt_holder' as const, channel: String(ids.channel) };
      const { token: attested } = await fan.getToken([role]);
      expect(await codeOf(attested!)).toBe(200);
      await world.transferCreatorToken({
        token: ids.token,
        from: ids.fan,
        to: [{ member: ids.owner, amount: 100 }],
      });
      await until(
        'the role is lost',
        async () => (await codeOf(attested!)) === 'role_outdated',
        ENFORCED_MS_MAX,
      );
      fan.refresh();
      expect(await fan.getToken([role])).toMatchObject({ token: null, refused: [{ reason: 'no_holding' }] });

      await world.offerNft({ video: ids.video, to: ids.fan, price: 200_000_000_000 });
      await world.acceptOffer({ video: ids.video });
      const bought = await fan.getToken([{ role: 'nft_owner', video: String(ids.video) }]);
      expect(bought).toMatchObject({
        granted: [{ role: 'nft_owner', value: '200000000000', since: expect.any(Number) }],
      });
      expect(await codeOf(bought.token!)).toBe(200);
    });
  });
}

async function startServices(chainUrl: string, cleanup: Cleanup): Promise<Services> {
  const folder = cleanup.use(await createTemporaryFolder());
  const database = cleanup.use(await createTestDatabase());
  const storage = cleanup.use(await startStorageNode({ dir: join(folder.path, 'storage') }));
  const { signingSeed, certificate, root } = createSigningKey();
  const start = (
    name: 'indexer' | 'auth' | 'distributor',
    settings: (port: number) => Record<string, string>,
  ) =>
    openAtPort(undefined, async (port) =>
      cleanup.use(
        await startServiceProcess(name, {
          PANOPTES_DATABASE_URL: database.url,
          PANOPTES_PORT: String(port),
          ...settings(port),
        }),
      ),
    );
  // This chain's clock moves with its blocks alone: it may be minutes behind ours without being stale.
  const patience = { PANOPTES_CHAIN_AGE_MS_MAX: '86400000' };
  await start('indexer', () => ({ PANOPTES_CHAIN_URL: chainUrl }));
  const auth = await start('auth', (port) => ({
    PANOPTES_CHAIN_URL: chainUrl,
    PANOPTES_PUBLIC_URL: `http://127.0.0.1:${String(port)}`,
    PANOPTES_SIGNING_SEED: hex(signingSeed),
    PANOPTES_CERTIFICATE: certificate,
    ...patience,
  }));
  const distributor = await start('distributor', () => ({
    PANOPTES_ROOT_KEY: hex(root.publicKey),
    PANOPTES_DISTRIBUTOR_ID: '0',
    PANOPTES_CACHE_DIR: join(folder.path, 'cache'),
    PANOPTES_STORAGE_URLS: storage.url,
    ...patience,
  }));
  for (const { name, url } of [auth, distributor]) {
    await until(`the ${name} is ready`, async () => (await fetch(`${url}/ready`)).ok, ENFORCED_MS_MAX);
  }
  return { storage, auth, distributor };
}
