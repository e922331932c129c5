import { AccessDenied } from '../../../shared/sdk/index.ts';
import { generateKeyPair, narrowToken } from '../../../shared/token/index.ts';
import type { Demo, Person } from '../demo.ts';
import type { Network } from '../network.ts';
import { expectRefusal, expectSame, untilStatus } from './observe.ts';

/** One thing the network does, shown and checked. `run` answers what was observed and throws when it does not hold. */
export interface Step {
  readonly name: string;
  readonly title: string;
  /** Why it is so: the sentence a newcomer wants to read next to it. */
  readonly why: string;
  readonly run: (tour: Tour) => Promise<string[]>;
}

/** What steps share: the network, the demo, and the few things a later step needs of an earlier one. */
export interface Tour {
  readonly network: Network;
  readonly demo: Demo;
  /** The token with which the first holder played the video. */
  firstHolderToken: string | null;
}

const assetUrl = ({ network }: Tour, id: string): string => `${network.distributor.url}/api/v1/assets/${id}`;
const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
const ms = (duration: number): string => `${duration.toFixed(0)} ms`;

async function getTokenOf(
  person: Person,
  role: Parameters<Person['client']['getToken']>[0][number],
): Promise<string> {
  const { token, refused } = await person.client.getToken([role]);
  if (token === null) throw new Error(`${person.wallet.name} was refused: ${JSON.stringify(refused)}`);
  return token;
}

/** What an app can show somebody who may not have an asset. */
const told = (who: string, { refused }: AccessDenied): string[] => [
  `${who} is told what each role that would open it lacks (AccessDenied):`,
  ...refused.map(({ role, detail }) => `  ${role.role}: ${detail}`),
];

