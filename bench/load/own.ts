import { randomBytes } from 'node:crypto';
import type { Cleanup } from '../../shared/base/index.ts';
import { startServing, type BenchAsset } from '../serving.ts';
import { createPlan, REFUSALS, type Plan, type PlannedSettings } from './plan.ts';
import { pick, randomFrom, type Random } from './random.ts';

const ASSETS = 2_000;
const MEDIA_SHARE = 0.03;
const IMAGE_BYTES = { min: 10_000, max: 30_000 };
const MEDIA_BYTES = { min: 1_000_000, max: 4_000_000 };
const HOLDERS = 150;
const STRANGERS = 50;
const CHECKS_AT_ONCE = 16;

export interface Target {
  readonly urls: readonly string[];
  readonly plan: Plan;
}

/**
 * A distributor with its own Postgres and storage node, and a plan of what it has: images and some media, half of them
 * gated, the tokens of holders and of strangers. Every asset has been compared byte for byte, so all are cached.
 */
export async function startOwn(
  cleanup: Cleanup,
  settings: PlannedSettings,
  log: (line: string) => void,
): Promise<Target> {
  const assets = createAssets(randomFrom(settings.seed ?? 1));
  log(`starting Postgres, a storage node and a distributor with ${ASSETS} assets`);
  const { node, lead } = await startServing(cleanup, assets);
  const holders = Array.from({ length: HOLDERS }, (_, index) =>
    lead.token({ sub: `member:${index}`, jti: `holder-${index}` }),
  );
  const strangers = Array.from({ length: STRANGERS }, (_, index) => {
    const member = String(HOLDERS + index);
    return lead.token({
      ...{ sub: `member:${member}`, jti: `stranger-${index}`, roles: [{ role: 'member', member }] },
    });
  });
  log('comparing every byte of every asset');
  await check(node.url, assets, holders);
  const plan = createPlan({
    assets: assets.map(({ id, bytes, isGated }) => ({
      ...{ id: String(id), bytes: bytes.length, openTo: isGated ? ['holders'] : null, refusals: REFUSALS },
    })),
    tokens: { holders, strangers },
    shares: null,
    settings,
  });
  return { urls: [node.url], plan };
}

/** Pieces of the same random bytes: no two alike, and little memory for all of them. */
function createAssets(random: Random): readonly BenchAsset[] {
  const pool = randomBytes(MEDIA_BYTES.max + ASSETS);
  return Array.from({ length: ASSETS }, (_, index) => {
    const { min, max } = random() < MEDIA_SHARE ? MEDIA_BYTES : IMAGE_BYTES;
    const size = min + Math.floor(random() * (max - min));
    return { id: index + 1, bytes: pool.subarray(index, index + size), isGated: index % 2 === 1 };
  });
}

async function check(url: string, assets: readonly BenchAsset[], tokens: readonly string[]): Promise<void> {
  const random = randomFrom(1);
  const left = [...assets];
  const checkOnes = async (): Promise<void> => {
    for (let asset = left.pop(); asset !== undefined; asset = left.pop()) {
      const { id, bytes, isGated } = asset;
      const headers: HeadersInit = isGated ? { authorization: `Bearer ${pick(tokens, random)}` } : {};
      const response = await fetch(`${url}/api/v1/assets/${id}`, { headers });
      const body = Buffer.from(await response.arrayBuffer());
      if (response.status !== 200 || !body.equals(bytes))
        throw new Error(`asset ${id} is answered ${response.status}, or with other bytes`);
    }
  };
  await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, checkOnes));
}
