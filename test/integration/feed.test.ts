import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Feed } from '../../services/distributor/policy/feed.ts';
import { formatContentHash } from '../../shared/base/index.ts';
import { generateKeyPair } from '../../shared/token/index.ts';
import { certifiedKey } from '../support/certified-key.ts';
import { answer, startFeedBench, type FeedBench } from '../support/feed.ts';
import { until } from '../support/until.ts';

const HASH = formatContentHash(new Uint8Array(32).fill(7));
const OTHER_HASH = formatContentHash(new Uint8Array(32).fill(8));
const MEMBERS = { v: 1, '*': { role: 'member' } };
const PUBLIC = { v: 1, '*': { public: true } };
/** Long enough that what is seen within a test was not seen by polling. */
const NEVER_MS = 600_000;

let bench: FeedBench;
beforeEach(async () => {
  bench = await startFeedBench();
  await bench.sql(`insert into panoptes.channel (id, owner_member, is_public) values (1, 7, true)`);
  await bench.sql(`insert into panoptes.video values (2, 1, true)`);
  await bench.sql(
    `insert into panoptes.asset values (3, 1, 2, 'media', 1000, $1), (4, 1, null, 'avatar', 0, $2)`,
    [HASH, OTHER_HASH],
  );
});
afterEach(() => bench[Symbol.asyncDispose]());

const setPolicy = (scope: string, id: number, document: unknown) =>
  bench.sql(
    `insert into panoptes.policy (scope, id, document, updated_by) values ($1, $2, $3, 'test')
       on conflict (scope, id) do update set document = excluded.document`,
    [scope, id, JSON.stringify(document)],
  );
const untilAnswer = (feed: Feed, asset: number, expected: string) =>
  until(`${asset}: ${expected}`, () => answer(feed, asset) === expected);

describe('once it is open', () => {
  it('everything is known that was there', async () => {
    const key = certifiedKey(bench.root);
    await setPolicy('channel', 1, MEMBERS);
    await bench.sql('insert into panoptes.signing_key (kid, certificate) values ($1, $2)', [
      key.kid,
      key.certificate,
    ]);
    await bench.sql(`insert into panoptes.role_loss values ('member:7', 'nft_owner', '2', 50)`);
    await bench.sql(
      `insert into panoptes.role_loss values ('member:8', '*', '', 50, now() - interval '26 hours')`,
    );
    const feed = await bench.open({ pollMs: NEVER_MS });
    expect([answer(feed, 3), answer(feed, 4), answer(feed, 5)]).toEqual([
      'token_missing',
      'token_missing',
      'not_found',
    ]);
    const { catalogue, losses } = feed.knowledge;
    expect(catalogue.find(3)).toEqual({ id: 3, size: 1000, contentHash: HASH });
    expect(catalogue.find(4)).toEqual({ id: 4, size: 0, contentHash: OTHER_HASH });
    expect(feed.knowledge.findKey(key.kid)).toMatchObject({ revoked: false });
    const nft = { role: 'nft_owner', channel: '1', video: '2' } as const;
    expect(losses.hasEnded(nft, 'member:7', 49)).toBe(true);
    // Too old to touch any token.
    expect(losses.hasEnded(nft, 'member:8', 49)).toBe(false);
    expect(feed.knowledge.sizes()).toMatchObject({
      assets: 2,
      policies: 1,
      keys: 1,
      role_losses: 1,
      rejected: 0,
    });
  });

  it('also when that takes many parts', async () => {
    await bench.sql(
      `insert into panoptes.asset select n, 1, 2, 'media', n, $1 from generate_series(10, 45000) n`,
      [HASH],
    );
    const feed = await bench.open({ pollMs: NEVER_MS });
    expect(feed.knowledge.sizes()).toMatchObject({ assets: 44_993, rejected: 0 });
    for (const id of [10, 20_010, 45_000]) expect(feed.knowledge.catalogue.find(id)?.size).toBe(id);
  });

  it('which may take until there is a database', async () => {
    bench.reading.refuse();
    bench.listening.refuse();
    let isOpen = false;
    const opening = bench.open({ pollMs: NEVER_MS }).then((feed) => {
      isOpen = true;
      return feed;
    });
    await until('it tries', () => bench.log().includes('cannot listen'));
    expect(isOpen).toBe(false);
    bench.listening.mend();
    await until('it tries to read', () => bench.log().includes('waiting for the database'));
    expect(isOpen).toBe(false);
    bench.reading.mend();
    expect(answer(await opening, 3)).toBe('public');
  });

  it('which may take until this role is allowed to read, and the log says how', async () => {
    const role = `reader_${randomBytes(6).toString('hex')}`;
    await bench.sql(`create role ${role}`);
    try {
      const opening = bench.open({ as: role });
      await until('it says so', () => bench.log().includes('grant this role usage on schema panoptes'));
      await bench.sql(`grant usage on schema panoptes to ${role}`);
      await bench.sql(`grant select on all tables in schema panoptes to ${role}`);
      expect(answer(await opening, 3)).toBe('public');
      expect(bench.log()).toContain('the database can be read');
    } finally {
      await bench.sql(`drop owned by ${role}`);
      await bench.sql(`drop role ${role}`);
    }
  });
});

