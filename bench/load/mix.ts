import { randomBytes } from 'node:crypto';
import { KINDS, mayBe, RANGE_BYTES, type Kind, type Plan, type PlannedAsset } from './plan.ts';
import { createPopular, pick, randomFrom, type Random } from './random.ts';

/** One request, and what answers it rightly. */
export interface Ask {
  readonly kind: Kind;
  readonly asset: string;
  readonly token: string | null;
  readonly range: readonly [first: number, last: number] | null;
  readonly expected: {
    readonly status: number;
    /** Of the body; `null`: any number. */
    readonly bytes: number | null;
    /** The header; `null`: not compared. */
    readonly contentRange: string | null;
  };
}

export interface MixOptions {
  readonly zipf: number;
  readonly seed: number;
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
}

/** Who watches at a time. */
const PLAYERS = 8;
/** Pieces a player asks for, one after the other, from where it jumped to. */
const PIECES_PLAYED = 4;
/** Of refused requests, where an asset has tokens that do not open it, and where it has some that do. */
const OTHER_TOKEN_SHARE = 0.5;
const FORGED_SHARE = 0.05;
/**
 * A node that is well protected lets one address have only so many of them: this is traffic with a few, and no flood of
 * them.
 */
const FORGED_EVERY_MS = 100;

/** Requests without end: the same for the same plan, seed and clock, forged signatures apart. */
export function createMix(plan: Plan, { zipf, seed, clock }: MixOptions): () => Ask {
  const random = randomFrom(seed);
  const popular = (kind: Kind): (() => PlannedAsset) =>
    createPopular(
      plan.assets.filter((asset) => mayBe(kind, asset)),
      zipf,
      random,
    );
  const tokens = createTokens(plan);
  const makers: Readonly<Record<Kind, () => Ask>> = {
    public: createWhole('public', popular('public'), tokens, random),
    gated: createWhole('gated', popular('gated'), tokens, random),
    range: createRanges(popular('range'), tokens, random),
    refused: createRefused(popular('refused'), tokens, random, clock),
  };
  return () => {
    let left = random();
    // Rounding may leave a little: it goes to a kind that there is.
    const kind =
      KINDS.find((kind) => (left -= plan.shares[kind]) < 0) ?? KINDS.find((kind) => plan.shares[kind] > 0);
    return makers[kind ?? 'public']();
  };
}

interface Tokens {
  /** Those that open it. */
  readonly own: (asset: PlannedAsset) => readonly string[];
  /** Those that do not. */
  readonly other: (asset: PlannedAsset) => readonly string[];
}

/** Many assets are open to the same groups: their lists are made once. */
function createTokens({ tokens }: Plan): Tokens {
  const lists = new Map<string, { readonly own: string[]; readonly other: string[] }>();
  const find = ({ openTo }: PlannedAsset) => {
    const key = JSON.stringify(openTo);
    const known = lists.get(key);
    if (known) return known;
    const own = new Set((openTo ?? []).flatMap((name) => tokens[name] ?? []));
    const other = Object.values(tokens)
      .flat()
      .filter((token) => !own.has(token));
    const made = { own: [...own], other };
    lists.set(key, made);
    return made;
  };
  return { own: (asset) => find(asset).own, other: (asset) => find(asset).other };
}

/** `null` for what is public: what needs no token is asked for without. */
const openingToken = (asset: PlannedAsset, tokens: Tokens, random: Random): string | null =>
  asset.openTo === null ? null : pick(tokens.own(asset), random);

function createWhole(
  kind: 'public' | 'gated',
  nextAsset: () => PlannedAsset,
  tokens: Tokens,
  random: Random,
): () => Ask {
  return () => {
    const asset = nextAsset();
    return {
      ...{ kind, asset: asset.id, token: openingToken(asset, tokens, random), range: null },
      expected: { status: 200, bytes: asset.bytes, contentRange: null },
    };
  };
}

/** Several players, in turns. */
function createRanges(nextAsset: () => PlannedAsset, tokens: Tokens, random: Random): () => Ask {
  const players = Array.from({ length: PLAYERS }, () => play(nextAsset, tokens, random));
  let turn = 0;
  return () => {
    const player = players[(turn += 1) % PLAYERS];
    if (!player) throw new RangeError('there are no players');
    return player.next().value;
  };
}

/** As a player does: the beginning, then some pieces from the middle, where its viewer jumped to; then something else. */
function* play(
  nextAsset: () => PlannedAsset,
  tokens: Tokens,
  random: Random,
): Generator<Ask, never, undefined> {
  for (;;) {
    const asset = nextAsset();
    const size = asset.bytes ?? 0;
    const token = openingToken(asset, tokens, random);
    const pieces = Math.ceil(size / RANGE_BYTES);
    const middle = 1 + Math.floor(random() * (pieces - 1));
    const played = Array.from({ length: PIECES_PLAYED }, (_, index) => middle + index);
    for (const piece of [0, ...played.filter((piece) => piece < pieces)]) {
      const first = piece * RANGE_BYTES;
      const last = Math.min(size, first + RANGE_BYTES) - 1;
      yield {
        ...{ kind: 'range', asset: asset.id, token, range: [first, last] },
        expected: { status: 206, bytes: last - first + 1, contentRange: `bytes ${first}-${last}/${size}` },
      };
    }
  }
}

function createRefused(
  nextAsset: () => PlannedAsset,
  tokens: Tokens,
  random: Random,
  clock: () => number,
): () => Ask {
  let forgedAt = -Infinity;
  return () => {
    const asset = nextAsset();
    const [own, other] = [tokens.own(asset), tokens.other(asset)];
    const refused = (token: string | null, status: number): Ask => ({
      ...{ kind: 'refused', asset: asset.id, token, range: null },
      expected: { status, bytes: null, contentRange: null },
    });
    if (own.length > 0 && random() < FORGED_SHARE && clock() - forgedAt >= FORGED_EVERY_MS) {
      forgedAt = clock();
      return refused(forge(pick(own, random)), asset.refusals.forged);
    }
    if (other.length > 0 && random() < OTHER_TOKEN_SHARE)
      return refused(pick(other, random), asset.refusals.otherToken);
    return refused(null, asset.refusals.noToken);
  };
}

/** All of a token but its signature, which nobody has seen before: else a distributor could remember it. */
function forge(token: string): string {
  const signedBytes = token.lastIndexOf('.') + 1;
  const signatureBytes = Math.max(16, Math.floor(((token.length - signedBytes) * 3) / 4));
  return token.slice(0, signedBytes) + randomBytes(signatureBytes).toString('base64url');
}