export const STEPS: readonly Step[] = [
  {
    name: 'policy',
    title: 'Ada, who owns the channel, says who may watch',
    why: 'The auth node reads the channel from the chain, sees that her account controls its owner, and signs a token; with it she may write the policy. It reaches every distributor through Postgres.',
    run: async (tour) => {
      const { network, demo } = tour;
      const { channel, video, policy, people } = demo;
      await people.ada.client.setPolicy(channel, { scope: 'video', id: video }, policy);
      const { afterMs } = await untilStatus('the video', () => fetch(assetUrl(tour, demo.assets.media)), 401);
      return [
        `PUT ${network.auth.url}/v1/policies/video/${video}: ${JSON.stringify(policy.media)}`,
        `enforced by the distributor after ${ms(afterMs)}`,
      ];
    },
  },
  {
    name: 'public',
    title: 'Anybody sees the thumbnail',
    why: 'Its policy is public: no token, and the bytes come from the cache the second time.',
    run: async (tour) => {
      const url = assetUrl(tour, tour.demo.assets.thumbnail);
      await untilStatus('the thumbnail', () => fetch(url), 200);
      const again = await fetch(url);
      expectSame('the thumbnail', [again.status, again.headers.get('x-cache')], [200, 'hit']);
      const bytes = (await again.arrayBuffer()).byteLength;
      return [
        `GET ${url} → 200, ${bytes} bytes of ${again.headers.get('content-type') ?? '?'}, x-cache: hit`,
      ];
    },
  },
  {
    name: 'gated',
    title: 'The film itself is refused, and the refusal says what would open it',
    why: 'Knowing an id grants nothing. `needs` lists alternatives, so an app can ask for exactly that token, or show "hold 100 to watch".',
    run: async (tour) => {
      const { media } = tour.demo.assets;
      const refusal = await expectRefusal(
        'the film',
        await fetch(assetUrl(tour, media)),
        401,
        'token_missing',
      );
      const needs = JSON.stringify(refusal.needs);
      if (!needs.includes('"nft_owner"') || !needs.includes('"minAmount":"100"'))
        throw new Error(`needs: ${needs}`);
      return [`GET ${assetUrl(tour, media)} → 401 token_missing`, `needs: ${needs}`];
    },
  },
  {
    name: 'stranger',
    title: 'Dan signs in, but holds 40 of the creator token, not 100',
    why: "The token states the fact (amount 40); the threshold is the policy's. A valid token without the right is still a refusal.",
    run: async (tour) => {
      const { people, assets, channel } = tour.demo;
      const token = await getTokenOf(people.dan, { role: 'crt_holder', channel });
      const response = await fetch(assetUrl(tour, assets.media), bearer(token));
      await expectRefusal('the film for Dan', response, 403, 'policy_denied');
      const denied = await people.dan.client.fetchAsset(assets.media).catch((error: unknown) => error);
      if (!(denied instanceof AccessDenied)) throw new Error(`The client did not refuse: ${String(denied)}`);
      return ['crt_holder token with amount 40 → 403 policy_denied', ...told('Dan', denied)];
    },
  },
  {
    name: 'holder',
    title: 'Cleo owns the NFT: her client reads `needs`, fetches the token, and plays by ranges',
    why: 'One wallet signature signs her session key; every further token needs only that key. The distributor checks signature and policy in memory.',
    run: async (tour) => {
      const { people, assets, media, video } = tour.demo;
      const { size } = media;
      const ranges = [
        `bytes=0-999`,
        `bytes=${Math.floor(size / 2)}-${Math.floor(size / 2) + 4_999}`,
        'bytes=-500',
      ];
      const seen: string[] = [];
      for (const range of ranges) {
        const response = await people.cleo.client.fetchAsset(assets.media, { headers: { range } });
        const contentRange = response.headers.get('content-range') ?? '';
        expectSame(range, response.status, 206);
        const [first, last] = contentRange.replace('bytes ', '').split('/')[0]?.split('-').map(Number) ?? [];
        const bytes = Buffer.from(await response.arrayBuffer());
        expectSame(range, bytes.equals(media.bytes.subarray(first, (last ?? 0) + 1)), true);
        seen.push(`Range: ${range} → 206 ${contentRange}`);
      }
      tour.firstHolderToken = await getTokenOf(people.cleo, { role: 'nft_owner', video });
      return seen;
    },
  },
  {
    name: 'sold',
    title: 'Cleo sells the NFT to Dan: her token dies within moments, his opens the film',
    why: 'The indexer sees the sale in a finalized block and writes that the role ended; in tokens older than that block it counts for nothing, long before they expire.',
    run: async (tour) => {
      const { network, demo } = tour;
      const { people, assets, video } = demo;
      const old = tour.firstHolderToken;
      if (old === null) throw new Error('Nobody played the film before.');
      const sale = await network.chain.world.buyNow({
        video: Number(video),
        price: 25_000,
        buyer: Number(people.dan.member),
      });
      await network.chain.finalized(sale.block);
      const { response, afterMs } = await untilStatus(
        'the old token',
        () => fetch(assetUrl(tour, assets.media), bearer(old)),
        401,
      );
      await expectRefusal('the old token', response, 401, 'role_outdated');
      people.cleo.client.refresh();
      const cleo = await people.cleo.client.fetchAsset(assets.media).catch((error: unknown) => error);
      if (!(cleo instanceof AccessDenied)) throw new Error('The film still opens for the seller.');
      people.dan.client.refresh();
      const dan = await people.dan.client.fetchAsset(assets.media);
      expectSame(
        'the film for Dan',
        [dan.status, (await dan.arrayBuffer()).byteLength],
        [200, demo.media.size],
      );
      return [
        `sold in block ${sale.block}; old token → 401 role_outdated ${ms(afterMs)} after finality`,
        ...told('Cleo asks again, and', cleo),
        'Dan, the new owner → 200',
      ];
    },
  },
  {
    name: 'hidden',
    title: 'Moderators hide the channel: only its owner and collaborators still see it',
    why: "Screening comes before every policy and covers every kind of asset. One write to the channel's row flips all of them at once.",
    run: async (tour) => {
      const { network, demo } = tour;
      const { people, assets, channel } = demo;
      await network.chain.world.hideChannel({ channel: Number(channel), hidden: true });
      const thumbnail = assetUrl(tour, assets.thumbnail);
      await untilStatus('the thumbnail for everybody', () => fetch(thumbnail), 451);
      const dan = await people.dan.client.fetchAsset(assets.media).catch((error: unknown) => error);
      if (!(dan instanceof AccessDenied)) throw new Error('A hidden film opens for its NFT owner.');
      const ada = await people.ada.client.fetchAsset(assets.media);
      const ben = await people.ben.client.fetchAsset(assets.thumbnail);
      expectSame('owner and collaborator', [ada.status, ben.status], [200, 200]);
      await network.chain.world.hideChannel({ channel: Number(channel), hidden: false });
      await untilStatus('the thumbnail once shown again', () => fetch(thumbnail), 200);
      return [
        'thumbnail, nobody → 451 censored',
        `film, Dan the NFT owner → ${dan.code}`,
        'film, Ada the owner → 200; thumbnail, Ben the collaborator → 200',
        'shown again: thumbnail, nobody → 200',
      ];
    },
  },
  {
    name: 'guest',
    title: 'Dan makes a link for a guest with no account; it cannot be widened',
    why: "He narrows a token offline with his session key: this film, five minutes. The guest's link holds no key to append to, and what is left after cutting the narrowing off is not a bearer token.",
    run: async (tour) => {
      const { demo } = tour;
      const { people, assets } = demo;
      const link = await people.dan.client.shareLink(assets.media);
      const token = /\/t\/([^/]+)\//.exec(link)?.[1] ?? '';
      const guest = await fetch(link);
      expectSame('the link', [guest.status, (await guest.arrayBuffer()).byteLength], [200, demo.media.size]);

      const elsewhere = await fetch(link.replace(`/assets/${assets.media}`, `/assets/${assets.subtitle}`));
      await expectRefusal('another asset', elsewhere, 403, 'restricted');
      const cut = await fetch(assetUrl(tour, assets.media), bearer(token.split('~')[0] ?? ''));
      const cutOff = await expectRefusal('the narrowing cut off', cut, 401, 'token_invalid');
      const [parent = '', block = ''] = token.split('~');
      const [header = '', , signature = ''] = block.split('.');
      const forged = `${parent}~${header}.${Buffer.from('{}').toString('base64url')}.${signature}`;
      const edited = await fetch(assetUrl(tour, assets.subtitle), bearer(forged));
      const editedRefusal = await expectRefusal('the narrowing edited', edited, 401, 'token_invalid');
      const appended = ((): string => {
        try {
          return narrowToken(token, {}, generateKeyPair());
        } catch (error) {
          return `refused: ${error instanceof Error ? error.message : String(error)}`;
        }
      })();
      expectSame('appending with another key', appended.startsWith('refused'), true);
      return [
        `${link.slice(0, 60)}… → 200 for somebody without an account`,
        'the same link for another asset → 403 restricted',
        `with the narrowing cut off → 401 token_invalid (${cutOff.reason ?? ''})`,
        `with the narrowing edited → 401 token_invalid (${editedRefusal.reason ?? ''})`,
        `with a block appended by the guest → ${appended}`,
      ];
    },
  },
];
