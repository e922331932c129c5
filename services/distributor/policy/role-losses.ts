import { holderOf, type RoleClaim } from '../../../shared/token/index.ts';

/** A role that ended in `block`. `role` `*`: every role of the subject, whatever `object` says; '' where a role has none. */
export interface RoleLoss {
  readonly subject: string;
  readonly role: string;
  readonly object: string;
  readonly block: number;
  /** When it was written; milliseconds since the epoch. */
  readonly at: number;
}

/** The longest life of a token (a gateway's: 24 h), and an hour for clocks and delays. */
export const LOSS_KEEP_MS = 25 * 3_600_000;

/**
 * Which roles have ended lately, by whom they were held. A loss counts against tokens from blocks before it, so it can
 * be forgotten once every such token has expired: that bounds the memory.
 */
export class RoleLosses {
  /** By subject, role and object. */
  readonly #bySubject = new Map<string, Map<string, Map<string, RoleLoss>>>();

  /** Losses can be told again and in any order: of the same role the latest block counts. */
  add(loss: RoleLoss): void {
    const { subject, role, block } = loss;
    const object = role === '*' ? '' : loss.object;
    const byRole = getOrAdd(this.#bySubject, subject, () => new Map<string, Map<string, RoleLoss>>());
    const byObject = getOrAdd(byRole, role, () => new Map<string, RoleLoss>());
    const known = byObject.get(object);
    if (known === undefined || known.block <= block) byObject.set(object, loss);
  }

  /** Whether this role, held by `sub` at block `blk`, has ended since. One look-up for whoever has lost nothing. */
  hasEnded(claim: RoleClaim, sub: string, blk: number): boolean {
    if (this.#bySubject.size === 0) return false;
    const byRole = this.#bySubject.get(holderOf(claim, sub));
    if (!byRole) return false;
    const lastBlock = Math.max(
      byRole.get(claim.role)?.get(objectOf(claim))?.block ?? -1,
      byRole.get('*')?.get('')?.block ?? -1,
    );
    return lastBlock > blk;
  }

  /** Forgets what no token can still be touched by. */
  prune(nowMs: number): void {
    for (const [subject, byRole] of this.#bySubject) {
      for (const [role, byObject] of byRole) {
        for (const [object, { at }] of byObject) if (nowMs - at > LOSS_KEEP_MS) byObject.delete(object);
        if (byObject.size === 0) byRole.delete(role);
      }
      if (byRole.size === 0) this.#bySubject.delete(subject);
    }
  }

  *all(): Iterable<RoleLoss> {
    for (const byRole of this.#bySubject.values())
      for (const byObject of byRole.values()) yield* byObject.values();
  }

  /** Subjects with a loss. */
  get size(): number {
    return this.#bySubject.size;
  }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

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
