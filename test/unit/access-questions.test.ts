import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { LATER, type Gate } from '../../services/distributor/access/gate.ts';
import type { Decision } from '../../services/distributor/decide.ts';
import { createAccessHandlers } from '../../services/distributor/routes/access.ts';
import { createServer } from '../../shared/http/index.ts';
import type { Needs } from '../../shared/policy/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import {
  ACCESS_IDS_MAX,
  ACCESS_NEEDS_CHARS_MAX,
  AccessQuery,
  type AccessAnswers,
} from '../../shared/wire/index.ts';

const REFUSED: Decision = { allowed: false, code: 'token_missing', needs: () => [[{ role: 'member' }]] };
const ids = (count: number): string[] => Array.from({ length: count }, (_one, id) => String(id));

type App = ReturnType<typeof createServer>;
let app: App;
afterEach(() => app.close());

/** The route over decisions that are given. */
function serve(gate: Partial<Gate>): App {
  app = createServer({ log: createLog('test', 'silent'), bodyBytesMax: 65_536 });
  const { many } = createAccessHandlers({
    gate: {
      judge: () => REFUSED,
      glance: () => null,
      turn: () => Promise.resolve(),
      mayGoOn: () => false,
      isStale: () => false,
      ...gate,
    },
    findObject: () => null,
    age: { position: {}, policyAgeMs: () => 0, chainAgeMs: () => 0, knownAgeMs: () => 0 },
    facts: {
      distributorId: 'here',
      names: { cookie: 'panoptes', query: 'token', cookieOrigins: [] },
      countryHeader: null,
      isTrustedProxy: () => false,
    },
    clock: Date.now,
  });
  app.post('/', { schema: { body: AccessQuery } }, many);
  return app;
}
const ask = (payload: object, remoteAddress = '127.0.0.1') =>
  app.inject({ method: 'POST', url: '/', payload, remoteAddress });

describe('a question about many assets', () => {
  it('is about so many, each once', async () => {
    serve({});
    expect((await ask({ ids: ids(ACCESS_IDS_MAX) })).statusCode).toBe(200);
    expect((await ask({ ids: ids(ACCESS_IDS_MAX + 1) })).statusCode).toBe(400);
    expect((await ask({ ids: ['1', '2', '1'] })).statusCode).toBe(400);
  });

  it('is told what it needs as long as that is short enough, and asks for the rest one by one', async () => {
    const long: Needs = [[{ origin: [`https://${'a'.repeat(ACCESS_NEEDS_CHARS_MAX / 10)}.example`] }]];
    serve({ judge: () => ({ ...REFUSED, needs: () => long }) });
    const answer = await ask({ ids: ids(50) });
    expect(answer.body.length).toBeLessThan(ACCESS_NEEDS_CHARS_MAX + 50 * 100);
    const { assets } = answer.json<AccessAnswers>();
    expect(assets.map(({ id }) => id)).toEqual(ids(50));
    assets.forEach((one, index) => {
      expect(one).toMatchObject({ allowed: false, code: 'token_missing' });
      expect('needs' in one, one.id).toBe(index < 9);
    });
  });

  it('is given up when nobody waits for the answer any more', async () => {
    let judged = 0;
    let closed = (): void => undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    serve({
      judge: () => {
        judged += 1;
        return judged === 1 ? LATER : REFUSED;
      },
      // The client goes away while its token waits for its turn.
      turn: async () => {
        client.destroy();
        await isClosed;
      },
    });
    app.server.on('connection', (socket) => socket.once('close', closed));
    const url = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
    const body = JSON.stringify({ ids: ids(100) });
    const client = connect(Number(url.port), url.hostname);
    client.on('error', () => undefined);
    client.write(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await expect.poll(() => judged, { timeout: 10_000 }).toBe(2);
    await ask({ ids: ['1'] });
    expect(judged).toBe(3);
  });

  it('waits for no more others than there may be: 429', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let waiting = 0;
    serve({
      judge: () => (waiting < 0 ? REFUSED : LATER),
      turn: () => {
        waiting += 1;
        return released;
      },
    });
    // Eight places each, whatever address of its network somebody has.
    const networks = ['192.0.2.1', '192.0.2.2', '2001:db8:1:1', '2001:db8:1:2'];
    const asked = networks.flatMap((network) =>
      Array.from({ length: 10 }, (_, at) =>
        ask({ ids: ['1'] }, network.includes(':') ? `${network}::${at}` : network),
      ),
    );
    await expect.poll(() => waiting, { timeout: 10_000 }).toBe(32);
    waiting = -1;
    release();
    const statuses = (await Promise.all(asked)).map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 200)).toHaveLength(32);
    expect(statuses.filter((status) => status === 429)).toHaveLength(8);
    expect((await ask({ ids: ['1'] })).statusCode).toBe(200);
  });
});
