/** Why a sign-in was refused: the `reason` beside the code `sign_in_invalid`, in the order in which they are looked for. */
export const SIGN_IN_REFUSALS = {
  message_malformed: 'The message is not, byte for byte, one that this node writes',
  wrong_domain: 'The message is for another site',
  wrong_uri: 'The message is for another URL',
  wrong_chain: 'The message is for another chain',
  nonce_invalid: 'The nonce is not of this node, for this account, session key and time',
  not_yet_valid: 'The message is from the future',
  expired: 'The session is over',
  proof_invalid: "The session key's proof is missing something or is for another request",
  proof_expired: "The session key's proof is not fresh",
  signature_invalid: 'The signature is not by the account over this message',
  proof_replayed: "The session key's proof has been used",
  challenge_expired: 'The challenge was not used in time',
  nonce_used: 'The nonce belongs to another session',
  session_key_used: 'The session key has signed in before; a new sign-in takes a new key',
  session_revoked: 'The session was ended',
  session_unknown: 'There is no such session, or not any more',
} as const;

export type SignInRefusal = keyof typeof SIGN_IN_REFUSALS;
