import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Feed } from '../../services/distributor/policy/feed.ts';
import type { KnowledgeDraft } from '../../services/distributor/policy/knowledge.ts';
import { HASHES } from '../support/map.ts';
import { startFeedBench, type FeedBench } from '../support/feed.ts';
import { until } from '../support/until.ts';

let bench: FeedBench;
const HASH = HASHES[0]!.toString();
beforeEach(async () => {
  bench = await startFeedBench();
  await bench.sql(
    'insert into panoptes.channel (id, owner_member, is_public) select n, 1, true from generate_series(0, 3000) n',
  );
  await bench.sql(
    'insert into panoptes.video (id, channel, is_public) select n, n, true from generate_series(0, 3000) n',
  );
  await bench.sql(
    `insert into panoptes.asset select n, n, case when n % 2 = 0 then n end, case when n % 2 = 0 then 'media' else 'cover' end, n, $1
       from generate_series(0, 20000) n union all select 9007199254740991, 1, null, 'avatar', 9007199254740991, $1`,
    [HASH],
  );
  await bench.sql(
    `insert into panoptes.policy (scope, id, document, updated_by)
       select scope, n, '{"v": 1, "*": {"role": "member"}, "media": {"country": {"allow": ["DE"]}}}', 'ä' from generate_series(0, 50) n, unnest(array['channel', 'video', 'asset']) scope`,
  );
  // What no client can ask for, and what makes no sense.
  await bench.sql('alter table panoptes.asset drop constraint asset_kind_check');
  await bench.sql(
    `insert into panoptes.asset values (-5, 1, null, 'cover', 1, $1), (9007199254740992, 1, null, 'cover', 1, $1),
       (30000, 1, null, 'nonsense', 1, $1), (30001, 1, null, 'cover', -1, 'x')`,
    [HASH],
  );
  await bench.sql(
    `insert into panoptes.policy (scope, id, document, updated_by) values ('asset', 30001, '{"v":2,"ü":"\\\\n"}', 'x')`,
  );
});
afterEach(() => bench[Symbol.asyncDispose]());

const open = (): Promise<Feed> => bench.open({ pollMs: 10, checkMs: 1 });
const pass = async ({ stats }: Feed): Promise<void> => {
  const { passes } = stats.drift;
  await until('everything has been compared', () => stats.drift.passes >= passes + 2, 60_000);
};
const reports = () => bench.log().match(/not as the database has them/g)?.length ?? 0;
const unseen = (text: string) =>
  bench.sql(`set session_replication_role = replica; ${text}; set session_replication_role = origin`);
const spoil = ({ knowledge }: Feed, work: (draft: KnowledgeDraft) => void): void => {
  const draft = knowledge.draft('known');
  work(draft);
  draft.commit();
};
const row = { isPublic: true, isCensored: false };

it('finds nothing where there is nothing, whatever the tables hold and while they change', async () => {
  const feed = await open();
  await pass(feed);
  const writing = (async () => {
    for (let n = 0; n < 200; n += 1) {
      await bench.sql('update panoptes.channel set is_censored = not is_censored where id % 200 = $1', [n]);
      await bench.sql('update panoptes.asset set size = size + 1 where id % 200 = $1', [n]);
    }
  })();
  await pass(feed);
  await writing;
  await pass(feed);
  expect(feed.stats.drift.repaired).toBe(0);
  expect(feed.stats.drift.pages).toBeGreaterThan(100);
  expect(reports()).toBe(0);
});

