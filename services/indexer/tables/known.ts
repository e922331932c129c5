import type { Pool } from '../../../shared/db/index.ts';
import type { Known } from '../read-block.ts';

export function createKnown(pool: Pool): Known {
  return {
    holdersOf: async (token) => {
      const { rows } = await pool.query<{ member: string }>(
        'select member from panoptes.holding where token = $1',
        [token],
      );
      return rows.map(({ member }) => member);
    },
    findChannelOf: async (token) => {
      const { rows } = await pool.query<{ id: string }>(
        'select id from panoptes.channel where creator_token = $1',
        [token],
      );
      return rows[0]?.id ?? null;
    },
  };
}
