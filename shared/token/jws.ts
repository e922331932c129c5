import { encodeBase64url, parseBase64url } from './base64url.ts';
import { TokenError } from './errors.ts';
import { KEY_ID, keyId } from './public-key.ts';
import { object, text, type Shape } from './shape.ts';
import type { KeyPair } from './signature.ts';

export const TOKEN_CHARS_MAX = 4_096;

export type Typ = 'role+jwt' | 'narrow+jwt' | 'key+jwt' | 'session+jwt' | 'node+jwt';

/** A compact JWS (RFC 7515) taken apart; nothing in it has been checked but its form. */
export interface Jws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  /** `header.payload`, the text that is signed. */
  readonly input: string;
  readonly signature: Uint8Array;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The bytes a signature covers: the ASCII of the signing input. */
export const signingBytes = (input: string): Uint8Array => encoder.encode(input);

/** Throws `token_too_large`. Base64url, `.` and `~` are ASCII, so characters are bytes. */
export function checkSize(text: string): void {
  if (text.length > TOKEN_CHARS_MAX)
    throw new TokenError('token_too_large', `over ${TOKEN_CHARS_MAX} characters`);
}

/** Throws `token_malformed`, calling the JWS by `name`. */
export function parseJws(text: string, name: string): Jws {
  const [header, payload, signature, ...rest] = text.split('.');
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0)
    throw new TokenError('token_malformed', `${name} is not header.payload.signature`);
  const signatureBytes = parseBase64url(signature, `the signature of ${name}`);
  if (signatureBytes.length !== 64)
    throw new TokenError('token_malformed', `the signature of ${name} is not 64 bytes`);
  return {
    header: parseJsonPart(header, `the header of ${name}`),
    payload: parseJsonPart(payload, `the payload of ${name}`),
    input: text.slice(0, header.length + 1 + payload.length),
    signature: signatureBytes,
  };
}

/**
 * Canonical JSON: exactly what `JSON.stringify` makes of its own parse. That leaves one spelling for every value, in
 * the order of its members: no white space, no duplicate member (the later one would hide the earlier), no needless
 * escape, no `1e3`. Two verifiers can therefore never read the same token differently.
 */
function parseJsonPart(part: string, name: string): Record<string, unknown> {
  const bytes = parseBase64url(part, name);
  let value: unknown;
  let canonical: boolean;
  try {
    const text = utf8.decode(bytes);
    value = JSON.parse(text);
    canonical = JSON.stringify(value) === text;
  } catch {
    throw new TokenError('token_malformed', `${name} is not JSON`);
  }
  if (!canonical) throw new TokenError('token_malformed', `${name} is not canonical JSON`);
  if (!isRecord(value)) throw new TokenError('token_malformed', `${name} is not a JSON object`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws `token_unsupported`: there is one algorithm, and a JWS of one type never passes for another. */
export function checkType({ header }: Jws, typ: Typ, name: string): void {
  if (header.alg !== 'SR25519') throw new TokenError('token_unsupported', `alg of ${name} is not SR25519`);
  if (header.typ !== typ) throw new TokenError('token_unsupported', `typ of ${name} is not ${typ}`);
}

const checked: Shape<unknown> = (value) => value;
const named = object({ alg: checked, typ: checked, kid: text('a key id', KEY_ID) });
const unnamed = object({ alg: checked, typ: checked });

/** A key that is known from elsewhere is not named. */
const HEADERS: Readonly<Record<Typ, Shape<{ readonly typ: unknown; readonly kid?: string }>>> = {
  'role+jwt': named,
  'key+jwt': named,
  'node+jwt': named,
  'narrow+jwt': unnamed,
  'session+jwt': named,
};

/** After `checkType`. Throws `claims_invalid` unless the header has just the members of its type; '' for no `kid`. */
export function parseHeader({ header }: Jws, typ: Typ, name: string): string {
  return HEADERS[typ](header, `the header of ${name}`).kid ?? '';
}

/** What a signature covers: `header.payload`; in a narrowing block after its whole parent and `~`. */
export const signingInput = (input: string, parent?: string): string =>
  parent === undefined ? input : `${parent}~${input}`;

/** Makes the JWS; with a `parent` appended to it, and signed over both. */
export function signJws(
  { typ, payload, parent }: { typ: Typ; payload: unknown; parent?: string },
  key: KeyPair,
): string {
  const kid = HEADERS[typ] === named ? { kid: keyId(key.publicKey) } : {};
  const header = { alg: 'SR25519', typ, ...kid };
  const input = signingInput(`${encodeJson(header)}.${encodeJson(payload)}`, parent);
  return `${input}.${encodeBase64url(key.sign(signingBytes(input)))}`;
}

const encodeJson = (value: unknown): string => encodeBase64url(encoder.encode(JSON.stringify(value)));
