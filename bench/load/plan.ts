import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { UsageError } from '../../shared/runtime/index.ts';

/** What is asked for, in the order of the figures. A range is of a public or a gated asset. */
export const KINDS = ['public', 'gated', 'range', 'refused'] as const;
export type Kind = (typeof KINDS)[number];

/** What a plan or the command line may set; `null`: left to the other, or to the default. */
export interface PlannedSettings {
  readonly connections: number | null;
  /** Requests a second. */
  readonly rate: number | null;
  readonly seconds: number | null;
  readonly zipf: number | null;
  readonly seed: number | null;
}

export interface Plan {
  /** The most wanted first. */
  readonly assets: readonly PlannedAsset[];
  /** By the name of a group: tokens that open the same assets. */
  readonly tokens: Readonly<Record<string, readonly string[]>>;
  /** Of the traffic; together 1. */
  readonly shares: Readonly<Record<Kind, number>>;
  readonly settings: PlannedSettings;
}

export interface PlannedAsset {
  readonly id: string;
  /** `null`: not known, so any length is right and no range is asked for. */
  readonly bytes: number | null;
  /** Groups of tokens; `null`: it is public. */
  readonly openTo: readonly string[] | null;
  readonly refusals: Refusals;
}

/** The status for who has no token, one that does not open the asset, one that nobody signed. */
export interface Refusals {
  readonly noToken: number;
  readonly otherToken: number;
  readonly forged: number;
}

/** What a player asks for at a time. An asset of fewer than two such pieces is asked for whole. */
export const RANGE_BYTES = 256 * 1_024;

export const REFUSALS: Refusals = { noToken: 401, otherToken: 403, forged: 401 };
const SHARES: Readonly<Record<Kind, number>> = { public: 0.45, gated: 0.3, range: 0.15, refused: 0.1 };
const PROBLEMS_TOLD_MAX = 10;

const strict = { additionalProperties: false };
const Token = Type.String({ pattern: '^[!-~]+$' });
const Status = Type.Optional(Type.Integer({ minimum: 400, maximum: 599 }));
const Share = Type.Optional(Type.Number({ minimum: 0 }));
const PlanFile = Type.Object(
  {
    assets: Type.Array(
      Type.Object(
        {
          id: Type.String({ pattern: '^[A-Za-z0-9._~-]{1,200}$' }),
          bytes: Type.Optional(Type.Integer({ minimum: 0 })),
          openTo: Type.Optional(Type.Array(Type.String())),
          refusals: Type.Optional(
            Type.Object({ noToken: Status, otherToken: Status, forged: Status }, strict),
          ),
        },
        strict,
      ),
      { minItems: 1 },
    ),
    tokens: Type.Optional(
      Type.Record(Type.String(), Type.Union([Token, Type.Array(Token, { minItems: 1 })])),
    ),
    shares: Type.Optional(Type.Object({ public: Share, gated: Share, range: Share, refused: Share }, strict)),
    connections: Type.Optional(Type.Integer({ minimum: 1 })),
    rate: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    zipf: Type.Optional(Type.Number({ minimum: 0 })),
    seed: Type.Optional(Type.Integer()),
  },
  strict,
);
type PlanFile = Static<typeof PlanFile>;

/** The plan that a file holds. Throws UsageError with everything that is wrong, without repeating a token. */
export function parsePlan(text: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError('The plan is not JSON.');
  }
  if (!Value.Check(PlanFile, value))
    throw unusable(
      [...Value.Errors(PlanFile, value)].map(({ path, message }) => `${path || '/'}: ${message}`),
    );
  const { assets, tokens = {}, shares, connections, rate, seconds, zipf, seed } = value;
  return createPlan({
    assets: assets.map(({ id, bytes, openTo, refusals }) => ({
      ...{ id, bytes: bytes ?? null, openTo: openTo ?? null, refusals: { ...REFUSALS, ...refusals } },
    })),
    tokens: Object.fromEntries(
      Object.entries(tokens).map(([name, group]) => [name, typeof group === 'string' ? [group] : group]),
    ),
    shares: shares ?? null,
    settings: {
      ...{ connections: connections ?? null, rate: rate ?? null, seconds: seconds ?? null },
      ...{ zipf: zipf ?? null, seed: seed ?? null },
    },
  });
}

export interface PlanParts extends Pick<Plan, 'assets' | 'tokens' | 'settings'> {
  /** In any unit; what is not named gets none. `null`: the usual mix of what there is. */
  readonly shares: Readonly<Partial<Record<Kind, number>>> | null;
}

/** Throws UsageError when the parts do not belong together. */
export function createPlan({ assets, tokens, settings, shares }: PlanParts): Plan {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { id, openTo } of assets) {
    if (seen.has(id)) problems.push(`asset ${id} is there twice`);
    seen.add(id);
    for (const name of openTo ?? [])
      if (!Object.hasOwn(tokens, name))
        problems.push(`asset ${id} is open to "${name}", which tokens has not`);
  }
  const has = (kind: Kind): boolean => assets.some((asset) => mayBe(kind, asset));
  for (const kind of KINDS)
    if ((shares?.[kind] ?? 0) > 0 && !has(kind)) problems.push(`shares wants ${WANTING[kind]}`);
  const wanted = KINDS.map((kind) => (shares ? (shares[kind] ?? 0) : has(kind) ? SHARES[kind] : 0));
  const total = wanted.reduce((sum, share) => sum + share, 0);
  if (total === 0) problems.push('shares leaves nothing to ask for');
  if (problems.length > 0) throw unusable(problems);
  const [publicShare = 0, gated = 0, range = 0, refused = 0] = wanted.map((share) => share / total);
  return { assets, tokens, settings, shares: { public: publicShare, gated, range, refused } };
}

/** Whether requests of this kind can be for the asset. */
export function mayBe(kind: Kind, { bytes, openTo }: PlannedAsset): boolean {
  const isOpen = openTo === null || openTo.length > 0;
  switch (kind) {
    case 'public':
      return openTo === null;
    case 'gated':
      return openTo !== null && isOpen;
    case 'range':
      return isOpen && bytes !== null && bytes >= 2 * RANGE_BYTES;
    case 'refused':
      return openTo !== null;
  }
}

const WANTING: Readonly<Record<Kind, string>> = {
  public: 'public traffic, and no asset is without openTo',
  gated: 'gated traffic, and no asset is open to any tokens',
  range: `ranges, and no asset that may be had is known to have ${2 * RANGE_BYTES} bytes`,
  refused: 'refused traffic, and every asset is public',
};

function unusable(problems: readonly string[]): UsageError {
  const more = problems.length - PROBLEMS_TOLD_MAX;
  return new UsageError(
    [
      'The plan is not usable:',
      ...problems.slice(0, PROBLEMS_TOLD_MAX).map((problem) => `  - ${problem}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n'),
  );
}