describe('a change is known at once', () => {
  const kinds: [string, (sql: FeedBench['sql']) => Promise<unknown>, number, string][] = [
    ['a channel is hidden by its owner', (sql) => sql('update panoptes.channel set is_public = false'), 3, 'token_missing'],
    ['a channel is hidden by moderators', (sql) => sql('update panoptes.channel set is_censored = true'), 4, 'censored'],
    ['a channel is deleted', (sql) => sql('delete from panoptes.channel'), 4, 'incomplete'],
    ['a video is hidden by its owner', (sql) => sql('update panoptes.video set is_public = false'), 3, 'token_missing'],
    ['a video is hidden by moderators', (sql) => sql('update panoptes.video set is_censored = true'), 3, 'censored'],
    ['a video is deleted', (sql) => sql('delete from panoptes.video'), 3, 'incomplete'],
    ['a video goes to a channel nobody knows', (sql) => sql('update panoptes.video set channel = 99'), 3, 'incomplete'],
    ['a video changes its id', (sql) => sql('update panoptes.video set id = 99'), 3, 'incomplete'],
    ['an asset is added', (sql) => sql(`insert into panoptes.asset values (0, 1, null, 'cover', 1, $1)`, [HASH]), 0, 'public'],
    ['an asset is deleted', (sql) => sql('delete from panoptes.asset where id = 3'), 3, 'not_found'],
    ['an asset loses its hash', (sql) => sql(`update panoptes.asset set content_hash = 'zz'`), 3, 'incomplete'],
    ['a policy of the channel', () => setPolicy('channel', 1, MEMBERS), 4, 'token_missing'],
    ['a policy of the video', () => setPolicy('video', 2, MEMBERS), 3, 'token_missing'],
    ['a policy of the asset', () => setPolicy('asset', 3, MEMBERS), 3, 'token_missing'],
  ]; // prettier-ignore

  it.each(kinds)('%s', async (_name, change, asset, expected) => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    expect(answer(feed, asset)).not.toBe(expected);
    await change(bench.sql);
    await untilAnswer(feed, asset, expected);
  });

  it('a policy is changed and deleted', async () => {
    await setPolicy('video', 2, MEMBERS);
    const feed = await bench.open({ pollMs: NEVER_MS });
    await setPolicy('video', 2, PUBLIC);
    await untilAnswer(feed, 3, 'public');
    await setPolicy('video', 2, MEMBERS);
    await untilAnswer(feed, 3, 'token_missing');
    await bench.sql('delete from panoptes.policy');
    await untilAnswer(feed, 3, 'public');
  });

  it('a role ends', async () => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    const hasEnded = (blk: number): boolean =>
      feed.knowledge.losses.hasEnded(
        { role: 'crt_holder', channel: '1', token: '5', amount: '1' },
        'member:7',
        blk,
      );
    await bench.sql(`insert into panoptes.role_loss values ('member:7', 'crt_holder', '5', 50)`);
    await until('the loss', () => hasEnded(49));
    expect(hasEnded(50)).toBe(false);
    await bench.sql(`update panoptes.role_loss set block = 60`);
    await until('the later loss', () => hasEnded(59));
    await bench.sql(`insert into panoptes.role_loss values ('member:7', '*', '', 70)`);
    await until('the loss of everything', () => hasEnded(69));
  });

  it('a signing key comes, is revoked and goes', async () => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    const { kid, certificate } = certifiedKey(bench.root);
    const find = () => feed.knowledge.findKey(kid);
    await bench.sql('insert into panoptes.signing_key (kid, certificate) values ($1, $2)', [
      kid,
      certificate,
    ]);
    await until('the key', () => find()?.revoked === false);
    await bench.sql('update panoptes.signing_key set revoked_at = now()');
    await until('its revocation', () => find()?.revoked === true);
    await bench.sql('update panoptes.signing_key set revoked_at = null');
    await until('its return', () => find()?.revoked === false);
    await bench.sql('delete from panoptes.signing_key');
    await until('its end', () => find() === null);
  });

  it('something is revoked, for longer, and lifted', async () => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    const revokedUntil = (): number => feed.knowledge.revocations.revokedUntil('sid', 'a|b');
    expect(revokedUntil()).toBe(Number.NEGATIVE_INFINITY);
    await bench.sql(
      `insert into panoptes.revocation values ('sid', 'a|b', to_timestamp(1000), now() + interval '1 hour', 'test')`,
    );
    await until('it is revoked', () => revokedUntil() === 1_000);
    await bench.sql(`update panoptes.revocation set at = to_timestamp(2000)`);
    await until('for longer', () => revokedUntil() === 2_000);
    expect((await bench.open({ pollMs: NEVER_MS })).knowledge.revocations.size).toBe(1);
    await bench.sql(`update panoptes.revocation set until = now()`);
    // What no token can be touched by is not even read.
    expect((await bench.open({ pollMs: NEVER_MS })).knowledge.revocations.size).toBe(0);
    await bench.sql('delete from panoptes.revocation');
    await until('it is lifted', () => revokedUntil() === Number.NEGATIVE_INFINITY);
  });
});

