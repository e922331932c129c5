import { createHash } from 'node:crypto';
import { contentHash } from '../../shared/base/index.ts';
import type { Pool } from '../../shared/db/index.ts';
import type { Random } from '../support/random-tables.ts';

export interface SoakAsset {
  readonly id: number;
  readonly channel: number;
  readonly bytes: Buffer;
  readonly hash: string;
}

/** What a channel's owner and moderators say of it. */
export interface ChannelState {
  readonly isPublic: boolean;
  readonly isCensored: boolean;
  readonly rule: 'public' | 'member' | 'holder';
}

/** A state, and when it may first have counted and must have been the tables'. `performance.now()`s. */
export interface Version {
  readonly state: ChannelState;
  readonly sentAt: number;
  doneAt: number;
}

export const CHANNELS = 24;
const ASSETS_PER_CHANNEL = 8;
const SIZES = [700, 20_000, 20_000, 120_000, 400_000, 1_500_000];
const VERSIONS_MAX = 200;

/** Documents in words of their own: the oracle reads `rule`, the distributor reads these. */
const DOCUMENTS = {
  public: { v: 1, '*': { public: true } },
  member: { v: 1, '*': { role: 'member' } },
  holder: { v: 1, '*': { role: 'crt_holder', minAmount: '100' } },
} as const;

/** Everything that can be asked for, and everything that was ever said of it lately. */
export class World {
  readonly assets: readonly SoakAsset[];
  readonly #history: Version[][];

  private constructor(assets: readonly SoakAsset[], history: Version[][]) {
    this.assets = assets;
    this.#history = history;
  }

  static async create(pool: Pool): Promise<World> {
    const assets: SoakAsset[] = [];
    const history: Version[][] = [];
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      const state: ChannelState = { isPublic: true, isCensored: false, rule: 'public' };
      await write(pool, channel, state);
      history.push([{ state, sentAt: 0, doneAt: performance.now() }]);
      for (let index = 0; index < ASSETS_PER_CHANNEL; index += 1) {
        const id = channel * ASSETS_PER_CHANNEL + index;
        const bytes = noise(id, SIZES[id % SIZES.length] ?? 0);
        const hash = await contentHash(bytes);
        await pool.query(
          `insert into panoptes.asset (id, channel, kind, size, content_hash) values ($1, $2, 'cover', $3, $4)`,
          [id, channel, bytes.length, hash],
        );
        assets.push({ id, channel, bytes, hash });
      }
    }
    return new World(assets, history);
  }

  /** Changes one channel; tries until the database has taken it. */
  async change(
    pool: Pool,
    random: Random,
    insist: (work: () => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    const channel = random(CHANNELS);
    const state: ChannelState = {
      isPublic: random(5) > 0,
      isCensored: random(6) === 0,
      rule: (['public', 'member', 'holder'] as const)[random(3)] ?? 'public',
    };
    const version = { state, sentAt: performance.now(), doneAt: Infinity };
    const versions = this.#history[channel] ?? [];
    versions.push(version);
    await insist(() => write(pool, channel, state));
    version.doneAt = performance.now();
    if (versions.length > VERSIONS_MAX) versions.splice(0, versions.length - VERSIONS_MAX);
  }

  /** Every state that may rightly have answered a request between two moments, if news takes up to `latencyMs`. */
  possible(channel: number, from: number, to: number, latencyMs: number): readonly ChannelState[] {
    const versions = this.#history[channel] ?? [];
    return versions
      .filter(({ sentAt }, index) => {
        const next = versions[index + 1];
        return sentAt <= to && (next === undefined || next.doneAt + latencyMs >= from);
      })
      .map(({ state }) => state);
  }

  /** Whether anything was said of a channel between two moments. */
  hasChanged(channel: number, from: number, to: number, latencyMs: number): boolean {
    return this.possible(channel, from, to, latencyMs).length > 1;
  }
}

async function write(
  pool: Pool,
  channel: number,
  { isPublic, isCensored, rule }: ChannelState,
): Promise<void> {
  await pool.query(
    `with policy as (
       insert into panoptes.policy (scope, id, document, updated_by) values ('channel', $1, $4, 'soak')
       on conflict (scope, id) do update set document = excluded.document
     )
     insert into panoptes.channel (id, owner_member, is_public, is_censored) values ($1, 1, $2, $3)
     on conflict (id) do update set is_public = excluded.is_public, is_censored = excluded.is_censored`,
    [channel, isPublic, isCensored, JSON.stringify(DOCUMENTS[rule])],
  );
}

/** Bytes that nothing compresses and nobody mixes up, the same in every run. */
function noise(seed: number, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < length; at += 64) parts.push(createHash('sha512').update(`${seed}/${at}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}
