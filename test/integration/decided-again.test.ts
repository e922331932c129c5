import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createGate } from '../../services/distributor/access/gate.ts';
import { createTokenVerifier } from '../../services/distributor/access/token-verifier.ts';
import type { AssetStore } from '../../services/distributor/assets/asset-store.ts';
import { createChunkPool } from '../../services/distributor/assets/chunk-pool.ts';
import type { ImageSizes } from '../../services/distributor/assets/image-sizes.ts';
import type { DataObject } from '../../services/distributor/assets/source.ts';
import { createFastPath } from '../../services/distributor/fast-path.ts';
import { FirstSights } from '../../services/distributor/limits/first-sights.ts';
import { PolicyMap } from '../../services/distributor/policy/policy-map.ts';
import { Revocations } from '../../services/distributor/policy/revocations.ts';
import { RoleLosses } from '../../services/distributor/policy/role-losses.ts';
import { createAssetSender } from '../../services/distributor/routes/asset-sender.ts';
import { createAssetHandler } from '../../services/distributor/routes/assets.ts';
import { createCors } from '../../services/distributor/routes/cors.ts';
import { createRawProblemSender } from '../../services/distributor/routes/raw-problem.ts';
import { createTally, type Tally } from '../../services/distributor/tally.ts';
import { systemClock } from '../../shared/base/index.ts';
import { AddressBudget } from '../../shared/http/index.ts';
import { createLog } from '../../shared/runtime/index.ts';
import { writes, type Writes } from '../support/map.ts';

const CHANNEL = { isPublic: true, isCensored: false, privilegeLevel: 0 };
const OBJECT: DataObject = { id: 1, size: 5, contentHash: 'one' };
const ETAG = `"${OBJECT.contentHash}"`;
const BYTES = Buffer.from('bytes');
const contentType = { type: 'image/png', disposition: 'inline', policy: null } as const;

let server: Server;
let write: Writes;
let tally: Tally;
/** What happens while the cache is looked at. */
let meanwhile: () => void;

/** The routes before one public asset, as they stand on a cache that is asked over a distance: a worker's. */
beforeEach(async () => {
  const map = new PolicyMap();
  write = writes(map);
  write.setChannel(1, CHANNEL);
  write.setAsset(1, { kind: 'cover', channel: 1, video: null });
  meanwhile = () => undefined;
  tally = createTally();
  const age = { position: {}, policyAgeMs: () => 0, chainAgeMs: () => 0, knownAgeMs: () => 0 };
  const gate = createGate({
    base: { map, losses: new RoleLosses(), revocations: new Revocations(), defaultPolicy: 'public' },
    age,
    verifier: createTokenVerifier({
      keys: { findKey: () => null },
      ...{ leewaySec: 5, lifeSecMax: 1_800, gatewayLifeSecMax: 86_400, tokensMax: 10, bytesMax: 100_000 },
    }),
    firstSights: new FirstSights({ shareMax: 1, burstMs: 1_000, waitingMax: 0 }),
    failures: new AddressBudget({ perSecMax: 0, burstSec: 1, addressesMax: 1 }),
    ...{ policyAgeMsMax: 1, chainAgeMsMax: 1, publicAgeMsMax: 1 },
  });
  const distant = async <T>(answer: T): Promise<T> => {
    await new Promise((resolve) => setImmediate(resolve));
    meanwhile();
    return answer;
  };
  const asset = { bytes: BYTES, contentType };
  const store: AssetStore = {
    findInMemory: () => null,
    peek: () => distant('hit'),
    open: () => distant({ cache: 'hit', content: asset }),
    memoryBytes: 0,
  };
  const images: ImageSizes = { open: () => store.open(OBJECT), stats: { bytes: 0, made: 0, failed: 0 } };
  const cors = createCors([]);
  const { answer } = createFastPath({
    handle: createAssetHandler({
      ...{ gate, store, images, age, cors, maxAgeSec: 60, clock: systemClock },
      sender: createAssetSender(tally, createChunkPool(0)),
      findObject: () => OBJECT,
      facts: {
        distributorId: 'here',
        names: { cookie: 'panoptes', query: 'token', cookieOrigins: [] },
        countryHeader: null,
        isTrustedProxy: () => false,
      },
    }),
    sendProblem: createRawProblemSender({ cors, tally, log: createLog('test', 'silent') }),
    prefix: '/t',
    isTrustedProxy: null,
  });
  server = createServer((incoming, response) => void answer(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function ask(
  method: string,
  more = '',
  etag?: string,
): Promise<readonly [status: number, of: string, caching: string]> {
  const { port } = server.address() as AddressInfo;
  const headers = etag === undefined ? {} : { 'if-none-match': etag };
  const asked = request({ port, method, path: `/api/v1/assets/1${more}`, headers, agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'close');
  const { etag: of = 'nothing', 'cache-control': caching = '' } = response.headers;
  return [response.statusCode ?? 0, of, caching];
}

it.each([
  ['whether it has changed', 'GET', '', ETAG, 304, 'not_modified'],
  ['whether it has changed, by HEAD', 'HEAD', '', ETAG, 304, 'not_modified'],
  ['for its head', 'HEAD', '', undefined, 200, 'head'],
  ['for its bytes', 'GET', '', undefined, 200, 'whole'],
  ['for it in another size', 'GET', '?size=tiny', undefined, 200, 'whole'],
] as const)(
  'who asks %s has it as things are when the cache has been looked at',
  async (_what, method, more, etag, status, outcome) => {
    const flips: readonly (readonly [number, string, () => void])[] = [
      [401, 'token_missing', () => write.setPolicy('channel', 1, { v: 1, '*': { role: 'member' } })],
      [451, 'censored', () => write.setChannel(1, { ...CHANNEL, isCensored: true })],
      [404, 'not_found', () => write.setAsset(1, null)],
    ];
    const caching = async (): Promise<string> => {
      const [given, , said] = await ask(method, more, etag);
      expect(given).toBe(status);
      return said;
    };
    expect(await caching()).toMatch(/^public, /);
    // Still allowed, but not for everybody's cache.
    meanwhile = () => write.setPolicy('channel', 1, { v: 1, '*': { before: 2 ** 33 } });
    expect(await caching()).toBe('private, no-cache');
    write.setPolicy('channel', 1, undefined);
    const counts = new Map<string, number>([[outcome, 2]]);
    for (const [refused, code, flip] of flips) {
      meanwhile = flip;
      // Not a word of what it is, and one answer.
      expect(await ask(method, more, etag)).toEqual([refused, 'nothing', 'no-store']);
      counts.set(code, 1);
      expect(new Map(tally.answers)).toEqual(counts);
      meanwhile = () => undefined;
      write.setPolicy('channel', 1, undefined);
      write.setChannel(1, CHANNEL);
    }
  },
);
