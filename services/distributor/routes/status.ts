import type { FastifyInstance } from 'fastify';
import type { DistributorBuckets, DistributorStatus } from '../../../shared/wire/index.ts';
import type { AssetCache } from '../assets/asset-cache.ts';

export interface StatusOptions {
  readonly id: string;
  readonly version: string;
  readonly cache: AssetCache;
  readonly buckets: () => DistributorBuckets;
  readonly ages: () => Pick<DistributorStatus, 'policyAgeMs' | 'chainAgeMs'>;
}

/**
 * `GET /api/v1/status` and `/api/v1/buckets`: what today's distributors say of themselves, and how old this one's
 * knowledge is.
 */
export function serveStatus(
  app: FastifyInstance,
  { id, version, cache, buckets, ages }: StatusOptions,
): void {
  app.get('/api/v1/buckets', (_request, reply): DistributorBuckets => {
    reply.header('cache-control', 'no-store');
    return buckets();
  });
  app.get('/api/v1/status', async (_request, reply): Promise<DistributorStatus> => {
    const { files, bytes, bytesMax, fetches } = await cache.stats();
    reply.header('cache-control', 'no-store');
    return {
      id,
      version,
      objectsInCache: files,
      storageLimit: bytesMax,
      storageUsed: bytes,
      uptime: Math.floor(process.uptime()),
      downloadsInProgress: fetches.running,
      ...ages(),
    };
  });
}
