import type { RoleClaim } from '../../../shared/token/index.ts';

/** A role that ended in `block`. `role` `*`: every role of the subject; `object` '' where a role has none. */
export interface RoleLoss {
  readonly subject: string;
  readonly role: string;
  readonly object: string;
  readonly block: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

interface Ended {
  readonly block: number;
  readonly at: number;
}

/**
 * Which roles have ended lately, by whom they were held. A loss counts against tokens from blocks before it, so it can
 * be forgotten once every such token has expired: that bounds the memory.
 */
export class RoleLosses {
  readonly #keepMs: number;
  readonly #bySubject = new Map<string, Map<string, Ended>>();

  /** `keepMs`: the longest life of a token, and the time that takes to learn of a loss. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  add({ subject, role, object, block, at }: RoleLoss): void {
    const losses = this.#bySubject.get(subject) ?? new Map<string, Ended>();
    const key = keyOf(role, object);
    // Losses can be told again and in any order: the latest block counts.
    if ((losses.get(key)?.block ?? -1) < block) losses.set(key, { block, at });
    this.#bySubject.set(subject, losses);
  }

  /** Whether this role, held by `sub` at block `blk`, has ended since. Costs one look-up for whoever has lost nothing. */
  hasEnded(claim: RoleClaim, sub: string, blk: number): boolean {
    if (this.#bySubject.size === 0) return false;
    const worker = 'worker' in claim ? claim.worker : undefined;
    const subject = worker === undefined ? sub : `worker:${worker}`;
    const losses = this.#bySubject.get(subject);
    if (!losses) return false;
    return (
      (losses.get(keyOf(claim.role, objectOf(claim)))?.block ?? -1) > blk ||
      (losses.get(keyOf('*', ''))?.block ?? -1) > blk
    );
  }

  /** Forgets what no token can still be touched by. */
  prune(nowMs: number): void {
    for (const [subject, losses] of this.#bySubject) {
      for (const [key, { at }] of losses) if (nowMs - at > this.#keepMs) losses.delete(key);
      if (losses.size === 0) this.#bySubject.delete(subject);
    }
  }

  /** Subjects with a loss. */
  get size(): number {
    return this.#bySubject.size;
  }
}

const keyOf = (role: string, object: string): string => `${role}|${object}`;

/** What a role is about, as the indexer names it in `panoptes.role_loss`. */
function objectOf(claim: RoleClaim): string {
  switch (claim.role) {
    case 'channel_owner':
    case 'channel_collaborator':
      return claim.channel;
    case 'nft_owner':
      return claim.video;
    case 'crt_holder':
      return claim.token;
    default:
      return '';
  }
}