describe('finds, repairs and reports', () => {
  it.each<
    [string, number, string | ((feed: Feed) => void | Promise<void>), (feed: Feed) => unknown, unknown]
  >([
    [
      'a row that was written unseen',
      1,
      'update panoptes.channel set is_censored = true where id = 1500',
      ({ knowledge }) => knowledge.map.findChannel(1500),
      { ...row, isCensored: true, privilegeLevel: 0 },
    ],
    [
      'rows that were deleted unseen, a whole page and more',
      1_100,
      'delete from panoptes.asset where id between 4000 and 5099',
      ({ knowledge }) => [4_000, 5_000, 5_099].map((id) => knowledge.map.findAsset(id)),
      [null, null, null],
    ],
    [
      'rows that came unseen, far from any other',
      2,
      `insert into panoptes.video (id, channel, is_public) values (1000000, 7, true), (9007199254740991, 8, false)`,
      ({ knowledge }) => knowledge.map.findVideo(9007199254740991),
      { ...row, isPublic: false, channel: 8 },
    ],
    [
      'a policy that was taken away unseen',
      1,
      `delete from panoptes.policy where scope = 'video' and id = 7`,
      ({ knowledge }) => knowledge.map.findPolicy('video', 7),
      null,
    ],
    [
      'a policy that was written unseen',
      1,
      `update panoptes.policy set document = '{"v":1}' where scope = 'asset' and id = 0`,
      ({ knowledge }) => knowledge.map.findPolicy('asset', 0),
      '{"v": 1}',
    ],
    [
      'memory that is wrong',
      3,
      (feed) =>
        spoil(feed, (draft) => {
          draft.take({ entity: 'channel', id: 5, row: null });
          draft.take({ entity: 'video', id: 6, row: { ...row, channel: 99 } });
          draft.take({
            entity: 'asset',
            id: 7_000_000,
            row: { channel: 1, video: null, kind: 'media', size: 1, contentHash: HASHES[1]! },
          });
        }),
      ({ knowledge: { map } }) => [map.findChannel(5), map.findVideo(6), map.findAsset(7_000_000)],
      [{ ...row, privilegeLevel: 0 }, { ...row, channel: 6 }, null],
    ],
    [
      'a catalogue that rots',
      1,
      async ({ knowledge }) => {
        const { places } = await knowledge.catalogue.flush();
        const path = bench.cataloguePath();
        const bytes = await readFile(path);
        bytes[4_096 + (places.get(9) ?? 0) * 57_344 + 84 * 56 + 3]! ^= 1;
        await writeFile(path, bytes);
      },
      ({ knowledge }) => knowledge.catalogue.find(9_300),
      { id: 9_300, size: 9_300, contentHash: HASH },
    ],
    [
      'a signing key that is no more',
      1,
      ({ knowledge }) =>
        spoil({ knowledge } as Feed, (draft) => {
          draft.take({ entity: 'signing_key', kid: 'gone', row: { certificate: 'x', isRevoked: false } });
        }),
      ({ knowledge }) => knowledge.contents().keys.size,
      0,
    ],
    [
      'a role that ended unseen',
      1,
      `insert into panoptes.role_loss values ('member:1', 'nft_owner', '7', 9)`,
      ({ knowledge }) => [...knowledge.losses.all()].map(({ block }) => block),
      [9],
    ],
    [
      'a revocation unseen',
      1,
      `insert into panoptes.revocation values ('jti', 'a', now(), now() + interval '25 hours', 'test')`,
      ({ knowledge }) => [...knowledge.revocations.all()].map(({ value }) => value),
      ['a'],
    ],
    [
      'a revocation that was lifted unseen',
      1,
      ({ knowledge }) =>
        spoil({ knowledge } as Feed, (draft) => {
          const row = { kind: 'sub', value: 'member:1', at: 0, until: Date.now() + 3_600_000 } as const;
          draft.take({ entity: 'revocation', kind: row.kind, value: row.value, row });
        }),
      ({ knowledge }) => knowledge.revocations.size,
      0,
    ],
  ])('%s', async (_name, rows, spoilt, ask, expected) => {
    const feed = await open();
    if (typeof spoilt === 'string') await unseen(spoilt);
    else await spoilt(feed);
    await until('it is as it should be', () => feed.stats.drift.repaired >= rows, 60_000);
    expect(ask(feed)).toEqual(expected);
    await pass(feed);
    expect(feed.stats.drift.repaired, 'once').toBe(rows);
    expect(reports()).toBeGreaterThan(0);
  });
});
