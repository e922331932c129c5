import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCleanup } from '../../shared/base/index.ts';
import { findChromium, startBrowser } from '../support/browser.ts';
import {
  MEMBERS_ONLY,
  startTestDistributor,
  type TestAsset,
  type TestDistributor,
} from '../support/distributor.ts';
import { makeMp4, makeWebm, type Film } from '../support/films.ts';
import { openPlayer, playsMp4, startVideoSite, type Player, type PlayerOptions } from '../support/player.ts';
import { startScriptedSource } from '../support/scripted-source.ts';
import { until } from '../support/until.ts';

const program = findChromium();
const NO_H264 = 'this Chromium plays no H.264';

describe.skipIf(program === null)('a video in a browser', () => {
  const cleanup = createCleanup();
  let browser: Browser;
  let hasH264: boolean;
  let films: Readonly<Record<'WebM' | 'MP4' | 'MP4, its index last', Film>>;
  let node: TestDistributor;
  /** Of another origin than the distributor, on its site; of two other sites, one of which the operator named. */
  let pages: Readonly<Record<'near' | 'named' | 'strange', string>>;
  beforeAll(async () => {
    browser = await startBrowser(program ?? '');
    cleanup.defer(() => browser.close());
    hasH264 = await playsMp4(browser);
    const [webm, first, last] = await Promise.all([makeWebm(), makeMp4('first'), makeMp4('last')]);
    films = { WebM: webm, MP4: first, 'MP4, its index last': last };
    const { port } = cleanup.use(await startVideoSite());
    pages = {
      near: `http://127.0.0.1:${port}`,
      named: `http://named.localhost:${port}`,
      strange: `http://strange.localhost:${port}`,
    };
    node = cleanup.use(await startTestDistributor({ PANOPTES_ALLOWED_ORIGINS: pages.named }));
  });
  afterAll(() => cleanup[Symbol.asyncDispose]());

  const gated = ({ bytes }: Film, at = node): Promise<TestAsset> =>
    at.addAsset({ policy: MEMBERS_ONLY, bytes });
  const urlOf = ({ id }: TestAsset, token: string | null = null, at = node): string =>
    `${at.url}${token === null ? '' : `/t/${token}`}/api/v1/assets/${id}`;
  const viewer = (options: Partial<PlayerOptions> = {}): Promise<Player> =>
    openPlayer(browser, { pageUrl: pages.near, ...options });
  const late = ({ lengthSec }: Film): number => 0.8 * lengthSec + 2.35;
  const answers = async (outcome: string, at = node): Promise<number> => {
    const text = await (await fetch(`${at.url}/metrics`)).text();
    const line = new RegExp(`^panoptes_answers_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text);
    return Number(line?.[1] ?? 0);
  };
  const seeks = async (player: Player, film: Film, sec: number): Promise<void> => {
    expect([await player.seek(sec), await player.playedSec()]).toEqual(['fine', sec]);
    await until(`it shows second ${sec}`, async () => film.isOf(sec, await player.picture()));
  };

  it.for(['WebM', 'MP4', 'MP4, its index last'] as const)(
    'seeks ahead and back: %s',
    async (name, { skip }) => {
      skip(name !== 'WebM' && !hasH264, NO_H264);
      const film = films[name];
      const asset = await gated(film);
      await using player = await viewer();
      expect(await player.open(urlOf(asset, node.token()))).toBe('fine');
      const before = await answers('part');
      for (const sec of [late(film), 0.3 * film.lengthSec, late(film)]) await seeks(player, film, sec);
      expect(new Set(player.answered)).toEqual(new Set([206]));
      // Within a few megabytes a browser may as well read on to the place.
      if (film.bytes.length < 20_000_000) return;
      expect(Math.max(...player.asked)).toBeGreaterThan(film.bytes.length / 2);
      expect(await answers('part')).toBeGreaterThan(before);
    },
  );

  it.each(['in the query', 'in a cookie'])('with the token %s', async (where) => {
    const film = films.WebM;
    const [url, token] = [urlOf(await gated(film)), node.token()];
    const isInQuery = where === 'in the query';
    await using player = await viewer(isInQuery ? {} : { cookie: { url, token } });
    expect(await player.open(isInQuery ? `${url}?token=${token}` : url)).toBe('fine');
    await seeks(player, film, late(film));
  });

  it.each([undefined, 'use-credentials'] as const)(
    'with a cookie, in a page of another site that is named and in no other (crossorigin: %s)',
    async (crossOrigin) => {
      const film = films.WebM;
      const url = urlOf(await gated(film));
      const cookie = { url, token: node.token() };
      await using player = await viewer({ cookie, pageUrl: pages.named });
      expect(await player.open(url, crossOrigin)).toBe('fine');
      await seeks(player, film, late(film));
      await using other = await viewer({ cookie, pageUrl: pages.strange });
      expect(await other.open(url, crossOrigin)).toBe('not supported');
    },
  );

  it('is an error for who may not see it', async () => {
    const asset = await gated(films.WebM);
    const refused = [null, node.token({ scope: { assets: ['999'] } }), 'no-token'];
    for (const [at, token] of refused.entries()) {
      await using player = await viewer();
      expect(await player.open(urlOf(asset, token), at === 0 ? undefined : 'anonymous')).toBe(
        'not supported',
      );
      expect(player.answered).toEqual([[401, 403, 401][at]]);
    }
  });

  it.for(['hidden', 'gated otherwise', 'revoked'])('is %s while it plays', async (how, { skip }) => {
    skip(!hasH264, NO_H264);
    const film = films.MP4;
    const asset = await gated(film);
    const jti = how.replace(' ', '-');
    const url = urlOf(asset, node.token({ jti }));
    await using player = await viewer();
    expect(await player.open(url)).toBe('fine');
    await player.play();
    await until('it plays', async () => (await player.playedSec()) > 0.1);
    if (how === 'revoked') await node.revoke('jti', jti);
    if (how === 'hidden')
      await node.db.pool.query('update panoptes.channel set is_public = false where id = $1', [
        asset.channel,
      ]);
    if (how === 'gated otherwise')
      await node.db.pool.query('update panoptes.policy set document = $2 where id = $1', [
        asset.channel,
        JSON.stringify({ v: 1, '*': { role: 'council_member' } }),
      ]);
    await until('the node refuses', async () => !(await fetch(url, { method: 'HEAD' })).ok);
    expect(await player.seek(late(film))).toBe('network');
    // It has seen the refusal, and not a network that fails: it would try that again for half a minute.
    expect(player.answered).toContain(how === 'revoked' ? 401 : 403);
  });

  it('is asked about again by a browser that has kept it, and not shown once it is taken down', async ({
    skip,
  }) => {
    skip(!hasH264, NO_H264);
    await using own = await startTestDistributor({ PANOPTES_MAX_AGE_SEC: '0' });
    const film = films.MP4;
    const asset = await gated(film, own);
    const url = urlOf(asset, own.token(), own);
    await using player = await viewer();
    expect(await player.open(url)).toBe('fine');
    await seeks(player, film, late(film));
    const before = await answers('not_modified', own);
    await player.reload();
    expect(await player.open(url)).toBe('fine');
    await seeks(player, film, late(film));
    expect(await answers('not_modified', own)).toBeGreaterThan(before);

    await own.db.pool.query('update panoptes.channel set is_censored = true where id = $1', [asset.channel]);
    await until('the node refuses', async () => (await fetch(url, { method: 'HEAD' })).status === 451);
    await player.reload();
    expect(await player.open(url)).toBe('not supported');
  });

  it('is sought in while it arrives: where it is at once, and where it is not, once it is', async ({
    skip,
  }) => {
    skip(!hasH264, NO_H264);
    const film = films.MP4;
    const half = film.bytes.length / 2;
    await using source = await startScriptedSource();
    await using cold = await startTestDistributor({
      PANOPTES_STORAGE_URLS: source.url,
      PANOPTES_SOURCE_IDLE_MS_MAX: '60000',
    });
    const asset = await cold.addAsset({ policy: MEMBERS_ONLY, bytes: film.bytes, isMissing: true });
    await using player = await viewer();
    const opened = player.open(urlOf(asset, cold.token(), cold));
    const upstream = await source.next();
    await upstream.send(film.bytes.subarray(0, half), film.bytes.length);
    expect(await opened).toBe('fine');
    await seeks(player, film, 0.4 * film.lengthSec);

    const sought = seeks(player, film, late(film));
    await until('it has asked for more', () => player.asked.some((first) => first > half));
    await upstream.send(film.bytes.subarray(half));
    upstream.end();
    await sought;
    expect(source.requests).toBe(1);
  });
});
