import { hexToU8a, isHex, u8aToHex } from '@polkadot/util';
import { decodeAddress } from '@polkadot/util-crypto';
import type { Clock } from '../../shared/base/index.ts';
import { findBase64url, isPublicKey } from '../../shared/token/index.ts';
import {
  formatSignInMessage,
  isSessionLabel,
  Problem,
  type ChallengeRequest,
  type ChallengeResponse,
} from '../../shared/wire/index.ts';
import { toAddress, type ChainIdentity } from './chain-link.ts';
import type { Nonces } from './nonce.ts';

/** Makes the message a wallet signs. Nothing is stored: the nonce vouches for it later. */
export interface Challenger {
  /** `domain`: of the page that asks. Throws Problem `bad_request` when the account, the session key or the label is none. */
  create(request: ChallengeRequest, domain: string, chain: ChainIdentity): ChallengeResponse;
}

export function createChallenger(options: {
  readonly publicUrl: string;
  readonly sessionLifeSec: number;
  readonly nonces: Nonces;
  readonly clock: Clock;
}): Challenger {
  const { publicUrl, sessionLifeSec, nonces, clock } = options;
  return {
    create: ({ account, sessionKey, label = null }, domain, chain) => {
      const publicKey = parseAccount(account);
      const session = findBase64url(sessionKey);
      if (!session || !isPublicKey(session)) {
        throw new Problem('bad_request', 'sessionKey is not an sr25519 public key in base64url');
      }
      if (label !== null && !isSessionLabel(label))
        throw new Problem('bad_request', 'label is not printable text without space at its ends');
      const issuedAt = new Date(clock());
      const expirationTime = new Date(issuedAt.getTime() + sessionLifeSec * 1000);
      const { chainId } = chain;
      const times = { issuedAt, expirationTime };
      const subject = { domain, account: u8aToHex(publicKey), sessionKey, ...times, chainId, label };
      const message = formatSignInMessage({
        domain,
        address: toAddress(publicKey, chain),
        uri: publicUrl,
        chainId,
        nonce: nonces.create(subject),
        ...times,
        sessionKey,
        label,
      });
      return { message, expiresAt: Math.floor(expirationTime.getTime() / 1000) };
    },
  };
}

function parseAccount(account: string): Uint8Array {
  if (isHex(account, 256)) return hexToU8a(account);
  try {
    const publicKey = decodeAddress(account.startsWith('0x') ? '' : account);
    if (publicKey.length === 32) return publicKey;
  } catch {
    // not an address
  }
  throw new Problem(
    'bad_request',
    'account is neither an SS58 address nor a public key of 32 bytes in 0x hex',
  );
}
