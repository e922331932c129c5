import { expect, it } from 'vitest';
import { holdsStill, readAttestable, type Attestable } from '../support/attestable.ts';
import { connectApi } from '../support/dev-chain.ts';
import { startIndexerUnderTest } from '../support/indexer.ts';
import { createRandomRoles } from '../support/random-roles.ts';

const STEPS = 150;

/** Of a role that ends again and again the table keeps the last end: here each is kept. */
const KEEP_ALL = `
  create table ended (subject text, role text, object text, block bigint);
  create function keep() returns trigger language plpgsql as $$
  begin
    insert into ended values (new.subject, new.role, new.object, new.block);
    return null;
  end $$;
  create trigger keep after insert or update on panoptes.role_loss for each row execute function keep();
`;

it(
  'whatever happens, a role that could be attested and no longer holds is lost at that very block',
  { timeout: 180_000 },
  async () => {
    await using under = await startIndexerUnderTest();
    await under.db.pool.query(KEEP_ALL);
    const seed = Date.now();
    const random = createRandomRoles(under.world, seed);
    await random.begin();
    for (let steps = 0; steps < STEPS; steps += 1) await random.step();
    const ended = new Set(
      (await under.rows('select * from ended')).map(({ subject, role, object, block }) =>
        [subject, role, object, block].join('|'),
      ),
    );

    const api = await connectApi(under.chain.url);
    const missed: string[] = [];
    const seen = new Map<string, number>();
    try {
      let before: readonly Attestable[] = [];
      for (let block = 1; block <= under.chain.finalizedHead().number; block += 1) {
        const now = await readAttestable(api, (await api.rpc.chain.getBlockHash(block)).toHex());
        for (const held of before) {
          if (holdsStill(held, now)) continue;
          const { subject, role, object } = held;
          seen.set(role, (seen.get(role) ?? 0) + 1);
          const isLost = [`${subject}|${role}|${object}`, `${subject}|*|`].some((end) =>
            ended.has(`${end}|${String(block)}`),
          );
          if (!isLost) missed.push(`${subject} ${role} ${object} at block ${String(block)}`);
        }
        before = now;
      }
    } finally {
      await api.disconnect();
    }
    expect(missed, `seed ${String(seed)}`).toEqual([]);
    for (const role of [
      'member',
      'channel_owner',
      'channel_collaborator',
      'nft_owner',
      'crt_holder',
      'curator',
    ]) {
      expect(seen.get(role) ?? 0, `no end of ${role}: the test is empty`).toBeGreaterThan(0);
    }
  },
);