describe('what changes together', () => {
  it('is seen together', async () => {
    await bench.sql(
      `insert into panoptes.asset select n, 1, 2, 'media', 1, $1 from generate_series(1000, 1999) n`,
      [HASH],
    );
    const feed = await bench.open({ pollMs: 10 });
    const seen = new Set<number>();
    let isWatching = true;
    const watch = (): void => {
      let open = 0;
      for (let id = 1000; id < 2000; id += 1) if (answer(feed, id) === 'public') open += 1;
      seen.add(open);
      if (isWatching) setImmediate(watch);
    };
    watch();
    // Each transaction flips all of them, in ten statements, and says so each time.
    for (let round = 0; round < 20; round += 1) {
      const client = await bench.db.pool.connect();
      await client.query('begin');
      for (let part = 0; part < 10; part += 1)
        await client.query(
          `insert into panoptes.policy (scope, id, document, updated_by)
             select 'asset', 1000 + $1 * 100 + n, $2, 'test' from generate_series(0, 99) n
             on conflict (scope, id) do update set document = excluded.document`,
          [part, JSON.stringify(round % 2 === 0 ? MEMBERS : PUBLIC)],
        );
      await client.query('commit');
      client.release();
      await untilAnswer(feed, 1999, round % 2 === 0 ? 'token_missing' : 'public');
    }
    isWatching = false;
    expect([...seen].sort()).toEqual([0, 1000]);
  });

  it('is seen whole although a transaction that began before is still running', async () => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    const late = await bench.db.pool.connect();
    await late.query('begin');
    await late.query('update panoptes.channel set is_censored = true');
    await setPolicy('video', 2, MEMBERS);
    await untilAnswer(feed, 3, 'token_missing');
    expect(answer(feed, 4)).toBe('public');
    await late.query('commit');
    late.release();
    await untilAnswer(feed, 4, 'censored');
    await untilAnswer(feed, 3, 'censored');
  });

  it('is not seen when it is rolled back', async () => {
    const feed = await bench.open({ pollMs: 10 });
    const client = await bench.db.pool.connect();
    await client.query('begin');
    await client.query('update panoptes.channel set is_censored = true');
    await client.query('rollback');
    client.release();
    await setPolicy('asset', 4, MEMBERS);
    await untilAnswer(feed, 4, 'token_missing');
    expect(answer(feed, 3)).toBe('public');
  });
});

