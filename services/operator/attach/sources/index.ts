import { HYDRA } from './hydra.ts';
import { ORION } from './orion.ts';

/** What can be attached to, by the name that the operator gives it; each has a file of views in `sql/`. */
export const SOURCES = { orion: ORION, hydra: HYDRA } as const;
export type SourceName = keyof typeof SOURCES;
export const SOURCE_NAMES: readonly SourceName[] = ['orion', 'hydra'];

export { ENTITIES, type Entity, type HostTable, type Source } from './source.ts';
