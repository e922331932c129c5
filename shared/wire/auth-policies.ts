import { Type, type Static } from '@sinclair/typebox';
import { Id } from './auth-roles.ts';

export const PolicyParams = Type.Object({
  scope: Type.Unsafe<'channel' | 'video' | 'asset'>({ type: 'string', enum: ['channel', 'video', 'asset'] }),
  id: Id,
});
export type PolicyParams = Static<typeof PolicyParams>;

/** An access policy as it is stored. */
export const StoredPolicy = Type.Object({
  scope: PolicyParams.properties.scope,
  id: Id,
  document: Type.Unknown({ description: 'The policy document' }),
  updatedAt: Type.String({ format: 'date-time' }),
  updatedBy: Type.String({ description: 'Subject of the token that wrote it' }),
});
export type StoredPolicy = Static<typeof StoredPolicy>;
