import type { DataObject } from '../../shared/chain/index.ts';

const SIZE_MAX = 2n ** 63n - 1n;

/** `null` for an object whose content id is no text that could name content: it is any bytes an uploader likes. */
export const asUsable = (object: DataObject | null): DataObject | null =>
  object && /^[!-~]{1,128}$/.test(object.hash) && object.size <= SIZE_MAX ? object : null;
