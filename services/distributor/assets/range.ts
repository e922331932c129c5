/** First and last byte, inclusive. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What a request asks for: everything, one part, or a part that does not exist. */
export type RequestedRange = 'whole' | 'unsatisfiable' | ByteRange;

/** Bytes in an answer. */
export const rangeLength = (range: 'whole' | ByteRange, size: number): number =>
  range === 'whole' ? size : range.last - range.first + 1;

const SINGLE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * Reads a `Range` header for a representation of `size` bytes (RFC 9110, section 14). One range is honoured; several at
 * once, other units and malformed headers are ignored, as the RFC allows, and so is any range of an empty
 * representation. `ifRange` must be the strong `etag` itself, else the range is ignored as well.
 */
export function parseRange(
  header: string | undefined,
  ifRange: string | undefined,
  { size, etag }: { readonly size: number; readonly etag: string },
): RequestedRange {
  if (header === undefined || size === 0 || (ifRange !== undefined && ifRange !== etag)) return 'whole';
  const match = SINGLE_RANGE.exec(header);
  if (!match) return 'whole';
  const [, from = '', to = ''] = match;
  if (from === '') return to === '' ? 'whole' : suffix(Number(to), size);
  const first = Number(from);
  const last = to === '' ? Infinity : Number(to);
  if (last < first) return 'whole';
  return first < size ? { first, last: Math.min(last, size - 1) } : 'unsatisfiable';
}

function suffix(length: number, size: number): RequestedRange {
  return length === 0 ? 'unsatisfiable' : { first: Math.max(0, size - length), last: size - 1 };
}

/** Whether `If-None-Match` names this strong tag (RFC 9110, section 13.1.2: weak comparison, `*` matches anything). */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => {
    const tag = part.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}
