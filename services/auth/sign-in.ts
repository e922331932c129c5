import { hexToU8a, u8aToHex } from '@polkadot/util';
import { decodeAddress } from '@polkadot/util-crypto';
import { nowSec, type Clock } from '../../shared/base/index.ts';
import {
  keyId,
  parseBase64url,
  sessionBodyHash,
  TokenError,
  verifySessionProof,
} from '../../shared/token/index.ts';
import {
  parseSignInMessage,
  Problem,
  SIGN_IN_REFUSALS,
  SignInMessageError,
  type SignInMessage,
  type SignInRefusal,
  type TokenRequest,
} from '../../shared/wire/index.ts';
import { toAddress, type ChainIdentity } from './chain-link.ts';
import type { Nonces } from './nonce.ts';
import type { Sessions } from './sessions.ts';
import type { UsedProofs } from './used-proofs.ts';
import { isSignedBy } from './wallet-signature.ts';

/** Who signed in, by the session key that asks. */
export interface SignIn {
  /** 0x hex. */
  readonly account: string;
  /** SS58 in the chain's prefix. */
  readonly address: string;
  readonly sessionKey: string;
  /** The session key's id: what its tokens carry, and what ends them all. */
  readonly sid: string;
  /** When the session ends; seconds. */
  readonly expiresAt: number;
}

export interface SignInVerifier {
  /** Throws Problem `sign_in_invalid` with a `reason` of SIGN_IN_REFUSALS. */
  verify(request: TokenRequest, chain: ChainIdentity): Promise<SignIn>;
}

/** How long after a challenge its first use may come. */
const FIRST_USE_MS = 5 * 60_000;
const PROOF_AGE_SEC = 60;
/** How far clocks may be apart: apps sign with their own. */
const CLOCK_LEEWAY_SEC = 5;

export function createSignInVerifier(options: {
  readonly publicUrl: string;
  readonly sessionLifeSec: number;
  readonly nonces: Nonces;
  readonly sessions: Sessions;
  readonly usedProofs: UsedProofs;
  readonly clock: Clock;
}): SignInVerifier {
  const { publicUrl, sessionLifeSec, nonces, sessions, usedProofs, clock } = options;

  /** The message is this node's own: nothing in it but what a challenge put there. */
  const checkMessage = (message: SignInMessage, chain: ChainIdentity): Uint8Array => {
    const account = decodeCanonicalAddress(message.address, chain);
    if (message.domain !== new URL(publicUrl).host) throw refuse('wrong_domain');
    if (message.uri !== publicUrl) throw refuse('wrong_uri');
    if (message.chainId !== chain.chainId) throw refuse('wrong_chain');
    if (!nonces.matches(message.nonce, { ...message, account: u8aToHex(account) }))
      throw refuse('nonce_invalid');
    const now = clock();
    const [issuedAt, expiresAt] = [message.issuedAt.getTime(), message.expirationTime.getTime()];
    if (issuedAt > now + CLOCK_LEEWAY_SEC * 1000) throw refuse('not_yet_valid');
    if (now >= expiresAt || expiresAt - issuedAt > sessionLifeSec * 1000) throw refuse('expired');
    return account;
  };

  const checkProof = (request: TokenRequest, sessionKey: string): { id: string; freshUntilMs: number } => {
    try {
      const { iat, jti } = verifySessionProof(
        request.sessionProof,
        parseBase64url(sessionKey, 'the session key'),
        {
          method: 'POST',
          url: `${publicUrl}/v1/tokens`,
          bodyHash: sessionBodyHash(request),
          nowSec: nowSec(clock),
          leewaySec: CLOCK_LEEWAY_SEC,
          ageSecMax: PROOF_AGE_SEC,
        },
      );
      return { id: `${sessionKey}.${jti}`, freshUntilMs: (iat + PROOF_AGE_SEC + CLOCK_LEEWAY_SEC) * 1000 };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      const isAge = error.reason === 'token_expired' || error.reason === 'token_not_yet_valid';
      throw refuse(isAge ? 'proof_expired' : 'proof_invalid');
    }
  };

  const checkSession = async (message: SignInMessage, account: string): Promise<void> => {
    const { nonce, sessionKey, expirationTime } = message;
    let session = await sessions.find(nonce);
    if (!session) {
      if (clock() > message.issuedAt.getTime() + FIRST_USE_MS) throw refuse('challenge_expired');
      session = await sessions.record(nonce, { account, sessionKey, expirationTime });
    }
    if (session.account !== account || session.sessionKey !== sessionKey) throw refuse('nonce_used');
  };

  return {
    // Cheap before dear; nothing is remembered before both signatures hold.
    verify: async (request, chain) => {
      const message = parseOwnMessage(request.message);
      const publicKey = checkMessage(message, chain);
      const proof = checkProof(request, message.sessionKey);
      if (!isSignedBy(publicKey, request.message, hexToU8a(request.signature)))
        throw refuse('signature_invalid');
      const use = usedProofs.use(proof.id, proof.freshUntilMs);
      if (use === 'used') throw refuse('proof_replayed');
      if (use === 'full')
        throw new Problem('too_many_requests', undefined, { headers: { 'retry-after': '5' } });
      const account = u8aToHex(publicKey);
      await checkSession(message, account);
      return {
        account,
        address: message.address,
        sessionKey: message.sessionKey,
        sid: keyId(parseBase64url(message.sessionKey, 'the session key')),
        expiresAt: Math.floor(message.expirationTime.getTime() / 1000),
      };
    },
  };
}

function parseOwnMessage(text: string): SignInMessage {
  try {
    return parseSignInMessage(text);
  } catch (error) {
    if (error instanceof SignInMessageError) throw refuse('message_malformed');
    throw error;
  }
}

/** The public key of an address in exactly the form this node writes. */
function decodeCanonicalAddress(address: string, chain: ChainIdentity): Uint8Array {
  try {
    const account = decodeAddress(address);
    if (account.length === 32 && toAddress(account, chain) === address) return account;
  } catch {
    // not an address
  }
  throw refuse('message_malformed');
}

const refuse = (reason: SignInRefusal): Problem =>
  new Problem('sign_in_invalid', SIGN_IN_REFUSALS[reason], { extensions: { reason } });
