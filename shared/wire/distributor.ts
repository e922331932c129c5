import { Type, type Static } from '@sinclair/typebox';
import type { Needs as NeedsType } from '../policy/index.ts';
import { Id } from './auth-roles.ts';
import { PROBLEMS, type ProblemCode } from './problems.ts';

/** What one request to `POST /api/v1/access` may ask about. */
export const ACCESS_IDS_MAX = 100;
/** Characters of JSON that the `needs` of one answer may take; where it is full they are left out, to be asked for alone. */
export const ACCESS_NEEDS_CHARS_MAX = 65_536;

/** Alternatives of conjunctions: any inner list, held in full, opens the asset. */
const Needs = Type.Unsafe<NeedsType>(Type.Array(Type.Array(Type.Record(Type.String(), Type.Unknown()))));

const Code = Type.Unsafe<ProblemCode>({ type: 'string', enum: Object.keys(PROBLEMS) });

/** `GET /api/v1/assets/{id}/access`: what a GET of the asset would be answered, without its bytes. */
export const AccessAnswer = Type.Union([
  Type.Object({ id: Id, allowed: Type.Literal(true) }),
  Type.Object({
    id: Id,
    allowed: Type.Literal(false),
    code: Code,
    reason: Type.Optional(Type.String()),
    needs: Type.Optional(Needs),
  }),
]);
export type AccessAnswer = Static<typeof AccessAnswer>;

/** `POST /api/v1/access`. */
export const AccessQuery = Type.Object(
  { ids: Type.Array(Id, { minItems: 1, maxItems: ACCESS_IDS_MAX, uniqueItems: true }) },
  { additionalProperties: false },
);
export type AccessQuery = Static<typeof AccessQuery>;

/** In the order of the ids asked about. */
export const AccessAnswers = Type.Object({ assets: Type.Array(AccessAnswer) });
export type AccessAnswers = Static<typeof AccessAnswers>;

/** `GET /api/v1/buckets`: ids as `family:index`, or the worker all of whose buckets are served. */
export const DistributorBuckets = Type.Union([
  Type.Object({ bucketIds: Type.Array(Type.String()) }),
  Type.Object({ allByWorkerId: Type.Integer() }),
]);
export type DistributorBuckets = Static<typeof DistributorBuckets>;

const Age = Type.Union([Type.Integer(), Type.Null()], { description: 'null: not known at all' });

/** `GET /api/v1/status`. Sizes in bytes, ages in milliseconds, uptime in seconds. */
export const DistributorStatus = Type.Object({
  id: Type.String(),
  version: Type.String(),
  objectsInCache: Type.Integer(),
  storageLimit: Type.Integer(),
  storageUsed: Type.Integer(),
  uptime: Type.Integer(),
  downloadsInProgress: Type.Integer(),
  policyAgeMs: Age,
  chainAgeMs: Age,
});
export type DistributorStatus = Static<typeof DistributorStatus>;
