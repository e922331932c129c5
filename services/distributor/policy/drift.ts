import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { copyOut, type PoolClient } from '../../../shared/db/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import {
  absence,
  idsOf,
  isOfPolicies,
  knownLines,
  lineOfFact,
  PARTS,
  scopeOf,
  type Part,
} from './drift-lines.ts';
import { PAGE_SLOTS } from './entity-table.ts';
import type { Fact } from './facts.ts';
import type { Knowledge } from './knowledge.ts';
import { findFact } from './records.ts';

export interface DriftStats {
  /** Pages compared. */
  readonly pages: number;
  /** Rows that were not as the database has them, and are now. */
  readonly repaired: number;
  /** Times everything has been compared. */
  readonly passes: number;
}

/** Compares what is known with the tables, a few thousand rows at a time, round and round. */
export interface DriftCheck {
  /** One go. The client's snapshot must be the one that `knowledge` stands at. */
  step(client: PoolClient): Promise<void>;
  readonly stats: DriftStats;
}

/** What is about to end has ended for one clock and not for the other: it is not compared. */
const CLOCKS_APART_MS_MAX = 300_000;

/** Rows at a time: some milliseconds for the database and for this process. */
const ROWS_MAX = 8 * PAGE_SLOTS;

/**
 * The feed tells every change, so nothing should ever be found. What can be is what no feed can tell: rows written while
 * triggers were off, a restored backup, a flaw in this very program, a disk that rots. A page of ids whose digest differs
 * is read again and repaired, and reported if that changed anything: rows that make no sense differ for ever.
 */
export function createDriftCheck(knowledge: Knowledge, log: Logger): DriftCheck {
  const stats = { pages: 0, repaired: 0, passes: 0 };
  let part = 0;
  let start = 0;

  const repair = async (client: PoolClient, of: Part, page: number): Promise<void> => {
    const known = knownLines(knowledge, of, page);
    const facts = await readPage(client, of, page);
    const draft = knowledge.draft('known');
    let count = 0;
    for (const id of idsOf(page)) {
      const fact = facts.get(id) ?? absence(of, id);
      if (lineOfFact(fact) === known(id)) continue;
      draft.take(fact);
      count += 1;
    }
    if (count === 0) {
      draft.discard();
      return;
    }
    draft.commit();
    stats.repaired += count;
    log.error(
      { table: of, from: page * PAGE_SLOTS, rows: count },
      'rows were not as the database has them: repaired',
    );
  };

  const comparePages = async (client: PoolClient, of: Part): Promise<void> => {
    const { rows } = await client.query<{ page: string; rows: string; digest: string }>(
      'select page, rows, digest from panoptes.page_digests($1, $2, $3)',
      [of, start, ROWS_MAX],
    );
    const isAll = rows.reduce((sum, row) => sum + Number(row.rows), 0) < ROWS_MAX;
    const last = rows.at(-1);
    // The last page may go on where this reading ends.
    const end = isAll || last === undefined ? Number.POSITIVE_INFINITY : Number(last.page);
    const told = new Map(rows.map(({ page, digest }) => [Number(page), digest]));
    const pages = new Set([...told.keys(), ...pagesFrom(knowledge, of, start / PAGE_SLOTS)]);
    for (const page of pages) {
      if (page >= end) continue;
      if (digestOf(knowledge, of, page) !== (told.get(page) ?? null)) await repair(client, of, page);
      stats.pages += 1;
      await setImmediate();
    }
    if (isAll) {
      part += 1;
      start = 0;
    } else start = end * PAGE_SLOTS;
  };

  return {
    stats,
    step: async (client) => {
      const of = PARTS[part];
      if (of !== undefined) {
        await comparePages(client, of);
        return;
      }
      await compareKeys(client, knowledge, (rows) => {
        stats.repaired += rows;
        log.error(
          { table: 'signing_key, role_loss, revocation, bucket', rows },
          'rows were not as the database has them: repaired',
        );
      });
      part = 0;
      stats.passes += 1;
    },
  };
}

/** Pages of which something is known, from one on. */
function pagesFrom({ map, bags }: Knowledge, of: Part, from: number): number[] {
  if (of === 'bag') return [...bags.pages.keys()].filter((number) => number >= from);
  const ofPolicies = isOfPolicies(of);
  const found: number[] = [];
  for (const [number, page] of map.pages(ofPolicies ? scopeOf(of) : of))
    if (number >= from && (!ofPolicies || page.policies !== null)) found.push(number);
  return found;
}

