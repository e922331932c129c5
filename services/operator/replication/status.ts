import type { Pool } from '../../../shared/db/index.ts';
import { findRegion, findTables, isPublished, type Region } from './catalogue.ts';
import { findSlots, findUnpublished } from './publication.ts';

/** What there is to say, and what is wrong with it, line by line. */
export interface Status {
  readonly facts: readonly string[];
  readonly problems: readonly string[];
}

/** Of a published database, or of a region. */
export async function readStatus(pool: Pool): Promise<Status> {
  const region = await findRegion(pool);
  if (region !== null) return readRegion(pool, region);
  if (await isPublished(pool)) return readPublished(pool);
  return { facts: ['neither published nor subscribed'], problems: [] };
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const sec = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

async function readPublished(pool: Pool): Promise<Status> {
  const facts = [`published: ${(await findTables(pool)).join(', ')}`];
  const problems: string[] = [];
  for (const table of await findUnpublished(pool))
    problems.push(`table ${table} is not published yet: publish again`);
  const { rows } = await pool.query<{ keep: string; pulse: string | null }>(
    `select current_setting('max_slot_wal_keep_size') as keep,
            (select extract(epoch from clock_timestamp() - at) * 1000 from panoptes.pulse) as pulse`,
  );
  const pulseMs = rows[0]?.pulse === null ? Number.POSITIVE_INFINITY : Number(rows[0]?.pulse);
  if (!(pulseMs < 10_000))
    problems.push('no indexer or auth node says that this server lives: regions take what they have for old');
  if (rows[0]?.keep === '-1')
    facts.push('max_slot_wal_keep_size = -1: a region that stays away fills this disk');
  for (const { region, isConnected, behindBytes, keptBytes, isLost } of await findSlots(pool)) {
    facts.push(
      `region ${region}: ${isConnected ? 'connected' : 'not connected'}, ${mib(behindBytes)} behind, ${mib(keptBytes)} of log kept for it`,
    );
    if (isLost)
      problems.push(
        `region ${region} was away for too long, and what it needs is gone: \`panoptes replicate restart\` over there`,
      );
    else if (!isConnected) problems.push(`region ${region} is not connected`);
  }
  return { facts, problems };
}

async function readRegion(pool: Pool, { name, isSubscribed }: Region): Promise<Status> {
  const facts = [`region ${name}`];
  const problems: string[] = [];
  const { rows } = await pool.query<{
    whole: boolean;
    age: string;
    behind: string;
    waiting: string[];
    working: boolean;
  }>(
    `select panoptes.is_whole() as whole, panoptes.replication_age_ms() as age,
            (select extract(epoch from clock_behind) * 1000 from panoptes.region) as behind,
            array(select srrelid::regclass::text from pg_subscription_rel where srsubstate <> 'r' order by 1) as waiting,
            exists (select from pg_stat_subscription join panoptes.region on subname = region.subscription
                     where relid is null and pid is not null) as working`,
  );
  const [state] = rows;
  if (!state) return { facts, problems };
  if (state.whole) facts.push(`what it has is ${sec(Number(state.age))} old`);
  else problems.push('not all of it is here: distributors do not read it');
  if (Number(state.behind) > 1_000)
    problems.push(`its clock is ${sec(Number(state.behind))} behind that of the published server`);
  if (!isSubscribed) problems.push('it is not subscribed any more: subscribe or promote it');
  else {
    for (const table of state.waiting) facts.push(`table ${table} has not come whole yet`);
    if (!state.working)
      problems.push(
        'nothing comes: the server log says why. If the slot is lost, `panoptes replicate restart`',
      );
  }
  return { facts, problems };
}
