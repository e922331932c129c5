import { isSessionLabel } from './auth-sessions.ts';

/**
 * The text a wallet signs once to let a session key act for its account: the form of EIP-4361 (Sign-In with Ethereum)
 * with Substrate's words, as Sign-In with Substrate has it. Printable ASCII and line feeds only.
 */
export interface SignInMessage {
  /** Authority of the page that signs somebody in: `app.example`; of the auth node for programs that are no page. */
  readonly domain: string;
  /** SS58, in the chain's own prefix. */
  readonly address: string;
  /** The auth node's public URL. */
  readonly uri: string;
  /** CAIP-2: `polkadot:` and the first 32 hex digits of the genesis hash. */
  readonly chainId: string;
  readonly nonce: string;
  readonly issuedAt: Date;
  /** Until when the session key may be used. */
  readonly expirationTime: Date;
  /** The session key, base64url of 32 bytes. */
  readonly sessionKey: string;
  /** Where that key lives, in the words of its owner. */
  readonly label: string | null;
}

/** What the person agrees to, in words. It is part of the signed text, and any other wording is refused. */
export const SIGN_IN_STATEMENT =
  'Sign in to prove which roles this account holds. The session key below may ask for role tokens in your name ' +
  'until the expiration time. It cannot move funds or send transactions.';

/** Longest message that is looked at, bytes. */
export const SIGN_IN_BYTES_MAX = 3_000;

const SESSION_KEY_RESOURCE = 'urn:panoptes:session-key:';
/** Followed by the label as `encodeURIComponent` writes it. */
const LABEL_RESOURCE = 'urn:panoptes:session-label:';

/** The text is not, byte for byte, what `formatSignInMessage` writes. */
export class SignInMessageError extends Error {
  override readonly name = 'SignInMessageError';
}

export function formatSignInMessage(message: SignInMessage): string {
  return [
    `${message.domain} wants you to sign in with your Substrate account:`,
    message.address,
    '',
    SIGN_IN_STATEMENT,
    '',
    `URI: ${message.uri}`,
    'Version: 1',
    `Chain ID: ${message.chainId}`,
    `Nonce: ${message.nonce}`,
    `Issued At: ${message.issuedAt.toISOString()}`,
    `Expiration Time: ${message.expirationTime.toISOString()}`,
    'Resources:',
    `- ${SESSION_KEY_RESOURCE}${message.sessionKey}`,
    ...(message.label === null ? [] : [`- ${LABEL_RESOURCE}${encodeURIComponent(message.label)}`]),
  ].join('\n');
}

const DOMAIN = '[A-Za-z0-9.\\-:[\\]]{1,255}';
const ADDRESS = '[1-9A-HJ-NP-Za-km-z]{40,60}';
const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
const FORM = new RegExp(
  [
    `^(?<domain>${DOMAIN}) wants you to sign in with your Substrate account:`,
    `(?<address>${ADDRESS})`,
    '',
    '[\\x20-\\x7e]{1,400}',
    '',
    'URI: (?<uri>[\\x21-\\x7e]{1,500})',
    'Version: 1',
    'Chain ID: (?<chainId>polkadot:[0-9a-f]{32})',
    'Nonce: (?<nonce>[A-Za-z0-9]{8,64})',
    `Issued At: (?<issuedAt>${TIME})`,
    `Expiration Time: (?<expirationTime>${TIME})`,
    'Resources:',
    `- ${SESSION_KEY_RESOURCE}(?<sessionKey>[A-Za-z0-9_-]{43})(?:\\n- ${LABEL_RESOURCE}(?<label>[\\w.!~*'()%-]{1,768}))?$`,
  ].join('\\n'),
);

/**
 * Reads a message back. Whatever does not format to the same text again is refused, so that no two texts mean the same
 * and no text means two things: extra lines, other line ends, another statement, a second resource.
 */
export function parseSignInMessage(text: string): SignInMessage {
  if (text.length > SIGN_IN_BYTES_MAX) throw new SignInMessageError('the message is too long');
  const groups = FORM.exec(text)?.groups;
  if (!groups) throw new SignInMessageError('the message does not have the form of a sign-in message');
  const { domain = '', address = '', uri = '', chainId = '', nonce = '', sessionKey = '' } = groups;
  const issuedAt = parseTime(groups.issuedAt);
  const expirationTime = parseTime(groups.expirationTime);
  const label = groups.label === undefined ? null : parseLabel(groups.label);
  const message = { domain, address, uri, chainId, nonce, issuedAt, expirationTime, sessionKey, label };
  if (formatSignInMessage(message) !== text) {
    throw new SignInMessageError('the message is not written the way this node writes it');
  }
  return message;
}

/** The CAIP-2 id of a Substrate chain (namespace `polkadot`), from its 0x hex genesis hash. */
export const toChainId = (genesisHash: string): string => `polkadot:${genesisHash.slice(2, 34)}`;

function parseLabel(encoded: string): string {
  try {
    const label = decodeURIComponent(encoded);
    if (isSessionLabel(label)) return label;
  } catch {
    // not what encodeURIComponent writes
  }
  throw new SignInMessageError('the message holds a label that is none');
}

function parseTime(text = ''): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new SignInMessageError('the message holds a time that does not exist');
  return time;
}
