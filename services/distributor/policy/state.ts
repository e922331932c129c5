import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openOrCleanUp } from '../../../shared/base/index.ts';
import type { Position } from '../../../shared/db/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import type { ServedBuckets } from './bag-map.ts';
import { Catalogue } from './catalogue.ts';
import { lockFolder } from '../folder-lock.ts';
import { Knowledge } from './knowledge.ts';
import { readSavedMap, saveMap, SavedMapError } from './saved-map.ts';

/** What a node knows, with a folder in which it outlives the process. */
export interface State extends AsyncDisposable {
  readonly knowledge: Knowledge;
  /** Where an earlier run stood whose knowledge this is; `null`: it begins with nothing. */
  readonly start: Position | null;
  /** When that held everything, in milliseconds since the epoch; 0 for nothing. */
  readonly startKnownAt: number;
  /**
   * Writes down what is known, and when it held everything, unless it stands at the same position as last time: then no
   * indexer has written either, and it is not newer. Says so in the log when it fails.
   */
  save(position: Position | null, knownAt: number): Promise<void>;
}

export interface StateOptions {
  readonly dir: string;
  readonly rootKey: Uint8Array;
  readonly served?: ServedBuckets;
  readonly log: Logger;
}

/** Takes up what an earlier run has left in `dir`, if it is whole. Throws when another process uses the folder. */
export function openState({ dir, rootKey, served = 'all', log }: StateOptions): Promise<State> {
  return openOrCleanUp(async (opened) => {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    opened.use(await lockFolder(dir));
    const knowing = (catalogue: Catalogue): Knowledge => new Knowledge(rootKey, catalogue, log, served);
    const paths = { map: join(dir, 'map'), catalogue: join(dir, 'catalogue') };
    const { knowledge, start, startKnownAt } =
      (await findKnowledge(paths, knowing, log)) ??
      ({ knowledge: knowing(Catalogue.create(paths.catalogue)), start: null, startKnownAt: 0 } as const);
    opened.defer(() => {
      knowledge.catalogue[Symbol.dispose]();
      return Promise.resolve();
    });

    let saved = start;
    let saving = Promise.resolve();
    const save = async (position: Position | null, knownAt: number): Promise<void> => {
      if (position === null || position.snapshot === saved?.snapshot) return;
      // What is known belongs to this position at this moment, and the catalogue may be ahead of it but not behind.
      const contents = knowledge.contents();
      const startedAt = performance.now();
      try {
        const catalogue = await knowledge.catalogue.flush();
        await saveMap(paths.map, { position, knownAt, contents, catalogue });
        saved = position;
        log.info({ ms: Math.round(performance.now() - startedAt) }, 'the map is saved');
      } catch (error) {
        log.error({ err: error }, 'the map could not be saved');
      }
    };
    return {
      knowledge,
      start,
      startKnownAt,
      save: (position, knownAt) => (saving = saving.then(() => save(position, knownAt))),
      [Symbol.asyncDispose]: async () => {
        await saving;
        await opened[Symbol.asyncDispose]();
      },
    };
  });
}

async function findKnowledge(
  paths: { readonly map: string; readonly catalogue: string },
  knowing: (catalogue: Catalogue) => Knowledge,
  log: Logger,
): Promise<Pick<State, 'knowledge' | 'start' | 'startKnownAt'> | null> {
  const startedAt = performance.now();
  let catalogue: Catalogue | null = null;
  try {
    const saved = await readSavedMap(paths.map);
    catalogue = Catalogue.find(paths.catalogue, saved.catalogue);
    if (catalogue === null) throw new SavedMapError('the catalogue beside it is another one');
    const knowledge = knowing(catalogue);
    knowledge.restore(saved.contents);
    const ms = Math.round(performance.now() - startedAt);
    log.info({ ...knowledge.sizes(), ms }, 'the saved map is loaded');
    return { knowledge, start: saved.position, startKnownAt: saved.knownAt };
  } catch (error) {
    catalogue?.[Symbol.dispose]();
    log.info({ reason: error instanceof Error ? error.message : String(error) }, 'no saved map is used');
    return null;
  }
}
