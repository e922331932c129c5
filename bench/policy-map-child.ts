import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as after } from 'node:timers/promises';
import { decide, type AccessRequest, type DecisionBase } from '../services/distributor/decide.ts';
import { Catalogue } from '../services/distributor/policy/catalogue.ts';
import { Knowledge } from '../services/distributor/policy/knowledge.ts';
import { createSight } from '../services/distributor/policy/sight.ts';
import { createLog } from '../shared/runtime/index.ts';
import {
  createRoleToken,
  generateKeyPair,
  keyId,
  verifyToken,
  type VerifiedToken,
} from '../shared/token/index.ts';
import {
  assetFact,
  contentHashOf,
  createWorld,
  expectedAnswer,
  factsOf,
  isForMembers,
  policyOf,
  type World,
} from './assets-fixture.ts';
import { race, type Contestant, type Times } from './harness.ts';

export interface Asked {
  readonly assets: number;
  /** In this order, whichever they are. */
  readonly wanted: readonly ('memory' | 'speed' | 'allocations' | 'pauses')[];
}

export interface Told {
  /** After a collection. */
  readonly rssBytes: number;
  /** Of the columns alone. */
  readonly columnBytes: number;
  readonly fillMs: number;
  readonly times: Readonly<Record<string, Times>>;
  /** Bytes a call. */
  readonly allocated: Readonly<Record<string, number>>;
  readonly pauses: readonly Pause[];
}

export interface Pause {
  readonly changes: number;
  /** The longest time for which nothing else in the process could run. */
  readonly pauseMs: number;
  readonly commitMs: number;
  readonly totalMs: number;
}

const NOW = 1_800_000_000;
const CHANGES = [100_000, 1_000_000] as const;
/** About what one read from a database's socket brings. */
const FACTS_PER_TURN = 500;
const CHECKS = 200_000;
/** Assets asked about in turn: as many different ones as keep the processor's caches from helping more than they would. */
const QUESTIONS = 2 ** 20;
const CALLS_PER_COUNT = 1_000_000;

