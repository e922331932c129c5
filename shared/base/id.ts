/**
 * Ids of the chain (`u64`) as this project carries them: decimal strings on the wire and in tokens, numbers in the
 * policy map. 0 is a valid id everywhere. Ids at or above 2^53 do not exist on any chain in reach and are refused.
 */
const DECIMAL_ID = /^(?:0|[1-9][0-9]{0,15})$/;

export function isId(value: unknown): value is string {
  return typeof value === 'string' && DECIMAL_ID.test(value) && Number.isSafeInteger(Number(value));
}

/** The number an id stands for, or `null` for anything that is not a canonical decimal id below 2^53. */
export function findIdNumber(value: string): number | null {
  return isId(value) ? Number(value) : null;
}