/** `null`: nothing is known of any id of the page. */
function digestOf(knowledge: Knowledge, of: Part, page: number): string | null {
  const known = knownLines(knowledge, of, page);
  const lines = idsOf(page)
    .map(known)
    .filter((one) => one !== null);
  return lines.length === 0 ? null : createHash('md5').update(lines.join('\n')).digest('hex');
}

async function readPage(client: PoolClient, of: Part, page: number): Promise<Map<number, Fact>> {
  const from = page * PAGE_SLOTS;
  const name = isOfPolicies(of) ? 'policy' : of;
  const ofScope = isOfPolicies(of) ? `and key = '${scopeOf(of)}'` : '';
  const facts = new Map<number, Fact>();
  await copyOut(
    client,
    `copy (select * from panoptes.${name}_record where id >= ${from} and id < ${from + PAGE_SLOTS} ${ofScope})
       to stdout (format binary)`,
    (row) => {
      const fact = findFact(row);
      if (fact === null || !('id' in fact)) return;
      // The row's memory is used again for the next one.
      const isAsset = fact.entity === 'asset' && fact.row !== null && 'contentHash' in fact.row;
      facts.set(
        fact.id,
        isAsset ? { ...fact, row: { ...fact.row, contentHash: Buffer.from(fact.row.contentHash) } } : fact,
      );
    },
  );
  return facts;
}

/** Of these there are few: they are read whole. Losses are only ever added: what is not there any more ends by itself. */
async function compareKeys(
  client: PoolClient,
  knowledge: Knowledge,
  report: (rows: number) => void,
): Promise<void> {
  const { keys, losses, revocations } = knowledge.contents();
  const known = new Map(
    losses.map(({ subject, role, object, block }) => [`${subject}|${role}|${object}`, block]),
  );
  const unseen = new Set(keys.keys());
  const unseenBuckets = new Set(knowledge.bags.buckets.keys());
  const unseenRevocations = new Map(revocations.map((one) => [`${one.kind}|${one.value}`, one]));
  const wrong: Fact[] = [];
  const take = (fact: Fact): void => {
    if (fact.entity === 'role_loss') {
      const { subject, role, object, block } = fact.loss;
      const name = `${subject}|${role}|${role === '*' ? '' : object}`;
      if ((known.get(name) ?? -1) < block) wrong.push(fact);
    } else if (fact.entity === 'bucket') {
      unseenBuckets.delete(fact.bucket);
      if (JSON.stringify(fact.row) !== JSON.stringify(knowledge.bags.buckets.get(fact.bucket)))
        wrong.push(fact);
    } else if (fact.entity === 'signing_key') {
      unseen.delete(fact.kid);
      if (JSON.stringify(fact.row) !== JSON.stringify(keys.get(fact.kid))) wrong.push(fact);
    } else if (fact.entity === 'revocation') {
      const name = `${fact.kind}|${fact.value}`;
      if (fact.row?.at !== unseenRevocations.get(name)?.at) wrong.push(fact);
      unseenRevocations.delete(name);
    }
  };
  for (const view of [
    'signing_key_record',
    'bucket_record',
    "role_loss_record where second > (extract(epoch from now() - interval '24 hours') * 1000)",
    `revocation_record where second > (extract(epoch from now()) * 1000)::bigint + ${CLOCKS_APART_MS_MAX}`,
  ])
    await copyOut(client, `copy (select * from panoptes.${view}) to stdout (format binary)`, (row) => {
      const fact = findFact(row);
      if (fact) take(fact);
    });
  for (const kid of unseen) wrong.push({ entity: 'signing_key', kid, row: null });
  for (const bucket of unseenBuckets) wrong.push({ entity: 'bucket', bucket, row: null });
  for (const { kind, value, until } of unseenRevocations.values())
    if (until > Date.now() + 2 * CLOCKS_APART_MS_MAX)
      wrong.push({ entity: 'revocation', kind, value, row: null });
  if (wrong.length === 0) return;
  const draft = knowledge.draft('known');
  for (const fact of wrong) draft.take(fact);
  draft.commit();
  report(wrong.length);
}