describe('a row that makes no sense', () => {
  it('closes what it is about, is reported, and heals with the next good one', async () => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    await setPolicy('video', 2, { v: 1, media: { public: 'yes' } });
    await untilAnswer(feed, 3, 'token_missing');
    expect(answer(feed, 4)).toBe('public');
    expect(feed.knowledge.sizes().rejected).toBe(1);
    expect(bench.log()).toMatch(/"scope":"video","id":2.*does not validate/);
    await setPolicy('video', 2, PUBLIC);
    await untilAnswer(feed, 3, 'public');

    await bench.sql(`update panoptes.asset set content_hash = 'QmNotBlake3' where id = 3`);
    await untilAnswer(feed, 3, 'incomplete');
    expect(feed.knowledge.map.findAsset(3)).toHaveProperty('flaw');
    expect(bench.log()).toContain('"entity":"asset","id":3,"flaw":"the content hash"');
    await bench.sql(`update panoptes.asset set content_hash = $1 where id = 3`, [HASH]);
    await untilAnswer(feed, 3, 'public');
  });

  it.each([
    ['a negative size', 'update panoptes.asset set size = -1 where id = 3', 3],
    ['a size from 2^53 on', 'update panoptes.asset set size = 9007199254740992 where id = 3', 3],
    ['a video below 0', 'update panoptes.asset set video = -2 where id = 3', 3],
    ['a channel below 0', 'update panoptes.asset set channel = -1 where id = 4', 4],
    ['a video’s channel from 2^53 on', 'update panoptes.video set channel = 9007199254740992', 3],
    ['a privilege level below 0', 'update panoptes.channel set privilege_level = -1', 4],
  ])('closes what it is about: %s', async (_name, change, asset) => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    await bench.sql(change);
    await untilAnswer(feed, asset, 'incomplete');
    // And from the start.
    expect(answer(await bench.open({ pollMs: NEVER_MS }), asset)).toBe('incomplete');
  });

  it('never keeps others out, wherever it is', async () => {
    const spoil = async (): Promise<void> => {
      await bench.sql(
        `insert into panoptes.channel (id, owner_member, is_public) values (-1, 1, true), (9223372036854775807, 1, true)`,
      );
      await bench.sql(`insert into panoptes.video values (-1, 1, true), (9223372036854775807, 1, true)`);
      await bench.sql(
        `insert into panoptes.asset values (-1, 1, 2, 'media', 1, 'x'), (9007199254740992, 1, 2, 'media', 1, $1)`,
        [HASH],
      );
      await bench.sql(
        `insert into panoptes.policy (scope, id, document, updated_by) values ('asset', -1, '{}', ''), ('asset', 9007199254740993, 'null', '')`,
      );
      await bench.sql(
        `insert into panoptes.role_loss values ('', '', '', -1), ('a|b', 'c|d', 'e|f', 9223372036854775807)`,
      );
      await bench.sql(
        `insert into panoptes.signing_key values ('', '', null), ('kid', 'not.a.certificate', null)`,
      );
      await bench.sql(`insert into panoptes.change (entity, id) values ('policy', 'nonsense'), ('policy', 'asset/'), ('policy', 'asset/x/y'), ('asset', 'x'),
        ('channel', ''), ('video', '1e3'), ('role_loss', 'x'), ('signing_key', ''), ('unheard of', '1'), ('', '')`);
    };
    const feed = await bench.open({ pollMs: NEVER_MS });
    await spoil();
    await setPolicy('asset', 4, MEMBERS);
    await untilAnswer(feed, 4, 'token_missing');
    expect([answer(feed, 3), answer(feed, -1), answer(feed, 2 ** 53)]).toEqual([
      'public',
      'not_found',
      'not_found',
    ]);
    const again = await bench.open({ pollMs: NEVER_MS });
    expect([answer(again, 3), answer(again, 4), answer(again, -1)]).toEqual([
      'public',
      'token_missing',
      'not_found',
    ]);
  });

  it('is no key without a certificate of the root, for itself', async () => {
    const good = certifiedKey(bench.root);
    const other = certifiedKey(bench.root);
    const foreign = certifiedKey(generateKeyPair());
    const feed = await bench.open({ pollMs: NEVER_MS });
    await bench.sql(
      `insert into panoptes.signing_key (kid, certificate) values ($1, $2), ($3, $4), ($5, $6)`,
      [foreign.kid, foreign.certificate, other.kid, good.certificate, good.kid, good.certificate],
    );
    await until('the good one', () => feed.knowledge.findKey(good.kid) !== null);
    expect(feed.knowledge.findKey(foreign.kid)).toBeNull();
    expect(feed.knowledge.findKey(other.kid)).toBeNull();
    expect(feed.knowledge.sizes()).toMatchObject({ keys: 1, rejected: 2 });
    expect(bench.log()).toContain(foreign.kid);
    expect(bench.log()).not.toContain(foreign.certificate);
    // A good key whose row is spoilt is no key any more.
    await bench.sql(`update panoptes.signing_key set certificate = $2 where kid = $1`, [
      good.kid,
      foreign.certificate,
    ]);
    await until('its end', () => feed.knowledge.findKey(good.kid) === null);
  });

  it('is reported a few times, and counted', async () => {
    const feed = await bench.open({ pollMs: NEVER_MS });
    await bench.sql(
      `insert into panoptes.asset select n, 1, 2, 'media', 1, 'x' from generate_series(100, 5099) n`,
    );
    await untilAnswer(feed, 5_099, 'incomplete');
    expect(feed.knowledge.sizes().rejected).toBe(5_000);
    expect(bench.log().split('\n').length).toBeLessThan(50);
  });
});
