import { UsageError } from '../../../shared/runtime/index.ts';

const PREFIX = 'panoptes_';

/** The subscription at the region and the slot at the published server, which have the same name. */
export const slotOf = (region: string): string => `${PREFIX}${region}`;

/** A region's name, which becomes part of what Postgres allows in the name of a slot. */
export function parseRegionName(text: string): string {
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(text))
    throw new UsageError('--name must be up to 40 lower-case letters, digits and _, a letter first');
  return text;
}
