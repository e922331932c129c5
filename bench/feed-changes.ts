import { Agent, request } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import pg from 'pg';
import { assetOfChannel, expectedAnswer, HIDDEN, mediaOfVideo, type World } from './assets-fixture.ts';

/** Transactions at a steady rate, each of one row. */
export interface Changes {
  readonly databaseUrl: string;
  readonly nodeUrl: string;
  readonly world: World;
  readonly perSec: number;
  readonly seconds: number;
  /** Before that, and not counted. */
  readonly warmUpSec: number;
}

export interface ChangesResult {
  readonly perSec: number;
  /** How long the database took for each. */
  readonly commitMs: readonly number[];
  /** Of some: from hearing that the database has it until a distributor's answer, over HTTP, is the new one. */
  readonly enforcedMs: readonly number[];
  /** How long one answer takes: no change can be seen to count sooner. */
  readonly answerMs: readonly number[];
}

/** Something to change to and fro, and an asset whose answer without a token shows it. */
interface Target {
  readonly statement: { readonly name: string; readonly text: string };
  readonly values: readonly unknown[];
  readonly asset: number;
  readonly answer: string;
}

const CONNECTIONS = 8;
const TICK_MS = 2;
/** Of each so many changes one is watched, if none is being watched. */
const CHANGES_PER_PROBE = 7;
const ENFORCED_MS_MAX = 10_000;

const statement = (name: string, text: string): Target['statement'] => ({ name, text });
const STATEMENTS = {
  hideVideo: statement('hide video', 'update panoptes.video set is_censored = $2 where id = $1'),
  hideChannel: statement('hide channel', 'update panoptes.channel set is_censored = $2 where id = $1'),
  gate: statement(
    'gate',
    `insert into panoptes.policy (scope, id, document, updated_by)
     values ('video', $1, '{"v":1,"media":{"role":"member"}}', 'bench')`,
  ),
  open: statement('open', `delete from panoptes.policy where scope = 'video' and id = $1`),
};

process.on('message', (changes: Changes) => {
  void run(changes).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run({
  databaseUrl,
  nodeUrl,
  world,
  perSec,
  seconds,
  warmUpSec,
}: Changes): Promise<ChangesResult> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  const ask = createQuestion(nodeUrl);
  const commitMs: number[] = [];
  const enforcedMs: number[] = [];
  const answerMs: number[] = [];
  const targets = targetsOf(world);
  let watching: Promise<void> | null = null;
  const failures: unknown[] = [];
  const started: Promise<void>[] = [];

  let countFrom = 0;
  const count = (into: number[], from: number, to: number): void => {
    if (from >= countFrom) into.push(to - from);
  };

  const watch = async ({ asset, answer }: Target, committedAt: number): Promise<void> => {
    for (;;) {
      const askedAt = performance.now();
      const told = await ask(asset);
      const now = performance.now();
      count(answerMs, askedAt, now);
      if (told === answer) {
        count(enforcedMs, committedAt, now);
        return;
      }
      if (now - committedAt > ENFORCED_MS_MAX) throw new Error(`asset ${asset} is still answered ${told}`);
    }
  };
  const change = async (number: number): Promise<void> => {
    const target = targets.next().value;
    const sentAt = performance.now();
    const { rowCount } = await pool.query({ ...target.statement, values: [...target.values] });
    if (rowCount !== 1) throw new Error(`${target.statement.name} changed ${String(rowCount)} rows`);
    const committedAt = performance.now();
    count(commitMs, sentAt, committedAt);
    if (number % CHANGES_PER_PROBE !== 0 || watching !== null) return;
    watching = watch(target, committedAt).finally(() => (watching = null));
    await watching;
  };

  const total = perSec * (warmUpSec + seconds);
  const start = performance.now();
  countFrom = start + warmUpSec * 1_000;
  for (let number = 0; number < total && failures.length === 0;) {
    const due = Math.min(total, ((performance.now() - start) / 1_000) * perSec);
    for (; number < due; number += 1)
      started.push(change(number).catch((error: unknown) => void failures.push(error)));
    await after(TICK_MS);
  }
  await Promise.all(started);
  if (failures.length > 0) throw new Error('a change failed', { cause: failures[0] });
  const tookSec = (performance.now() - start) / 1_000;
  await pool.end();
  return { perSec: total / tookSec, commitMs, enforcedMs, answerMs };
}

/**
 * Videos that are hidden and shown, channels likewise, and policies that come and go: never the same one twice at once,
 * and none whose answer another one's change touches.
 */
function* targetsOf(world: World): Generator<Target, never> {
  /** What has been changed, and not back. */
  const changed = new Set<string>();
  const toggle = (what: string): boolean => {
    if (changed.delete(what)) return false;
    changed.add(what);
    return true;
  };
  const open = videosWhere(world, (video) => video % 2 === 0);
  const free = videosWhere(world, (video) => video % 2 === 1);
  const { of, at } = HIDDEN.channelNotPublic;
  for (let turn = 0; ; turn += 1) {
    if (turn % 10 < 7) {
      const video = open.next().value;
      const isHidden = toggle(`video ${video}`);
      yield {
        statement: STATEMENTS.hideVideo,
        values: [video, isHidden],
        asset: mediaOfVideo(video),
        answer: isHidden ? 'censored' : 'allowed',
      };
    } else if (turn % 10 < 9) {
      const video = free.next().value;
      const isGated = toggle(`policy ${video}`);
      yield {
        statement: isGated ? STATEMENTS.gate : STATEMENTS.open,
        values: [video],
        asset: mediaOfVideo(video),
        answer: isGated ? 'token_missing' : 'allowed',
      };
    } else {
      // Those of no public channel: nobody else's answers depend on it.
      const channel = at + of * (Math.floor(turn / 10) % Math.floor((world.channels - at) / of));
      const isHidden = toggle(`channel ${channel}`);
      yield {
        statement: STATEMENTS.hideChannel,
        values: [channel, isHidden],
        asset: assetOfChannel(channel),
        answer: isHidden ? 'censored' : 'token_missing',
      };
    }
  }
}

/** Such videos whose media are public, all over the ids, again and again. */
function* videosWhere(world: World, isWanted: (video: number) => boolean): Generator<number, never> {
  const { assets, videos } = world;
  // A prime that is no divisor of their number, which is 50 times the channels'.
  for (let video = 0; ; video = (video + 104_729) % videos) {
    const media = mediaOfVideo(video);
    if (isWanted(video) && media < assets && expectedAnswer(world, media) === 'allowed') yield video;
  }
}

/** What somebody without a token is told about an asset: `allowed`, or why not. One connection. */
function createQuestion(nodeUrl: string): (asset: number) => Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return (asset) =>
    new Promise((resolve, reject) => {
      const asking = request(`${nodeUrl}/api/v1/assets/${asset}/access`, { agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const answer = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
            allowed?: boolean;
            code?: string;
          };
          resolve(answer.allowed === true ? 'allowed' : (answer.code ?? 'nothing'));
        });
      });
      asking.on('error', reject);
      asking.end();
    });
}
