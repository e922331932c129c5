import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatSignInMessage,
  isSessionLabel,
  parseSignInMessage,
  SIGN_IN_BYTES_MAX,
  SIGN_IN_STATEMENT,
  SignInMessageError,
  toChainId,
  type SignInMessage,
} from '../../shared/wire/index.ts';

const MESSAGE: SignInMessage = {
  domain: 'auth.example',
  address: 'j4W7rVcUCxi2crhhjRq46fNDRbVHTjJrz6bKxZwehEMQxZeSf',
  uri: 'https://auth.example',
  chainId: 'polkadot:91b171bb158e2d3848fa23a9f1c25182',
  nonce: '0123456789abcdef0123456789abcdef',
  issuedAt: new Date('2026-01-02T03:04:05.678Z'),
  expirationTime: new Date('2026-01-03T03:04:05.678Z'),
  sessionKey: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  label: null,
};
const TEXT = formatSignInMessage(MESSAGE);

const textOf = (alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...alphabet.split('')), { minLength, maxLength })
    .map((characters) => characters.join(''));
const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const time = fc.date({
  min: new Date('2000-01-01T00:00:00Z'),
  max: new Date('2199-12-31T23:59:59Z'),
  noInvalidDate: true,
});
const message: fc.Arbitrary<SignInMessage> = fc.record({
  domain: textOf(`${LETTERS}${DIGITS}.-:[]`, 1, 60),
  address: textOf('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', 46, 50),
  uri: textOf(`${LETTERS}${DIGITS}:/.-_~?=&%`, 1, 80),
  chainId: textOf('0123456789abcdef', 32, 32).map((digits) => `polkadot:${digits}`),
  nonce: textOf(LETTERS + DIGITS, 8, 64),
  issuedAt: time,
  expirationTime: time,
  sessionKey: textOf(`${LETTERS}${DIGITS}-_`, 43, 43),
  label: fc.option(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => isSessionLabel(text)),
  ),
});

describe('the label of a session', () => {
  it('is the last line of what the wallet signs', () => {
    const text = formatSignInMessage({ ...MESSAGE, label: 'Firefox on “laptop”' });
    expect(text).toBe(`${TEXT}\n- urn:panoptes:session-label:Firefox%20on%20%E2%80%9Claptop%E2%80%9D`);
    expect(parseSignInMessage(text).label).toBe('Firefox on “laptop”');
  });

  it('fits, however long it is written', () => {
    const label = '\u{1f98a}'.repeat(64);
    const text = formatSignInMessage({ ...MESSAGE, uri: `https://${'a'.repeat(490)}`, label });
    expect(text.length).toBeLessThan(SIGN_IN_BYTES_MAX);
    expect(parseSignInMessage(text).label).toBe(label);
  });

  it.each(['', ' a', 'a ', 'a\nb', 'a\u0000', 'a\u202eb', 'a\u2028b', '\ud800', 'a'.repeat(65)])(
    'is not %j',
    (label) => {
      expect(isSessionLabel(label)).toBe(false);
    },
  );

  it.each(['%41', 'a b', '%', '%ff', '%0a', '%e2%80%ae', 'a%20', '', 'a\n- b', 'Ä'])(
    'is not written %j',
    (written) => {
      expect(() => parseSignInMessage(`${TEXT}\n- urn:panoptes:session-label:${written}`)).toThrow(
        SignInMessageError,
      );
    },
  );
});

