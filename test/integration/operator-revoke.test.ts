import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../services/operator/commands.ts';
import { run } from '../../services/operator/run.ts';
import { generateKeyPair } from '../../shared/token/index.ts';
import { certifiedKey } from '../support/certified-key.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

async function panoptes(name: string, ...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(COMMANDS, [name, '--database-url', database.url, ...args], {
    say: (line) => out.push(line),
    complain: (line) => err.push(line),
  });
  return { code, out, err };
}
const rows = async () =>
  (
    await database.pool.query<{ kind: string; value: string; from_now: number; kept: number }>(
      `select kind, value, round(extract(epoch from at - now()) / 86400)::int as from_now,
              round(extract(epoch from until - at) / 3600)::int as kept
         from panoptes.revocation order by kind, value`,
    )
  ).rows;

describe('panoptes revoke', () => {
  it('writes one row for what is named, for as long as any token can live', async () => {
    for (const args of [
      ['--jti', 'token-1'],
      ['--sub', 'member:7'],
      ['--sid', 'GmePsLPv_o01'],
      ['--gateway', '2', '--days', '30'],
    ])
      expect(await panoptes('revoke', ...args)).toMatchObject({ code: 0, err: [] });
    expect(await rows()).toEqual([
      { kind: 'gateway', value: '2', from_now: 30, kept: 25 },
      { kind: 'jti', value: 'token-1', from_now: 0, kept: 25 },
      { kind: 'sid', value: 'GmePsLPv_o01', from_now: 0, kept: 25 },
      { kind: 'sub', value: 'member:7', from_now: 0, kept: 25 },
    ]);
    // Again, for less: what is in force stays.
    await panoptes('revoke', '--gateway', '2');
    expect((await rows())[0]).toMatchObject({ value: '2', from_now: 30 });
    const listed = (await panoptes('revocations')).out;
    expect(listed).toHaveLength(4);
    expect(listed[0]).toMatch(/^gateway {2}2 {2}\d{4}-.*Z {2}panoptes revoke$/);
  });

  it('marks a signing key, for good', async () => {
    const { kid, certificate } = certifiedKey(generateKeyPair());
    await database.pool.query('insert into panoptes.signing_key values ($1, $2)', [kid, certificate]);
    expect((await panoptes('revoke', '--kid', kid)).code).toBe(0);
    const isRevoked = async () =>
      (
        await database.pool.query<{ is: boolean }>(
          'select revoked_at is not null as is from panoptes.signing_key where kid = $1',
          [kid],
        )
      ).rows[0]?.is;
    expect(await isRevoked()).toBe(true);
    expect((await panoptes('unrevoke', '--kid', kid)).code).toBe(2);
    expect(await isRevoked()).toBe(true);
    expect((await panoptes('revocations')).out.some((line) => line.includes(kid))).toBe(true);
  });

  it('ends the session that it names', async () => {
    await database.pool.query(
      `insert into panoptes.session (nonce, account, session_key, sid, expires_at)
       values ('n', '0x', 'k', 'AAAAAAAAAAAA', now() + interval '1 day')`,
    );
    await panoptes('revoke', '--sid', 'AAAAAAAAAAAA');
    const { rows } = await database.pool.query('select 1 from panoptes.session where revoked_at is not null');
    expect(rows).toHaveLength(1);
  });

  it.each([
    ['nothing named', []],
    ['two named', ['--jti', 'a', '--sid', 'b']],
    ['no subject', ['--sub', 'hunter2']],
    ['no id', ['--gateway', '02']],
    ['no kid', ['--kid', 'hunter2']],
    ['days of one token', ['--jti', 'a', '--days', '3']],
    ['no days', ['--sub', 'member:7', '--days', '0']],
    ['too many days', ['--sub', 'member:7', '--days', '366']],
  ])('with %s is wrong usage and does nothing', async (_, args) => {
    const before = await rows();
    const { code, out, err } = await panoptes('revoke', ...args);
    expect({ code, out, lines: err.length }).toEqual({ code: 2, out: [], lines: 1 });
    expect(err[0]).not.toContain('hunter2');
    expect(await rows()).toEqual(before);
  });

  it('says so when there is no such key, or nothing to lift', async () => {
    expect(await panoptes('revoke', '--kid', 'BBBBBBBBBBBB')).toMatchObject({ code: 1, out: [] });
    expect(await panoptes('unrevoke', '--jti', 'unheard-of')).toMatchObject({ code: 1, out: [] });
  });
});

it('panoptes unrevoke takes one back and leaves the others', async () => {
  const before = await rows();
  expect((await panoptes('unrevoke', '--sub', 'member:7')).code).toBe(0);
  expect(await rows()).toEqual(before.filter(({ value }) => value !== 'member:7'));
});
