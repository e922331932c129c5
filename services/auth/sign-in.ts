import { hexToU8a, u8aToHex } from '@polkadot/util';
import { decodeAddress } from '@polkadot/util-crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../shared/base/index.ts';
import { keyId, parseBase64url, sessionBodyHash } from '../../shared/token/index.ts';
import {
  parseSignInMessage,
  SignInMessageError,
  type SignInMessage,
  type TokenRequest,
} from '../../shared/wire/index.ts';
import { toAddress, type ChainIdentity } from './chain-link.ts';
import type { Nonces } from './nonce.ts';
import { refuseSignIn } from './refuse-sign-in.ts';
import type { SessionProofs } from './session-proofs.ts';
import type { Sessions } from './sessions.ts';
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
  /**
   * `domain`: of the page that asks, `null` when it is no page that asks. Throws Problem `sign_in_invalid` with a `reason`
   * of SIGN_IN_REFUSALS.
   */
  verify(request: TokenRequest, domain: string | null, chain: ChainIdentity): Promise<SignIn>;
}

/** How long after a challenge its first use may come. */
const FIRST_USE_MS = 5 * 60_000;
const SIGNATURES_KEPT_MAX = 10_000;
/** How far clocks may be apart: apps sign with their own. */
const CLOCK_LEEWAY_SEC = 5;

export function createSignInVerifier(options: {
  readonly publicUrl: string;
  readonly sessionLifeSec: number;
  readonly nonces: Nonces;
  readonly sessions: Sessions;
  readonly proofs: SessionProofs;
  readonly clock: Clock;
}): SignInVerifier {
  const { publicUrl, sessionLifeSec, nonces, sessions, proofs, clock } = options;

  /** The message is this node's own: nothing in it but what a challenge put there. */
  const checkMessage = (message: SignInMessage, domain: string | null, chain: ChainIdentity): Uint8Array => {
    const account = decodeCanonicalAddress(message.address, chain);
    if (domain !== null && message.domain !== domain) throw refuseSignIn('wrong_domain');
    if (message.uri !== publicUrl) throw refuseSignIn('wrong_uri');
    if (message.chainId !== chain.chainId) throw refuseSignIn('wrong_chain');
    if (!nonces.matches(message.nonce, { ...message, account: u8aToHex(account) }))
      throw refuseSignIn('nonce_invalid');
    const now = clock();
    const [issuedAt, expiresAt] = [message.issuedAt.getTime(), message.expirationTime.getTime()];
    if (issuedAt > now + CLOCK_LEEWAY_SEC * 1000) throw refuseSignIn('not_yet_valid');
    if (now >= expiresAt || expiresAt - issuedAt > sessionLifeSec * 1000) throw refuseSignIn('expired');
    return account;
  };

  const checkSession = async (message: SignInMessage, account: string, sid: string): Promise<void> => {
    const { nonce, sessionKey, expirationTime, label } = message;
    let session = await sessions.find(nonce);
    if (!session) {
      if (clock() > message.issuedAt.getTime() + FIRST_USE_MS) throw refuseSignIn('challenge_expired');
      session = await sessions.record(nonce, { account, sessionKey, sid, label, expirationTime });
    }
    if (session === null) throw refuseSignIn('session_key_used');
    if (session.account !== account || session.sessionKey !== sessionKey) throw refuseSignIn('nonce_used');
    if (session.isEnded) throw refuseSignIn('session_revoked');
  };

  /** Signatures seen to be good. A nonce stands for all that the message says, so it stands for the message. */
  const genuine = new LRUCache<string, true>({ max: SIGNATURES_KEPT_MAX });
  const isGenuine = (publicKey: Uint8Array, { nonce }: SignInMessage, request: TokenRequest): boolean => {
    const name = `${nonce}.${request.signature}`;
    if (genuine.get(name) === true) return true;
    if (!isSignedBy(publicKey, request.message, hexToU8a(request.signature))) return false;
    genuine.set(name, true);
    return true;
  };

  return {
    // Cheap before dear; nothing is remembered of a proof before both signatures hold.
    verify: async (request, domain, chain) => {
      const message = parseOwnMessage(request.message);
      const publicKey = checkMessage(message, domain, chain);
      const { sessionKey } = message;
      const proven = { method: 'POST', path: '/v1/tokens', bodyHash: sessionBodyHash(request) } as const;
      const useUp = proofs.check(request.sessionProof, sessionKey, proven);
      if (!isGenuine(publicKey, message, request)) throw refuseSignIn('signature_invalid');
      useUp();
      const account = u8aToHex(publicKey);
      const sid = keyId(parseBase64url(sessionKey, 'the session key'));
      await checkSession(message, account, sid);
      return {
        account,
        address: message.address,
        sessionKey,
        sid,
        expiresAt: Math.floor(message.expirationTime.getTime() / 1000),
      };
    },
  };
}

function parseOwnMessage(text: string): SignInMessage {
  try {
    return parseSignInMessage(text);
  } catch (error) {
    if (error instanceof SignInMessageError) throw refuseSignIn('message_malformed');
    throw error;
  }
}

/** Addresses seen to be good, by prefix: reading and writing one takes two hashes in plain JavaScript. */
const accounts = new LRUCache<string, Uint8Array>({ max: SIGNATURES_KEPT_MAX });

/** The public key of an address in exactly the form this node writes. */
function decodeCanonicalAddress(address: string, chain: ChainIdentity): Uint8Array {
  const name = `${chain.ss58} ${address}`;
  const known = accounts.get(name);
  if (known) return known;
  try {
    const account = decodeAddress(address);
    if (account.length === 32 && toAddress(account, chain) === address) {
      accounts.set(name, account);
      return account;
    }
  } catch {
    // not an address
  }
  throw refuseSignIn('message_malformed');
}