describe('the sign-in message', () => {
  it('reads as people expect of EIP-4361', () => {
    expect(TEXT).toBe(
      [
        'auth.example wants you to sign in with your Substrate account:',
        'j4W7rVcUCxi2crhhjRq46fNDRbVHTjJrz6bKxZwehEMQxZeSf',
        '',
        SIGN_IN_STATEMENT,
        '',
        'URI: https://auth.example',
        'Version: 1',
        'Chain ID: polkadot:91b171bb158e2d3848fa23a9f1c25182',
        'Nonce: 0123456789abcdef0123456789abcdef',
        'Issued At: 2026-01-02T03:04:05.678Z',
        'Expiration Time: 2026-01-03T03:04:05.678Z',
        'Resources:',
        '- urn:panoptes:session-key:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      ].join('\n'),
    );
  });

  it('says what is signed in printable ASCII, so that no character can pose as another', () => {
    expect(SIGN_IN_STATEMENT).toMatch(/^[ -~]+$/);
    expect(SIGN_IN_STATEMENT).toContain('cannot move funds');
  });

  it('parses back to what was formatted, whatever it says', () => {
    fc.assert(
      fc.property(message, (written) => {
        expect(parseSignInMessage(formatSignInMessage(written))).toEqual(written);
      }),
    );
  });

  it('no two texts mean the same: a text that parses is the only one that does', () => {
    fc.assert(
      fc.property(
        fc.nat(TEXT.length),
        fc.constantFrom('', ' ', '\n', '\r', '\t', '\0', 'a', '0', '-', '\u0430', '\u200b', '\u2028', 'é'),
        fc.nat(3),
        (at, inserted, removed) => {
          const changed = TEXT.slice(0, at) + inserted + TEXT.slice(at + removed);
          let parsed: SignInMessage;
          try {
            parsed = parseSignInMessage(changed);
          } catch (error) {
            expect(error).toBeInstanceOf(SignInMessageError);
            return;
          }
          expect(formatSignInMessage(parsed)).toBe(changed);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  const refused: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['CRLF line ends', TEXT.replaceAll('\n', '\r\n')],
    ['a line end after the last line', `${TEXT}\n`],
    ['a space after a line', TEXT.replace('Version: 1', 'Version: 1 ')],
    ['another version', TEXT.replace('Version: 1', 'Version: 2')],
    ['another statement', TEXT.replace('cannot move funds', 'can move all funds')],
    ['a statement in two lines', TEXT.replace('hold', 'hold\n')],
    ['no statement', TEXT.replace(`${SIGN_IN_STATEMENT}\n\n`, '')],
    ['a line more', TEXT.replace('Resources:', 'Request ID: 7\nResources:')],
    ['a line twice', TEXT.replace('Version: 1', 'Version: 1\nVersion: 1')],
    ['lines in another order', TEXT.replace(/(Version: 1)\n(Chain ID: .*)/, '$2\n$1')],
    ['a second resource', `${TEXT}\n- urn:panoptes:session-key:${'B'.repeat(43)}`],
    ['another kind of resource', TEXT.replace('urn:panoptes:session-key:', 'https://elsewhere.example/')],
    ['no resource', TEXT.split('\n').slice(0, -1).join('\n')],
    ['a session key with padding', `${TEXT}=`],
    ['a session key of 31 bytes', TEXT.slice(0, -2)],
    ['a Cyrillic letter in the domain', TEXT.replace('auth', '\u0430uth')],
    ['a zero-width space in the address', TEXT.replace('j4W7', 'j4\u200bW7')],
    ['a full-width digit in the nonce', TEXT.replace('0123456789', '\uff10123456789')],
    ['a line separator that is none', TEXT.replace('\n', '\u2028')],
    ['a right-to-left override', TEXT.replace('auth.example', '\u202eelpmaxe.htua')],
    ['a time with another offset', TEXT.replace('05.678Z', '05.678+00:00')],
    ['a time without milliseconds', TEXT.replace('05.678Z', '05Z')],
    ['a day that does not exist', TEXT.replace('2026-01-02', '2026-02-30')],
    ['an hour that does not exist', TEXT.replace('T03:04', 'T25:04')],
    ['upper case where the form has lower', TEXT.replace('polkadot:91b1', 'polkadot:91B1')],
    ['another namespace of chains', TEXT.replace('polkadot:', 'eip155:')],
    ['the wrapping of a browser wallet', `<Bytes>${TEXT}</Bytes>`],
    [
      'more than is looked at',
      TEXT.replace('https://auth.example', `https://${'a'.repeat(SIGN_IN_BYTES_MAX)}`),
    ],
  ];
  it.each(refused)('refuses %s', (_name, text) => {
    expect(text).not.toBe(TEXT);
    expect(() => parseSignInMessage(text)).toThrow(SignInMessageError);
  });

  it('names a chain as CAIP-2 does', () => {
    const genesis = '0x91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3';
    expect(toChainId(genesis)).toBe('polkadot:91b171bb158e2d3848fa23a9f1c25182');
  });
});
