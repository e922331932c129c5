import { createHash } from 'node:crypto';

/**
 * Runs `work` with `crypto.getRandomValues` replaced by a fixed sequence, which the signature library draws its nonces
 * from, so that the same vectors come out every time. For the published test keys only.
 */
export function withSeededRandomness<T>(seed: string, work: () => T): T {
  const { crypto } = globalThis;
  const genuine = crypto.getRandomValues.bind(crypto);
  let drawn = 0;
  const fixed = <A extends ArrayBufferView | null>(into: A): A => {
    if (!(into instanceof Uint8Array)) throw new TypeError('only bytes are drawn here');
    const digest = createHash('shake256', { outputLength: into.length });
    into.set(digest.update(`${seed} ${String(drawn++)}`).digest());
    return into;
  };
  Object.assign(crypto, { getRandomValues: fixed });
  try {
    return work();
  } finally {
    Object.assign(crypto, { getRandomValues: genuine });
  }
}
