import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext } from 'playwright-core';
import { FILM_SIZE } from './films.ts';

type CookieToSet = Parameters<BrowserContext['addCookies']>[0][number];

/** A website whose pages hold one video element, at 127.0.0.1 and at every name under `localhost`. */
export interface VideoSite extends AsyncDisposable {
  readonly port: number;
}

export async function startVideoSite(): Promise<VideoSite> {
  const { width, height } = FILM_SIZE;
  const page = `<!doctype html><video muted preload="metadata" width="${width}" height="${height}"></video>`;
  const server = createServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(page),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The code of a media element's error (HTML, 4.8.11.1), in words. */
const OUTCOMES = ['fine', 'aborted', 'network', 'decode', 'not supported'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** A video element in a page. */
export interface Player extends AsyncDisposable {
  /** The first byte of each range the element has asked for. */
  readonly asked: readonly number[];
  /** The status of each answer to that. */
  readonly answered: readonly number[];
  /** `<video src crossorigin>`; resolves when there is a picture, or when there will be none. */
  open(src: string, crossOrigin?: 'anonymous' | 'use-credentials'): Promise<Outcome>;
  /** Resolves when it is there, or when it never gets there. */
  seek(sec: number): Promise<Outcome>;
  play(): Promise<void>;
  /** The page anew, with an empty element; the browser keeps what it has kept. */
  reload(): Promise<void>;
  playedSec(): Promise<number>;
  /** What one sees. */
  picture(): Promise<Buffer>;
}

export interface PlayerOptions {
  readonly pageUrl: string;
  /** A token that the browser has as a cookie of this distributor's. */
  readonly cookie?: { readonly url: string; readonly token: string };
}

/** A viewer with a browser profile of their own, at a page. */
export async function openPlayer(browser: Browser, { pageUrl, cookie }: PlayerOptions): Promise<Player> {
  const context = await browser.newContext();
  if (cookie) await context.addCookies([cookieFor(pageUrl, cookie)]);
  const page = await context.newPage();
  const asked: number[] = [];
  const answered: number[] = [];
  page.on('request', (request) => {
    const range = /^bytes=(\d+)-/.exec(request.headers().range ?? '');
    if (range) asked.push(Number(range[1]));
  });
  page.on('response', (response) => {
    if (response.request().resourceType() === 'media') answered.push(response.status());
  });
  await page.goto(pageUrl);
  const video = page.locator('video');

  const until = async (
    event: 'loadeddata' | 'seeked',
    change: Partial<Pick<HTMLVideoElement, 'crossOrigin' | 'src' | 'currentTime'>>,
  ): Promise<Outcome> => {
    const code = await video.evaluate(
      async (element: HTMLVideoElement, { event, change }) => {
        await new Promise((resolve) => {
          element.addEventListener(event, resolve, { once: true });
          element.addEventListener('error', resolve, { once: true });
          if (element.error === null) Object.assign(element, change);
          else resolve(null);
        });
        return element.error?.code ?? 0;
      },
      { event, change },
    );
    return OUTCOMES[code] ?? 'not supported';
  };
  return {
    asked,
    answered,
    open: (src, crossOrigin) => until('loadeddata', { ...(crossOrigin ? { crossOrigin } : {}), src }),
    seek: (sec) => until('seeked', { currentTime: sec }),
    play: () => video.evaluate((element: HTMLVideoElement) => element.play()),
    reload: async () => {
      await page.reload();
    },
    playedSec: () => video.evaluate((element: HTMLVideoElement) => element.currentTime),
    picture: () => video.screenshot(),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Browsers send cookies to another site than the page's only where they were set for just that page's site. */
function cookieFor(
  pageUrl: string,
  { url, token: value }: { readonly url: string; readonly token: string },
): CookieToSet {
  const [page, at] = [new URL(pageUrl), new URL(url)];
  const cookie = { name: 'panoptes', value };
  if (page.hostname === at.hostname) return { ...cookie, url, sameSite: 'Lax' };
  const partitionKey = `${page.protocol}//${page.hostname}`;
  return { ...cookie, url: `https://${at.hostname}/`, sameSite: 'None', secure: true, partitionKey };
}

const H264 = 'video/mp4; codecs="avc1.4d401e"';

/** Whether this browser has what its makers must pay for. */
export async function playsMp4(browser: Browser): Promise<boolean> {
  const page = await browser.newPage();
  const answer = await page.evaluate((type) => document.createElement('video').canPlayType(type), H264);
  await page.close();
  return answer !== '';
}
