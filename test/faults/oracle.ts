import type { Pool } from '../../shared/db/index.ts';
import { IDS, tables } from '../support/random-tables.ts';
import type { Arena } from './arena.ts';

const ALL = Array.from({ length: IDS }, (_, id) => String(id));

/** What a distributor should answer about every asset: to nobody in particular, and to a member. */
export async function expected(pool: Pool): Promise<string[]> {
  const known = new Map((await tables(pool)).map((line) => [line.split(' ')[0], line.split(' ').slice(1)]));
  return ALL.map((id) => {
    const line = known.get(id);
    if (!line) return `${id} not_found not_found`;
    if (line[0] === 'incomplete') return `${id} not_public not_public`;
    const [, , , facts = '', rule = ''] = line;
    const [isChannelPublic, isChannelCensored, isVideoPublic, isVideoCensored] = facts
      .split(',')
      .map((one) => one === 't');
    if (isChannelCensored || isVideoCensored) return `${id} censored censored`;
    if (!isChannelPublic || !isVideoPublic) return `${id} token_missing not_public`;
    if (rule === 'none' || rule === 'publictrue') return `${id} open open`;
    return `${id} token_missing ${rule === 'rolemember' ? 'open' : 'policy_denied'}`;
  });
}

/** What one of the distributors does answer. */
export async function actual(arena: Arena, which: 'distributor' | 'other'): Promise<string[]> {
  const asked = { distributor: arena[which] };
  const [nobody, member] = await Promise.all([ask(asked, ALL, null), ask(asked, ALL, arena.token)]);
  return ALL.map((id, index) => `${id} ${nobody[index] ?? ''} ${member[index] ?? ''}`);
}

/** `open`, or the code of the refusal, by asset; all of one moment for up to a dozen. */
export async function ask(
  { distributor }: Pick<Arena, 'distributor'>,
  ids: readonly string[],
  token: string | null,
): Promise<string[]> {
  const answer = await fetch(`${distributor.url}/api/v1/access`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ ids }),
    signal: AbortSignal.timeout(5_000),
  });
  const body = (await answer.json()) as { assets: { allowed: boolean; code?: string }[] };
  if (answer.status !== 200) throw new Error(`${answer.status}: ${JSON.stringify(body)}`);
  return body.assets.map(({ allowed, code = '' }) => (allowed ? 'open' : code));
}
