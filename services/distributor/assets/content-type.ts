/** How many bytes from the start are enough to tell. */
export const SNIFF_BYTES = 512;

/** What a client is told about bytes, and how a browser is kept from running them. */
export interface ContentType {
  readonly type: string;
  /** Bytes nobody could name are for saving, never for showing. */
  readonly disposition: 'inline' | 'attachment';
  /** For types that can hold scripts: shown on their own, they load nothing, run nothing and have no origin. */
  readonly policy: string | null;
}

const SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
const UNKNOWN: ContentType = {
  type: 'application/octet-stream',
  disposition: 'attachment',
  policy: SANDBOX,
};

const passive = (type: string): ContentType => ({ type, disposition: 'inline', policy: null });
const active = (type: string): ContentType => ({ type, disposition: 'inline', policy: SANDBOX });

/** Signatures at fixed places: `[type, [offset, latin1 bytes]…]`, all of which must be there. */
const SIGNATURES: readonly (readonly [ContentType, ...(readonly [offset: number, bytes: string])[]])[] = [
  [passive('image/png'), [0, '\x89PNG\r\n\x1a\n']],
  [passive('image/jpeg'), [0, '\xff\xd8\xff']],
  [passive('image/gif'), [0, 'GIF8']],
  [passive('image/webp'), [0, 'RIFF'], [8, 'WEBP']],
  [passive('image/avif'), [4, 'ftypavif']],
  [passive('audio/wav'), [0, 'RIFF'], [8, 'WAVE']],
  [passive('audio/mp4'), [4, 'ftypM4A']],
  [passive('video/quicktime'), [4, 'ftypqt']],
  [passive('video/mp4'), [4, 'ftyp']],
  [passive('application/ogg'), [0, 'OggS']],
  [passive('audio/flac'), [0, 'fLaC']],
  [passive('audio/mpeg'), [0, 'ID3']],
];
const EBML = '\x1a\x45\xdf\xa3';

/**
 * Texts, after an optional byte order mark and, but for WebVTT, white space. Anybody can upload what these are matched
 * against: each has one way to match at most.
 */
const TEXTS: readonly (readonly [ContentType, RegExp])[] = [
  [passive('text/vtt; charset=utf-8'), /^WEBVTT(?:[ \t\r\n]|$)/],
  [
    passive('application/x-subrip; charset=utf-8'),
    /^\s*\d+[ \t]*\r?\n\d+:\d\d:\d\d[,.]\d+ --> \d+:\d\d:\d\d[,.]\d+/,
  ],
  [
    active('image/svg+xml'),
    /^\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->)[^])*-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/i,
  ],
];

/**
 * The media type of bytes by how they begin (`head`: the first SNIFF_BYTES, or all). What an uploader says of a file is
 * never asked. HTML, PDF and scripts are unknown on purpose.
 */
export function sniffContentType(head: Uint8Array): ContentType {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, SNIFF_BYTES));
  const text = bytes.toString('latin1');
  for (const [type, ...signature] of SIGNATURES) {
    if (signature.every(([offset, expected]) => text.startsWith(expected, offset))) return type;
  }
  if (text.startsWith(EBML)) return passive(text.includes('webm') ? 'video/webm' : 'video/x-matroska');
  const utf8 = bytes.toString('utf8').replace(/^\ufeff/, '');
  return TEXTS.find(([, pattern]) => pattern.test(utf8))?.[0] ?? UNKNOWN;
}
