import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { createContext, Script } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import * as here from '../../shared/token/index.ts';
import { claims, cnf, NOW, options, pair } from './token-fixture.ts';

/** Everything of the web platform that shared/token may use; whatever else it touched would not be defined. */
const WEB = { TextEncoder, TextDecoder, URL, WebAssembly, crypto };

describe('in a browser', () => {
  let code = '';
  let run: (script: string) => unknown;

  beforeAll(async () => {
    const bundle = await build({
      entryPoints: [fileURLToPath(new URL('../../shared/token/index.ts', import.meta.url))],
      platform: 'browser',
      format: 'iife',
      globalName: 'token',
      target: 'es2022',
      bundle: true,
      minify: true,
      write: false,
    });
    expect(bundle.warnings).toEqual([]);
    code = bundle.outputFiles[0]!.text;
    const context = createContext({ ...WEB, given: { cnf: cnf(pair(2)), claims: claims(), NOW } });
    run = (script) => new Script(script).runInContext(context);
    run(code);
  });

  it('bundles without anything of Node, at a size an app can carry', () => {
    expect(run('typeof process + typeof Buffer + typeof require')).toBe('undefined'.repeat(3));
    expect(code).not.toMatch(/["']node:/);
    expect(code.length).toBeLessThan(300_000);
  });

  it('signs, narrows and verifies what Node verifies', () => {
    const made = run(`
      const seed = (number) => new Uint8Array(32).fill(number);
      const [auth, holder] = [token.keyPairFromSeed(seed(1)), token.keyPairFromSeed(seed(2))];
      const delegable = token.createRoleToken({ ...given.claims, cnf: given.cnf }, auth);
      token.narrowToken(delegable, { exp: given.NOW + 60, ip: ['10.0.0.0/8'] }, holder);
    `) as string;
    expect(here.verifyToken(made, options())).toMatchObject({
      exp: NOW + 60,
      restrictions: [{ ip: ['10.0.0.0/8'] }],
    });
    const verified = run(`
      const key = { publicKey: auth.publicKey, notBefore: 0, notAfter: 2e9, revoked: false, roles: '*' };
      const options = { keys: { findKey: (kid) => (kid === token.keyId(auth.publicKey) ? key : null) },
        nowSec: given.NOW, leewaySec: 5, lifeSecMax: 1800, gatewayLifeSecMax: 86400 };
      JSON.stringify(token.verifyToken(${JSON.stringify(made)}, options));
    `) as string;
    expect(JSON.parse(verified)).toEqual(here.verifyToken(made, options()));
  });

  it('makes session keys and proofs that Node accepts', () => {
    const [proof, publicKey] = JSON.parse(
      run(`
        const session = token.generateKeyPair();
        const bodyHash = token.sessionBodyHash({ message: 'm', signature: 's', roles: [] });
        const proof = token.createSessionProof(
          { method: 'POST', url: 'https://auth.example/v1/tokens', bodyHash, iat: given.NOW, jti: 'p' }, session);
        JSON.stringify([proof, token.encodeBase64url(session.publicKey)]);
      `) as string,
    ) as [string, string];
    const expected = {
      method: 'POST',
      url: 'https://auth.example/v1/tokens',
      bodyHash: here.sessionBodyHash({ message: 'm', signature: 's', roles: [] }),
      ...{ nowSec: NOW, leewaySec: 5, ageSecMax: 60 },
    };
    expect(here.verifySessionProof(proof, here.parseBase64url(publicKey, 'key'), expected).jti).toBe('p');
  });
});
