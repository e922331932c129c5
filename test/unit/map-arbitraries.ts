import fc from 'fast-check';
import type { Fact } from '../../services/distributor/policy/facts.ts';
import { ASSET_KINDS } from '../../shared/policy/index.ts';
import { HASHES } from '../support/map.ts';
import { policyDocument } from './policy-arbitraries.ts';

/** A few ids that meet each other, at both ends of a page, of 32 bits, and of what a number holds. */
export const IDS = [0, 1, 2, 1_023, 1_024, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1] as const;
/** What is no id, or none in use. */
export const STRANGE = [3, 1_025, 2 ** 31, -1, -0.5, 0.5, 2 ** 53, 1e300, NaN, Infinity, -Infinity] as const;

const id = fc.constantFrom(...IDS, ...IDS.slice(0, 3));
const state = <Row>(row: fc.Arbitrary<Row>): fc.Arbitrary<Row | { readonly flaw: string } | null> =>
  fc.oneof(
    { weight: 8, arbitrary: row },
    { weight: 1, arbitrary: fc.constant({ flaw: 'test' }) },
    { weight: 2, arbitrary: fc.constant(null) },
  );

const visibility = { isPublic: fc.boolean(), isCensored: fc.constantFrom(false, false, true) };
const invalidDocument = fc.constantFrom<unknown>({ v: 2 }, null, 'public', {
  v: 1,
  media: { public: false },
});
const document = fc.oneof(
  { weight: 4, arbitrary: policyDocument },
  { weight: 1, arbitrary: invalidDocument },
);

/** One change of one row. */
export const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({
    entity: fc.constant('channel' as const),
    id,
    row: state(fc.record({ ...visibility, privilegeLevel: fc.constantFrom(0, 1, 255, 32_767) })),
  }),
  fc.record({
    entity: fc.constant('video' as const),
    id,
    row: state(fc.record({ ...visibility, channel: id })),
  }),
  fc.record({
    entity: fc.constant('asset' as const),
    id,
    row: state(
      fc.record({
        channel: id,
        video: fc.option(id),
        kind: fc.constantFrom(...ASSET_KINDS),
        size: fc.constantFrom(0, 1, 2 ** 40),
        contentHash: fc.constantFrom(...HASHES),
      }),
    ),
  }),
  fc.record({
    entity: fc.constant('policy' as const),
    scope: fc.constantFrom('asset' as const, 'video' as const, 'channel' as const),
    id,
    row: fc.option(
      document.map((one) => ({ document: JSON.stringify(one) })),
      { freq: 3 },
    ),
  }),
  fc.record({
    entity: fc.constant('bag' as const),
    id,
    row: fc.option(fc.record({ buckets: fc.constantFrom('', '0:0', '0:0,0:1', '0:1,1:0', '7:7') }), {
      freq: 3,
    }),
  }),
  fc.record({
    entity: fc.constant('bucket' as const),
    bucket: fc.constantFrom('0:0', '0:1', '1:0'),
    row: fc.option(
      fc.record({ operators: fc.constantFrom('', '3', '1,3', '13,33'), isDistributing: fc.boolean() }),
      { freq: 3 },
    ),
  }),
);
