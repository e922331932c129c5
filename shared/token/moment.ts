import { TokenError } from './errors.ts';

export interface Moment {
  /** Seconds since the epoch. */
  readonly nowSec: number;
  /** How far clocks may be apart. */
  readonly leewaySec: number;
}

/** From `nbf` until `exp` is reached, in seconds. */
export interface Validity {
  readonly nbf: number;
  readonly exp: number;
}

/** Throws `token_not_yet_valid` or `token_expired`: `exp` reached means expired. */
export function checkTime({ nbf, exp }: Validity, { nowSec, leewaySec }: Moment): void {
  if (nowSec + leewaySec < nbf) throw new TokenError('token_not_yet_valid', 'its time has not come');
  if (nowSec - leewaySec >= exp) throw new TokenError('token_expired', 'its time is over');
}
