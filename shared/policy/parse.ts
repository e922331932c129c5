import { isId } from '../base/index.ts';
import { isDomainPattern, isOrigin, ROLE_NAMES } from '../token/index.ts';
import { ASSET_KINDS, type PolicyDocument } from './types.ts';

/** One thing wrong with a document: where (a JSON pointer, RFC 6901) and what. */
export interface PolicyFlaw {
  readonly path: string;
  readonly message: string;
}

/** A policy that cannot be used, with everything that is wrong with it. */
export class PolicyError extends Error {
  readonly flaws: readonly PolicyFlaw[];

  constructor(flaws: readonly PolicyFlaw[]) {
    super(flaws.map(({ path, message }) => `${path || '/'}: ${message}`).join('; '));
    this.name = 'PolicyError';
    this.flaws = flaws;
  }
}

/** Limits of a document, so that deciding by it costs little whoever wrote it. */
export const POLICY_RULES_MAX = 64;
export const POLICY_DEPTH_MAX = 6;
export const POLICY_LIST_MAX = 64;
/** Origins, countries and gateways, all lists of a document together. */
export const POLICY_ITEMS_MAX = 256;
/** Of JSON without white space. */
export const POLICY_CHARS_MAX = 8_192;
const FLAWS_MAX = 20;

/** 2^128 - 1, the most a balance can be, has 39 digits. */
const AMOUNT = /^(?:0|[1-9][0-9]{0,38})$/;
const COUNTRY = /^[A-Z]{2}$/;

type Members = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => string | null;

const matches =
  (form: RegExp, expected: string): Check =>
  (value) =>
    typeof value === 'string' && form.test(value) ? null : `must be ${expected}`;
const id: Check = (value) => (isId(value) ? null : 'must be an id as a decimal string');
const amount = matches(AMOUNT, 'an amount in the smallest unit as a decimal string');
const seconds: Check = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? null
    : 'must be a whole number of seconds';

/** The members a rule of each role may have beside `role`. */
const THRESHOLDS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  channel_owner: { channel: id },
  channel_collaborator: { channel: id },
  nft_owner: { channel: id, video: id, minValue: amount, acquiredBefore: seconds, heldForSec: seconds },
  crt_holder: { channel: id, minAmount: amount, acquiredBefore: seconds, heldForSec: seconds },
};

/** The document, if it is one. Throws PolicyError naming everything that is wrong. */
export function parsePolicyDocument(value: unknown): PolicyDocument {
  const flaws: PolicyFlaw[] = [];
  new Inspection(flaws).document(value);
  // Now it is known to be flat enough to be put into words.
  if (flaws.length === 0 && JSON.stringify(value).length > POLICY_CHARS_MAX)
    flaws.push({ path: '', message: `more than ${POLICY_CHARS_MAX} characters of JSON` });
  if (flaws.length > 0) throw new PolicyError(flaws.slice(0, FLAWS_MAX));
  return value as PolicyDocument;
}

/** Walks a document and notes what is wrong; gives up once it is larger than any document may be. */
class Inspection {
  readonly #flaws: PolicyFlaw[];
  #rules = 0;
  #itemCount = 0;

  constructor(flaws: PolicyFlaw[]) {
    this.#flaws = flaws;
  }

  document(value: unknown): void {
    const members = this.#object(value, '');
    if (!members) return;
    if (members.v !== 1) this.#flaw('/v', 'must be 1');
    const kinds = Object.keys(members).filter((name) => name !== 'v');
    if (kinds.length === 0) this.#flaw('', `needs a rule: ${ASSET_KINDS.join(', ')} or *`);
    for (const kind of kinds) {
      if (kind === '*' || ASSET_KINDS.some((known) => known === kind))
        this.#rule(members[kind], `/${kind}`, 1);
      else this.#flaw(`/${pointer(kind)}`, `is not a kind of asset (${ASSET_KINDS.join(', ')} or *)`);
    }
  }

