import { inTransaction, migrate, PUBLICATION, type Pool } from '../../../shared/db/index.ts';
import { RefusedError } from '../command.ts';
import { findRegion, findSource, findTables, isPublished, tableList } from './catalogue.ts';
import { slotOf } from './names.ts';

/**
 * Makes the tables of this database those of the one at `from`, for good; Postgres does the rest, at its own pace. On a
 * region that is subscribed already: takes in tables that came with a newer version. Throws RefusedError, and what
 * Postgres says when it cannot reach the other server.
 */
export async function subscribe(pool: Pool, name: string, from: string): Promise<void> {
  await migrate(pool);
  if (await isPublished(pool))
    throw new RefusedError('this database is published itself: what it has is not to be replaced');
  const region = await findRegion(pool);
  if (region !== null && region.name !== name)
    throw new RefusedError(`this database is region ${region.name} already`);
  if (region?.isSubscribed) {
    await prepare(pool, name);
    await pool.query(`alter subscription ${slotOf(name)} connection ${quote(from)}`);
    await pool.query(`alter subscription ${slotOf(name)} refresh publication`);
    return;
  }
  const full = await findFull(pool);
  if (full.length > 0) {
    const advice =
      region === null ? 'subscribe an empty database' : '`panoptes replicate restart` replaces them';
    throw new RefusedError(`there are rows already (${full.join(', ')}): ${advice}`);
  }
  await prepare(pool, name);
  await create(pool, name, from);
}

/**
 * Empties the tables and has all of it copied again: for a region whose slot is lost. Distributors keep what they know
 * until it is whole again, and what they know gets old.
 */
export async function restart(pool: Pool, from: string | null): Promise<void> {
  const region = await findRegion(pool);
  if (region === null) throw new RefusedError('this database has its tables from no other one');
  const source = from ?? (await findSource(pool, region.name));
  if (source === null) throw new RefusedError('it was unsubscribed: say --from');
  await migrate(pool);
  await prepare(pool, region.name);
  if (region.isSubscribed) await drop(pool, region.name);
  await pool.query(`truncate ${tableList(await findTables(pool))}`);
  await create(pool, region.name, source);
}

/**
 * Ends the subscription; the rows stay, and count as getting old until it is promoted. `false`: the other server could
 * not be told, and keeps its slot.
 */
export async function unsubscribe(pool: Pool): Promise<boolean> {
  const region = await findRegion(pool);
  if (!region?.isSubscribed) throw new RefusedError('this database is not subscribed');
  return drop(pool, region.name);
}

/** What a region has is from now on its own. */
export async function promote(pool: Pool): Promise<void> {
  const region = await findRegion(pool);
  if (region === null) throw new RefusedError('this database has its tables from no other one');
  if (region.isSubscribed) throw new RefusedError('unsubscribe it first');
  await inTransaction(pool, 'BEGIN', async (client) => {
    await client.query('select panoptes.tell_replicated(false)');
    await client.query('delete from panoptes.region');
  });
}

/** From here on readers believe nothing here until all of it has come. */
async function prepare(pool: Pool, name: string): Promise<void> {
  await inTransaction(pool, 'BEGIN', async (client) => {
    await client.query('insert into panoptes.region (subscription) values ($1) on conflict do nothing', [
      slotOf(name),
    ]);
    await client.query('select panoptes.tell_replicated(true)');
  });
}

async function create(pool: Pool, name: string, from: string): Promise<void> {
  await pool.query('update panoptes.region set pulse_at = null, seen_at = null, clock_behind = default');
  // It makes its slot at the other server, which no transaction could take back.
  await pool.query(
    `create subscription ${slotOf(name)} connection ${quote(from)} publication ${PUBLICATION}`,
  );
  const { rows } = await pool.query(
    'select from pg_subscription_rel join pg_subscription s on s.oid = srsubid where subname = $1 limit 1',
    [slotOf(name)],
  );
  if (rows.length > 0) return;
  await drop(pool, name);
  throw new RefusedError('nothing is published over there: `panoptes replicate publish` it first');
}

/** `false`: its slot is still at the other server. */
async function drop(pool: Pool, name: string): Promise<boolean> {
  const subscription = slotOf(name);
  try {
    await pool.query(`drop subscription ${subscription}`);
    return true;
  } catch {
    await pool.query(`alter subscription ${subscription} disable`);
    await pool.query(`alter subscription ${subscription} set (slot_name = none)`);
    await pool.query(`drop subscription ${subscription}`);
    return false;
  }
}

async function findFull(pool: Pool): Promise<readonly string[]> {
  const full: string[] = [];
  for (const table of await findTables(pool)) {
    const { rows } = await pool.query(`select from ${tableList([table])} limit 1`);
    if (rows.length > 0) full.push(table);
  }
  return full;
}

/** Statements like these take no parameters. */
const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
