import type { Database } from './database.ts';

export interface HeldRole {
  /** `member:7`, `account:<ss58>`, or `worker:content:3` for a role held through an office. */
  readonly subject: string;
  readonly role: string;
  /** Channel, video or creator token. */
  readonly object: string;
  /** Block at which the role was true. */
  readonly block: number;
}

/** Roles that have ended since they were attested, as the indexer saw it. */
export interface RoleLosses {
  hasEnded(held: HeldRole): Promise<boolean>;
}

export function createRoleLosses(database: Database): RoleLosses {
  return {
    hasEnded: async ({ subject, role, object, block }) => {
      const rows = await database.query(
        `select 1 from panoptes.role_loss
         where subject = $1 and block > $4 and (role = '*' or (role = $2 and object = $3)) limit 1`,
        [subject, role, object, block],
      );
      return rows.length > 0;
    },
  };
}
