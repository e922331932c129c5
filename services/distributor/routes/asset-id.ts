import { findIdNumber } from '../../../shared/base/index.ts';
import { Problem } from '../../../shared/wire/index.ts';

/** Throws `bad_request` for anything but a canonical decimal id. */
export function parseAssetId(text: string): number {
  const id = findIdNumber(text);
  if (id === null)
    throw new Problem('bad_request', 'An asset id is a decimal number below 2^53 without leading zeros');
  return id;
}