process.on('message', (asked: Asked) => {
  void tell(asked).then(
    (told) => process.send?.(told),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function tell({ assets, wanted }: Asked): Promise<Told> {
  const dir = mkdtempSync(join(tmpdir(), 'panoptes-bench-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  process.on('SIGTERM', () => process.exit());
  using catalogue = Catalogue.create(join(dir, 'catalogue'));
  const knowledge = new Knowledge(generateKeyPair().publicKey, catalogue, createLog('bench', 'error'));
  const world = createWorld(assets);

  const start = performance.now();
  const draft = knowledge.draft('nothing');
  for (const fact of factsOf(world)) draft.take(fact);
  draft.commit();
  const fillMs = performance.now() - start;
  check(knowledge, world);

  let told: Told = { rssBytes: 0, columnBytes: 0, fillMs, times: {}, allocated: {}, pauses: [] };
  if (wanted.includes('memory'))
    told = { ...told, rssBytes: await rssBytes(), columnBytes: columnBytes(knowledge) };
  if (wanted.includes('speed')) {
    const options = { rounds: 9, roundMs: 300, log: () => undefined };
    told = { ...told, times: race(contestants(knowledge, world), options) };
  }
  if (wanted.includes('allocations'))
    told = { ...told, allocated: allocations(contestants(knowledge, world)) };
  if (wanted.includes('pauses')) {
    const pauses: Pause[] = [];
    for (const changes of CHANGES) pauses.push(await pause(knowledge, world, changes));
    told = { ...told, pauses };
  }
  return told;
}

/** Ids of the world in an order without a pattern, the same every time. */
function* someAssets({ assets }: World, seed = 1): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield Math.floor((state / 2 ** 32) * assets);
  }
}

const baseOf = ({ map, losses, revocations }: Knowledge): DecisionBase => ({
  map,
  losses,
  revocations,
  defaultPolicy: 'public',
});
const requestBy = (token: VerifiedToken | null): AccessRequest => ({
  token,
  method: 'GET',
  nowSec: NOW,
  distributorId: 'bench',
  ip: '192.0.2.1',
  proto: 'https',
  country: null,
  origin: null,
  referer: null,
  range: null,
});

/** Whether the map and the catalogue say what the world says; throws when not. */
function check(knowledge: Knowledge, world: World): void {
  const base = baseOf(knowledge);
  const request = requestBy(null);
  const ids = someAssets(world);
  if (decide(base, world.assets, request).allowed)
    throw new Error('an asset that is not there is handed out');
  for (let n = 0; n < Math.min(CHECKS, world.assets); n += 1) {
    const id = ids.next().value;
    const decision = decide(base, id, request);
    const answer = decision.allowed ? 'allowed' : decision.code;
    if (answer !== expectedAnswer(world, id)) throw new Error(`asset ${id} is answered ${answer}`);
    if (n % 100 === 0 && knowledge.catalogue.find(id)?.contentHash !== contentHashOf(id))
      throw new Error(`asset ${id} has another content hash`);
  }
}

async function rssBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await after(200);
  }
  return process.memoryUsage.rss();
}

function columnBytes(knowledge: Knowledge): number {
  let bytes = 0;
  for (const pages of Object.values(knowledge.map.contents().pages))
    for (const { flags, links, policies } of pages.values())
      bytes += flags.byteLength + links.byteLength + (policies?.byteLength ?? 0);
  return bytes;
}

/** What a distributor does with each request, for assets of each kind; which of them are asked about is worked out before. */
function contestants(knowledge: Knowledge, world: World): Record<string, Contestant> {
  const { map } = knowledge;
  const base = baseOf(knowledge);
  const sight = createSight();
  const nobody = requestBy(null);
  const member = requestBy(memberToken());
  const questions = (isWanted: (asset: number) => boolean): ((turn: number) => number) => {
    const wanted = new Uint32Array(QUESTIONS);
    const ids = someAssets(world);
    for (let n = 0; n < QUESTIONS;) {
      const id = ids.next().value;
      if (isWanted(id)) wanted[n++] = id;
    }
    return (turn) => wanted[turn % QUESTIONS] ?? 0;
  };
  const any = questions(() => true);
  const open = questions((asset) => expectedAnswer(world, asset) === 'allowed');
  const byPolicy = (isWanted: (policy: number) => boolean): ((turn: number) => number) =>
    questions((asset) => {
      const policy = policyOf(world, asset);
      return policy !== null && isWanted(policy);
    });
  const gated = byPolicy(isForMembers);
  const closed = byPolicy((policy) => !isForMembers(policy));
  const callsPerSample = 500;
  return {
    look: { work: (turn) => map.look(any(turn), sight), callsPerSample },
    open: { work: (turn) => decide(base, open(turn), nobody).allowed, callsPerSample },
    gated: { work: (turn) => decide(base, gated(turn), member).allowed, callsPerSample },
    refused: { work: (turn) => !decide(base, closed(turn), member).allowed, callsPerSample },
  };
}

/** What is left of a token once it is verified: the very object decisions get. */
function memberToken(): VerifiedToken {
  const keys = generateKeyPair();
  const claims = { iss: 'bench', sub: 'member:7', iat: NOW, exp: NOW + 900, jti: 'bench', blk: 1 };
  const token = createRoleToken({ ...claims, roles: [{ role: 'member', member: '7' }] }, keys);
  const { publicKey } = keys;
  const key = { publicKey, notBefore: NOW, notAfter: NOW + 900, revoked: false, roles: '*' } as const;
  const findKey = (kid: string) => (kid === keyId(publicKey) ? key : null);
  const lives = { leewaySec: 5, lifeSecMax: 1_800, gatewayLifeSecMax: 86_400 };
  return verifyToken(token, { keys: { findKey }, nowSec: NOW, ...lives });
}

/** No collection comes in between: the space for new objects is larger than what any of them could fill. */
function allocations(all: Readonly<Record<string, Contestant>>): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const [name, { work }] of Object.entries(all)) {
    const calls = name === 'refused' ? CALLS_PER_COUNT / 20 : CALLS_PER_COUNT;
    for (let turn = 0; turn < calls; turn += 1) work(turn);
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let turn = 0; turn < calls; turn += 1)
      if (!work(turn)) throw new Error(`${name} gave a wrong answer`);
    bytes[name] = (process.memoryUsage().heapUsed - before) / calls;
  }
  return bytes;
}

/** One transaction that changes so many assets all over the map, a turn of the event loop for each slice of it. */
async function pause(knowledge: Knowledge, world: World, changes: number): Promise<Pause> {
  const ids = someAssets(world, 2);
  const draft = knowledge.draft('known');
  let pauseMs = 0;
  let last = performance.now();
  const start = last;
  let commitMs = 0;
  let done = 0;
  while (done < changes) {
    for (const to = Math.min(done + FACTS_PER_TURN, changes); done < to; done += 1)
      draft.take(assetFact(world, ids.next().value, 'media'));
    await nextTurn();
    const now = performance.now();
    pauseMs = Math.max(pauseMs, now - last);
    last = now;
  }
  draft.commit();
  commitMs = performance.now() - last;
  await nextTurn();
  const end = performance.now();
  pauseMs = Math.max(pauseMs, end - last);

  const changed = someAssets(world, 2);
  for (let n = 0; n < Math.min(CHECKS, changes); n += 1) {
    const found = knowledge.map.findAsset(changed.next().value);
    if (found === null || 'flaw' in found || found.kind !== 'media')
      throw new Error('a change is not in the map');
  }
  return { changes, pauseMs, commitMs, totalMs: end - start };
}
