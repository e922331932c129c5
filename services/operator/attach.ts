import { createPool, migrate, type Pool } from '../../shared/db/index.ts';
import { asInteger, createLog, UsageError } from '../../shared/runtime/index.ts';
import { fill } from './attach/fill.ts';
import { findHostTables } from './attach/host.ts';
import { install } from './attach/install.ts';
import { withLocks } from './attach/patiently.ts';
import { findAttachedSource, isIndexed } from './attach/presence.ts';
import { SOURCE_NAMES, SOURCES, type SourceName } from './attach/sources/index.ts';
import { RefusedError, type Command } from './command.ts';
import { parseDatabaseUrl, parseOptions } from './options.ts';

/** Joystream's mainnet. */
const GENESIS_HASH = '0x6b5e488e0fa8f9821110d5c13f4c468abcd43ce5e297e62b34c53c3346465956';
const BLOCK_MS = 6_000;
/** How long to try for a moment in which nobody writes. */
const WAIT_MS_MAX = 300_000;
const PROBLEMS_SHOWN = 10;

export const attach: Command = {
  name: 'attach',
  summary: "Keeps schema panoptes current inside a query node's database, in the place of an indexer.",
  usage: `  panoptes attach --source ${SOURCE_NAMES.join('|')} --database-url postgres://… [options]

  --source         whose database it is
  --database-url   as whom: a role that owns the processor's tables, or may put triggers on them
  --genesis-hash   of the chain (Joystream's mainnet)
  --block-ms       at least this long between two blocks (${BLOCK_MS})
  --help

Makes the schemas panoptes and panoptes_host, fills them, and puts triggers on the processor's tables. Writers wait for
less than half a second; a moment without one is awaited for up to ${WAIT_MS_MAX / 60_000} minutes. Run again, it compares everything and
mends what differs. Run panoptes detach before the processor's own migrations.
`,
  run: async (args, say) => {
    const options = parseOptions(args, {
      required: ['source', 'database-url'],
      optional: ['genesis-hash', 'block-ms'],
    });
    const source = SOURCE_NAMES.find((name) => name === options.source);
    if (source === undefined) throw new UsageError(`--source is one of ${SOURCE_NAMES.join(', ')}`);
    const pool = createPool(
      parseDatabaseUrl('database-url', options['database-url']),
      createLog('panoptes', 'silent'),
    );
    try {
      await attachTo(pool, {
        source,
        genesisHash: parseHash(options['genesis-hash'] ?? GENESIS_HASH),
        blockMs: parseBlockMs(options['block-ms'] ?? String(BLOCK_MS)),
        say,
      });
    } finally {
      await pool.end();
    }
  },
};

interface AttachOptions {
  readonly source: SourceName;
  readonly genesisHash: string;
  readonly blockMs: number;
  readonly say: (line: string) => void;
}

async function attachTo(pool: Pool, { say, ...attachment }: AttachOptions): Promise<void> {
  const source = SOURCES[attachment.source];
  const client = await pool.connect();
  const tables = await findHostTables(client, source).finally(() => client.release());
  const already = await findAttachedSource(pool);
  if (already !== null && already !== attachment.source)
    throw new RefusedError(`this database is attached as ${already}; detach it first`);
  if (already === null && (await isIndexed(pool)))
    throw new RefusedError('an indexer writes the schema panoptes of this database');

  await migrate(pool);
  const locks = {
    tables: tables.map(({ quoted }) => quoted),
    // Taking triggers away keeps readers waiting as well.
    mode: already === null ? 'share row exclusive' : 'access exclusive',
    waitMs: WAIT_MS_MAX,
  };
  await withLocks(pool, locks, (locked) => install(locked, source, tables, attachment));
  say(`The triggers are in place on ${tables.length} tables of ${source.title}.`);
  await fill(pool, tables, WAIT_MS_MAX);
  say(await summary(pool));
  for (const line of await problems(pool)) say(line);
}

async function summary(pool: Pool): Promise<string> {
  const { rows } = await pool.query<Record<'assets' | 'videos' | 'channels' | 'block', string | null>>(
    `select (select count(*) from panoptes.asset) as assets, (select count(*) from panoptes.video) as videos,
            (select count(*) from panoptes.channel) as channels, (select block from panoptes.chain) as block`,
  );
  const { assets = '0', videos = '0', channels = '0', block = null } = rows[0] ?? {};
  return `Filled: ${assets} assets, ${videos} videos, ${channels} channels, at block ${block ?? 'none'}.`;
}

async function problems(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ entity: string; host_id: string; flaw: string; of: string }>(
    `select entity, host_id, flaw, count(*) over () as of from panoptes_host.problem order by entity, host_id limit $1`,
    [PROBLEMS_SHOWN],
  );
  if (rows.length === 0) return [];
  return [
    `${rows[0]?.of ?? ''} rows cannot be used and are closed (table panoptes_host.problem), among them:`,
    ...rows.map(({ entity, host_id: id, flaw }) => `  ${entity} ${JSON.stringify(id)}: ${flaw}`),
  ];
}

function parseHash(text: string): string {
  if (!/^0x[0-9a-f]{64}$/.test(text)) throw new UsageError('--genesis-hash is 32 bytes in 0x hex');
  return text;
}

function parseBlockMs(text: string): number {
  try {
    return asInteger(1, 3_600_000)(text);
  } catch (error) {
    throw new UsageError(`--block-ms ${error instanceof Error ? error.message : 'is no number'}`);
  }
}
