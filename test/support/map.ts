import type { MapDraft, PolicyMap } from '../../services/distributor/policy/policy-map.ts';
import { contentHash } from '../../shared/base/index.ts';
import type { PolicyScope } from '../../shared/policy/index.ts';

/** Writes that each count at once. */
export interface Writes {
  readonly setChannel: MapDraft['setChannel'];
  readonly setVideo: MapDraft['setVideo'];
  readonly setAsset: MapDraft['setAsset'];
  /** The document as JSON has it. */
  readonly setPolicy: (scope: PolicyScope, id: number, document: unknown) => Error | null;
}

export function writes(map: PolicyMap): Writes {
  const write = <T>(work: (draft: MapDraft) => T): T => {
    const draft = map.draft('known');
    const result = work(draft);
    draft.commit();
    return result;
  };
  return {
    setChannel: (id, row) => write((draft) => draft.setChannel(id, row)),
    setVideo: (id, row) => write((draft) => draft.setVideo(id, row)),
    setAsset: (id, row) => write((draft) => draft.setAsset(id, row)),
    setPolicy: (scope, id, document) => {
      const row = document === undefined ? null : { document: JSON.stringify(document) };
      return write((draft) => draft.setPolicy(scope, id, row));
    },
  };
}

/** Content hashes that differ, as rows have them. */
export const HASHES = await Promise.all(
  Array.from({ length: 4 }, async (_, index) => Buffer.from(await contentHash(Buffer.from([index])))),
);
