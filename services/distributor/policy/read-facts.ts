import type { Change, PoolClient } from '../../../shared/db/index.ts';
import type { Fact } from './facts.ts';
import { assets, channels, keys, losses, policies, videos, type Table } from './tables.ts';

/** Rows at a time, so that neither the database nor this process holds a table whole. */
const ROWS_MAX = 20_000;

/** How one table is read. */
interface Reader {
  readAll(client: PoolClient): AsyncIterable<readonly Fact[]>;
  readSome(client: PoolClient, keys: readonly string[]): Promise<readonly Fact[]>;
}

/** By the table's name in the outbox. Entities that are not here are none of a distributor's business. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  ['channel', readerOf(channels)],
  ['video', readerOf(videos)],
  ['asset', readerOf(assets)],
  ['policy', readerOf(policies)],
  ['signing_key', readerOf(keys)],
  ['role_loss', readerOf(losses)],
]);

/** Every row there is, in parts. The client's transaction makes them one snapshot. */
export async function* readAllFacts(client: PoolClient): AsyncGenerator<readonly Fact[]> {
  for (const reader of READERS.values()) yield* reader.readAll(client);
}

/** What the changed entities are now. */
export async function readChangedFacts(client: PoolClient, changes: readonly Change[]): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const [entity, reader] of READERS) {
    const changed = changes.filter((change) => change.entity === entity).map(({ id }) => id);
    for (let from = 0; from < changed.length; from += ROWS_MAX)
      for (const fact of await reader.readSome(client, changed.slice(from, from + ROWS_MAX)))
        facts.push(fact);
  }
  return facts;
}

function readerOf<Row extends object>(table: Table<Row>): Reader {
  const isFact = (fact: Fact | null): fact is Fact => fact !== null;
  return {
    async *readAll(client) {
      await client.query(`declare every_row no scroll cursor for ${table.all}`);
      for (let count = ROWS_MAX; count === ROWS_MAX;) {
        const { rows } = await client.query<Row>(`fetch ${ROWS_MAX} from every_row`);
        yield rows.map((row) => table.toFact(row)).filter(isFact);
        count = rows.length;
      }
      await client.query('close every_row');
    },
    readSome: async (client, keys) => {
      const { text, values } = table.byKeys(keys);
      const { rows } = await client.query<Row>(text, [...values]);
      const found = new Set(rows.map((row) => table.keyOf(row)));
      const absent = keys.filter((key) => !found.has(key)).map((key) => table.toAbsence(key));
      return [...rows.map((row) => table.toFact(row)), ...absent].filter(isFact);
    },
  };
}
