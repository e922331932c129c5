import { createRoleToken, type KeyPair, type RoleClaim } from '../../shared/token/index.ts';
import type { Random } from '../support/random-tables.ts';
import { CHANNELS, type ChannelState } from './world.ts';

/** Somebody who asks, and what a plain reading of the rules answers them. */
export interface Caller {
  readonly token: string | null;
  /** `open`, or the code of the refusal. */
  expects(channel: number, state: ChannelState): string;
}

const LIFE_SEC = 1_500;
const RENEW_MS = 600_000;

/** Callers with tokens that are renewed now and then, so that a long run never outlives them. */
export function createCallers(signing: KeyPair, stranger: KeyPair): (random: Random) => Caller {
  const known = new Map<string, { readonly caller: Caller; readonly at: number }>();
  const sign = (roles: readonly RoleClaim[], key: KeyPair, ageSec = 0): string => {
    const iat = Math.floor(Date.now() / 1_000) - ageSec;
    const exp = iat + LIFE_SEC;
    return createRoleToken({ iss: 'soak', sub: 'member:7', iat, exp, jti: `s${iat}`, blk: 1, roles }, key);
  };
  const make = (kind: number, channel: number): Caller => {
    const member: RoleClaim = { role: 'member', member: '7' };
    const owner: RoleClaim = { role: 'channel_owner', channel: String(channel) };
    const holding = (amount: string): RoleClaim => ({
      ...{ role: 'crt_holder', channel: String(channel), token: String(channel) },
      amount,
    });
    switch (kind) {
      case 0:
        return holder(sign([member], signing), (_channel, { rule }) => rule === 'member');
      case 1:
        return holder(sign([holding('100')], signing), (of, { rule }) => rule === 'holder' && of === channel);
      case 2:
        return holder(sign([holding('99')], signing), () => false);
      case 3: {
        const others = holder(sign([owner], signing), () => false);
        return {
          token: others.token,
          expects: (of, state) => (of === channel ? 'open' : others.expects(of, state)),
        };
      }
      case 4:
        return refused(sign([member, owner], stranger), 'token_invalid');
      case 5:
        return refused(sign([member], signing, LIFE_SEC + 60), 'token_expired');
      case 6:
        return refused('not.a.token', 'token_invalid');
      default:
        return {
          token: null,
          expects: (_channel, state) =>
            isOpen(state) ? 'open' : state.isCensored ? 'censored' : 'token_missing',
        };
    }
  };
  return (random) => {
    const [kind, channel] = [random(10), random(CHANNELS)];
    const name = `${kind}/${channel}`;
    const found = known.get(name);
    if (found !== undefined && performance.now() - found.at < RENEW_MS) return found.caller;
    const caller = make(kind, channel);
    known.set(name, { caller, at: performance.now() });
    return caller;
  };
}

const isOpen = ({ isPublic, isCensored, rule }: ChannelState): boolean =>
  isPublic && !isCensored && rule === 'public';

const holder = (token: string, holds: (channel: number, state: ChannelState) => boolean): Caller => ({
  token,
  expects: (channel, state) => {
    if (isOpen(state)) return 'open';
    if (state.isCensored) return 'censored';
    if (!state.isPublic) return 'not_public';
    return holds(channel, state) ? 'open' : 'policy_denied';
  },
});

/** A token that is none opens nothing, and closes nothing that is open to everybody. */
const refused = (token: string, code: string): Caller => ({
  token,
  expects: (_channel, state) => (isOpen(state) ? 'open' : code),
});
