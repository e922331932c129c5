import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { decide, type Decision } from '../../services/distributor/decide.ts';
import { Catalogue } from '../../services/distributor/policy/catalogue.ts';
import { openFeed, type Feed } from '../../services/distributor/policy/feed.ts';
import { Knowledge } from '../../services/distributor/policy/knowledge.ts';
import { openOrCleanUp } from '../../shared/base/index.ts';
import { createPool } from '../../shared/db/index.ts';
import { generateKeyPair, type KeyPair } from '../../shared/token/index.ts';
import { request } from '../unit/decide-fixture.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A database, and ways to it that can be broken: one for reading, one for listening. */
export interface FeedBench extends AsyncDisposable {
  readonly db: TestDatabase;
  readonly reading: TcpProxy;
  readonly listening: TcpProxy;
  readonly root: KeyPair;
  /** Disposed with the rest. */
  open(options?: {
    readonly pollMs?: number;
    readonly checkMs?: number;
    /** The role that reads. */
    readonly as?: string;
  }): Promise<Feed>;
  /** Of the feed opened last. */
  cataloguePath(): string;
  /** What all feeds have logged, a JSON object a line. */
  readonly log: () => string;
  readonly sql: (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
}

export function startFeedBench(): Promise<FeedBench> {
  return openOrCleanUp(async (opened) => {
    const folder = opened.use(await createTemporaryFolder());
    const db = opened.use(await createTestDatabase());
    const { hostname: host, port } = new URL(db.url);
    const reading = opened.use(await startTcpProxy({ host, port: Number(port) }));
    const listening = opened.use(await startTcpProxy({ host, port: Number(port) }));
    const through = (proxy: TcpProxy): string => {
      const url = new URL(db.url);
      url.port = String(proxy.port);
      return url.href;
    };
    const lines: string[] = [];
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString('utf8'));
        done();
      },
    });
    const log = pino({ level: 'trace' }, sink);
    const root = generateKeyPair();
    let catalogues = 0;
    const cataloguePath = (): string => join(folder.path, `catalogue-${catalogues}`);
    return {
      db,
      reading,
      listening,
      root,
      open: async ({ as, ...options } = {}) => {
        const url = new URL(through(reading));
        if (as !== undefined) url.searchParams.set('options', `-c role=${as}`);
        const pool = createPool(url.href, log, { queryMsMax: 2_000 });
        opened.defer(() => pool.end());
        const databaseUrl = through(listening);
        catalogues += 1;
        const catalogue = Catalogue.create(cataloguePath());
        opened.defer(() => {
          catalogue[Symbol.dispose]();
          return Promise.resolve();
        });
        const knowledge = new Knowledge(root.publicKey, catalogue, log);
        const feed = opened.use(await openFeed({ pool, databaseUrl, knowledge, log, ...options }));
        await feed.current;
        return feed;
      },
      cataloguePath,
      log: () => lines.join(''),
      sql: async (text, values = []) =>
        (await db.pool.query<Record<string, unknown>>(text, [...values])).rows,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

/** What somebody without a token is told. */
export function answer({ knowledge: { map, losses, revocations } }: Feed, asset: number): string {
  const decision: Decision = decide(
    { map, losses, revocations, defaultPolicy: 'public' },
    asset,
    request(null),
  );
  if (decision.allowed) return 'public';
  return decision.reason === 'incomplete' ? 'incomplete' : decision.code;
}
