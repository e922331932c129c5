import { Type, type Static } from '@sinclair/typebox';

/** Printable text, no space at either end, at most 64 characters: "Firefox on laptop". */
const LABEL = /^(?! )[^\p{C}\p{Zl}\p{Zp}]{1,64}(?<! )$/u;

export const isSessionLabel = (text: string): boolean => LABEL.test(text);

export const SessionParams = Type.Object({
  sid: Type.String({ pattern: '^[A-Za-z0-9_-]{12}$', description: 'Id of a session: `sid` of its tokens' }),
});
export type SessionParams = Static<typeof SessionParams>;

export const SessionsResponse = Type.Object({
  sessions: Type.Array(
    Type.Object({
      sid: Type.String({ description: 'base64url of the first 9 bytes of SHA-256 of the session key' }),
      label: Type.Union([Type.String(), Type.Null()], {
        description: 'Where the key lives, as the signed message says; null: it says nothing',
      }),
      signedInAt: Type.String({ format: 'date-time' }),
      expiresAt: Type.String({ format: 'date-time' }),
      current: Type.Boolean({ description: 'The session that asks' }),
    }),
  ),
});
export type SessionsResponse = Static<typeof SessionsResponse>;
