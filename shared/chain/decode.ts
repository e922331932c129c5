import { hexToU8a, isHex } from '@polkadot/util';
import { ChainShapeError } from './errors.ts';
import { toPlain, type Plain } from './plain.ts';

/** A stored value, `0x` hex, by the codec that the metadata names. Throws ChainShapeError on bytes it does not describe. */
export function decodeRaw(
  name: string,
  raw: unknown,
  create: (bytes: Uint8Array) => { encodedLength: number },
): Plain {
  if (!isHex(raw)) throw new ChainShapeError(`${name}: not hex`);
  const bytes = hexToU8a(raw);
  return understand(name, () => {
    const codec = create(bytes);
    if (codec.encodedLength !== bytes.length)
      throw new ChainShapeError('the metadata does not describe this');
    return toPlain(codec);
  });
}

/** Whatever goes wrong in reading an answer is the answer's fault. */
export function understand<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : 'not understood';
    throw new ChainShapeError(`${name}: ${why}`, { cause: error });
  }
}