  #rule(value: unknown, path: string, depth: number): void {
    this.#rules += 1;
    if (this.#rules > POLICY_RULES_MAX) {
      if (this.#rules === POLICY_RULES_MAX + 1) this.#flaw(path, `more than ${POLICY_RULES_MAX} rules`);
      return;
    }
    if (depth > POLICY_DEPTH_MAX) {
      this.#flaw(path, `rules are nested more than ${POLICY_DEPTH_MAX} deep`);
      return;
    }
    const members = this.#object(value, path);
    if (!members) return;
    if ('role' in members) {
      this.#roleRule(members, path);
      return;
    }
    const [name, ...others] = Object.keys(members);
    if (name === undefined || others.length > 0) {
      this.#flaw(path, 'must have exactly one of public, anyOf, allOf, role, after, before, country, origin');
      return;
    }
    this.#condition(name, members[name], `${path}/${pointer(name)}`, depth);
  }

  #condition(name: string, value: unknown, path: string, depth: number): void {
    switch (name) {
      case 'public':
        this.#check(value, path, (given) =>
          given === true ? null : 'must be true; leave the rule out otherwise',
        );
        break;
      case 'anyOf':
      case 'allOf':
        for (const [index, rule] of this.#list(value, path).entries())
          this.#rule(rule, `${path}/${index}`, depth + 1);
        break;
      case 'after':
      case 'before':
        this.#check(value, path, seconds);
        break;
      case 'country':
        this.#country(value, path);
        break;
      case 'origin':
        this.#items(value, path, (given) =>
          typeof given === 'string' && (isOrigin(given) || isDomainPattern(given))
            ? null
            : 'must be an origin (https://app.example) or *.domain',
        );
        break;
      default:
        this.#flaw(path, 'is not a member of a rule');
    }
  }

  #roleRule(members: Members, path: string): void {
    const { role, ...rest } = members;
    if (role === 'gateway_user') {
      this.#items(rest.gateways, `${path}/gateways`, id);
      this.#known(rest, path, { gateways: () => null });
      return;
    }
    const name = ROLE_NAMES.find((known) => known === role);
    if (name === undefined)
      this.#flaw(`${path}/role`, `must be one of ${ROLE_NAMES.join(', ')}, gateway_user`);
    else this.#known(rest, path, THRESHOLDS[name] ?? {});
  }

  #known(members: Members, path: string, checks: Readonly<Record<string, Check>>): void {
    for (const [name, value] of Object.entries(members)) {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      if (check) this.#check(value, `${path}/${name}`, check);
      else this.#flaw(`${path}/${pointer(name)}`, 'is not a member of this rule');
    }
  }

  #country(value: unknown, path: string): void {
    const members = this.#object(value, path);
    if (!members) return;
    const [name, ...others] = Object.keys(members);
    if ((name !== 'allow' && name !== 'deny') || others.length > 0)
      this.#flaw(path, 'must have either allow or deny');
    else this.#items(members[name], `${path}/${name}`, matches(COUNTRY, 'an ISO 3166-1 code such as DE'));
  }

  #items(value: unknown, path: string, check: Check): void {
    const items = this.#list(value, path);
    const before = this.#itemCount;
    this.#itemCount += items.length;
    if (this.#itemCount > POLICY_ITEMS_MAX) {
      if (before <= POLICY_ITEMS_MAX) this.#flaw(path, `more than ${POLICY_ITEMS_MAX} list items in all`);
      return;
    }
    for (const [index, item] of items.entries()) this.#check(item, `${path}/${index}`, check);
  }

  #list(value: unknown, path: string): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0 && value.length <= POLICY_LIST_MAX)
      return value as unknown[];
    this.#flaw(path, `must be a list of 1 to ${POLICY_LIST_MAX}`);
    return [];
  }

  #object(value: unknown, path: string): Members | null {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
    this.#flaw(path, 'must be an object');
    return null;
  }

  #check(value: unknown, path: string, check: Check): void {
    const message = check(value);
    if (message !== null) this.#flaw(path, message);
  }

  #flaw(path: string, message: string): void {
    this.#flaws.push({ path, message });
  }
}

/** A member's name as a reference token of a JSON pointer, cut to what is worth printing. */
const pointer = (name: string): string => name.slice(0, 40).replaceAll('~', '~0').replaceAll('/', '~1');
