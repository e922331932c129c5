import type { NarrowClaims, RoleTokenClaims } from './claims.ts';
import { TokenError } from './errors.ts';
import { checkSize, checkType, parseHeader, parseJws, signingInput, type Jws } from './jws.ts';
import { parseNarrowClaims, parseRoleTokenClaims } from './parse-claims.ts';

export const BLOCKS_MAX = 3;

/** A role token and its narrowing blocks, read but not verified. */
export interface Chain {
  readonly kid: string;
  readonly root: Jws;
  readonly claims: RoleTokenClaims;
  readonly blocks: readonly Block[];
}

export interface Block {
  readonly jws: Jws;
  readonly claims: NarrowClaims;
  /** The signed text: the whole parent, `~`, the block's own `header.payload`. */
  readonly input: string;
}

/** The steps of verification that need neither a key nor a clock: size, form, types, claims; all links at each step. */
export function parseChain(token: string): Chain {
  checkSize(token);
  const texts = token.split('~');
  if (texts.length > 1 + BLOCKS_MAX) throw new TokenError('token_malformed', `over ${BLOCKS_MAX} blocks`);
  const links = texts.map((text, index) => parseJws(text, linkName(index)));
  links.forEach((jws, index) => checkType(jws, index === 0 ? 'role+jwt' : 'narrow+jwt', linkName(index)));

  const [root, ...narrowings] = links;
  if (root === undefined) throw new TokenError('token_malformed', 'there is no token');
  const kid = parseHeader(root, 'role+jwt', linkName(0));
  const claims = parseRoleTokenClaims(root.payload, linkName(0));
  let parent = texts[0] ?? '';
  const blocks = narrowings.map((jws, index) => {
    const name = linkName(index + 1);
    parseHeader(jws, 'narrow+jwt', name);
    const block = {
      jws,
      claims: parseNarrowClaims(jws.payload, name),
      input: signingInput(jws.input, parent),
    };
    parent += `~${texts[index + 1] ?? ''}`;
    return block;
  });
  return { kid, root, claims, blocks };
}

export const linkName = (index: number): string => (index === 0 ? 'the token' : `block ${index}`);
