import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a nonce stands for: it is worth nothing for any other site, account, session key, time, chain or label. */
export interface NonceSubject {
  /** Of the page that signs somebody in. */
  readonly domain: string;
  /** 0x hex. */
  readonly account: string;
  readonly sessionKey: string;
  readonly issuedAt: Date;
  readonly expirationTime: Date;
  readonly chainId: string;
  readonly label: string | null;
}

/**
 * Nonces that need no memory: an HMAC over what they stand for. The secret derives from the signing seed (HKDF, RFC
 * 5869), so every process that signs with one key also knows each other's nonces.
 */
export interface Nonces {
  create(subject: NonceSubject): string;
  matches(nonce: string, subject: NonceSubject): boolean;
}

const HEX_DIGITS = 32;

export function createNonces(signingSeed: Uint8Array): Nonces {
  const secret = Buffer.from(hkdfSync('sha256', signingSeed, '', 'panoptes sign-in nonce 1', 32));
  const create = ({
    domain,
    account,
    sessionKey,
    issuedAt,
    expirationTime,
    chainId,
    label,
  }: NonceSubject): string =>
    createHmac('sha256', secret)
      .update(
        JSON.stringify([
          ...[domain, account, sessionKey],
          ...[issuedAt.getTime(), expirationTime.getTime(), chainId, label],
        ]),
      )
      .digest('hex')
      .slice(0, HEX_DIGITS);
  return {
    create,
    matches: (nonce, subject) => {
      const [given, right] = [Buffer.from(nonce), Buffer.from(create(subject))];
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}
