import { auth, base64url, stranger } from './actors.ts';

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const FIELD = 2n ** 255n - 19n;

const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 255n));
const valueOf = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

interface SignatureVector {
  name: string;
  comment: string;
  publicKey: string;
  message: string;
  signature: string;
  valid: boolean;
}

export function signatureVectors(): { about: string; vectors: SignatureVector[] } {
  const message = Buffer.from('header.payload');
  const signature = auth.sign(message);
  const R = signature.slice(0, 32);
  const marked = signature.slice(32);
  const s = valueOf(marked) - 2n ** 255n;
  const join = (point: Uint8Array, scalar: bigint, marker = 0x80): Uint8Array => {
    const bytes = Uint8Array.from([...point, ...littleEndian(scalar)]);
    bytes[63] = (bytes[63] ?? 0) | marker;
    return bytes;
  };
  const changed = (bytes: Uint8Array, at: number, mask: number): Uint8Array =>
    bytes.map((byte, index) => (index === at ? byte ^ mask : byte));

  const vector = (
    name: string,
    comment: string,
    given: { publicKey?: Uint8Array; message?: Uint8Array; signature?: Uint8Array } = {},
    valid = false,
  ): SignatureVector => ({
    name,
    comment,
    publicKey: base64url(given.publicKey ?? auth.publicKey),
    message: base64url(given.message ?? message),
    signature: base64url(given.signature ?? signature),
    valid,
  });
  const key = (publicKey: Uint8Array): { publicKey: Uint8Array } => ({ publicKey });
  const sig = (bytes: Uint8Array): { signature: Uint8Array } => ({ signature: bytes });
  const empty = new Uint8Array();
  // s·B = R - 0·k: with the identity as key this holds for every message. B is RFC 9496's generator, s = 1.
  const generator = Buffer.from('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76', 'hex');

  return {
    about: 'sr25519: Schnorrkel over Ristretto255, signing context "substrate". Bytes are base64url.',
    vectors: [
      vector('genuine', 'R, then s with the marker bit (0x80 of the last byte).', {}, true),
      vector('genuine, empty message', '', { message: empty, signature: auth.sign(empty) }, true),
      vector('another message', '', { message: Buffer.from('header.payloaf') }),
      vector('another key', '', key(stranger.publicKey)),
      vector(
        'a bit of R flipped',
        'R is compared as bytes, so it need not be a point to be refused.',
        sig(changed(signature, 0, 2)),
      ),
      vector('a bit of s flipped', '', sig(changed(signature, 32, 1))),
      vector(
        'marker missing',
        'As made before schnorrkel 0.1.1. Some libraries panic here.',
        sig(join(R, s, 0)),
      ),
      vector(
        's not reduced',
        's + group order is congruent to s: malleable if accepted.',
        sig(join(R, s + ORDER)),
      ),
      vector('s is the group order', '', sig(join(R, ORDER))),
      vector('s is zero', '', sig(join(R, 0n))),
      vector('R not reduced', 'The field prime, for zero.', sig(join(littleEndian(FIELD), s))),
      vector('all zero', '', sig(new Uint8Array(64))),
      vector('too short', '', sig(signature.slice(0, 63))),
      vector('too long', '', sig(Uint8Array.from([...signature, 0]))),
      vector(
        'key: all ones',
        'No canonical encoding of a point (RFC 9496, section 4.3.1).',
        key(new Uint8Array(32).fill(0xff)),
      ),
      vector(
        'key: negative element',
        'The lowest bit of an encoding is never set.',
        key(changed(auth.publicKey, 0, 1)),
      ),
      vector('key: high bit set', '', key(changed(auth.publicKey, 31, 0x80))),
      vector('key: no point', 'Canonical as a field element; its decoding fails.', key(littleEndian(28n))),
      vector('key: identity', 'Everybody can sign for it: R = s·B for any message. Refuse the key.', {
        ...key(new Uint8Array(32)),
        ...sig(join(generator, 1n)),
      }),
      vector('key: too short', '', key(auth.publicKey.slice(0, 31))),
    ],
  };
}
