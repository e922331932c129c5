/** Milliseconds since the epoch, as `Date.now`; passed in so that tests can set it. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Whole seconds since the epoch, the unit of JWT claims (RFC 7519 NumericDate). */
export const nowSec = (clock: Clock): number => Math.floor(clock() / 1000);
