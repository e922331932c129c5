import type { MetricObject } from 'prom-client';
import type { CacheStats, CacheStatus, Fetched } from '../assets/asset-cache.ts';
import type { ContentType } from '../assets/content-type.ts';
import type { DataObject } from '../assets/source.ts';
import type { Carried } from './carried.ts';

/**
 * What the processes of a node say to each other, over the channel Node gives a parent and its children. The primary
 * keeps the cache; workers know the policy and serve. A `ticket` is the worker's name for one thing it waits for.
 */
export interface Primary {
  /** What a worker that has just started is to be. */
  enter(): WorkerRole;
  /** `AssetCache.bring`. */
  bring(ticket: number, object: DataObject, address: string): Promise<Carried<Fetched>>;
  /** `AssetCache.follow`; from then on `read` has its bytes, until `leave`. */
  follow(
    ticket: number,
    object: DataObject,
    bytes: number,
    address: string,
  ): Promise<Carried<{ readonly contentType: ContentType; readonly fetched: Fetched }>>;
  /** Up to `length` bytes from `position` of an answer that ends with `last`. */
  read(ticket: number, length: number, position: number, last: number): Promise<Carried<Uint8Array>>;
  /** The worker does not wait for it any more, or has all it wants. */
  leave(ticket: number): void;
  peek(object: DataObject): Promise<CacheStatus>;
  touch(objects: readonly DataObject[]): void;
  drop(object: DataObject): Promise<void>;
  stats(): Promise<CacheStats>;
  /** `/metrics` of the whole node. */
  metrics(): Promise<string>;
}

export interface WorkerRole {
  /** From 0 on; a worker that takes the place of another has its number. */
  readonly slot: number;
  readonly processes: number;
  readonly listens: 'started' | 'informed';
}

export interface Worker {
  /** A file of the cache is being deleted, or has been. */
  removed(key: string): void;
  metrics(): Promise<readonly MetricObject[]>;
}
