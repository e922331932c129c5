import { createHash } from 'node:crypto';
import { keyPairFromSeed, type KeyPair } from '../../shared/token/index.ts';

export const NOW = 1_800_000_000;

/** Published test keys: the seed is 32 bytes of the number. Never use them for anything else. */
const actor = (number: number): KeyPair => keyPairFromSeed(new Uint8Array(32).fill(number));
export const root = actor(1);
export const auth = actor(2);
export const limited = actor(3);
export const revoked = actor(4);
export const ended = actor(5);
export const future = actor(6);
export const holder = actor(11);
export const nextHolder = actor(12);
export const lastHolder = actor(13);
export const stranger = actor(14);

export const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');

/** By the definition, not by the code under test. */
export const kidOf = (publicKey: Uint8Array): string =>
  base64url(createHash('sha256').update(publicKey).digest().subarray(0, 9));

export const keyOf = ({ publicKey }: KeyPair): string => base64url(publicKey);

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A JWS of any header and payload; strings are taken as they are. */
export function jws(header: unknown, payload: unknown, key: KeyPair, parent?: string): string {
  const own = `${base64url(asText(header))}.${base64url(asText(payload))}`;
  const input = parent === undefined ? own : `${parent}~${own}`;
  return `${input}.${base64url(key.sign(Buffer.from(input, 'ascii')))}`;
}
