import { systemClock } from '../../shared/base/index.ts';
import type { Logger } from '../../shared/runtime/index.ts';
import { keyPairFromSeed } from '../../shared/token/index.ts';
import { createAssetCache, type AssetCache } from './assets/asset-cache.ts';
import { createAssetFetcher } from './assets/asset-fetcher.ts';
import { openDiskCache } from './assets/disk-cache.ts';
import { createSource } from './assets/sources/create-source.ts';
import { createNodeTokens } from './assets/sources/node-tokens.ts';
import type { DistributorConfig } from './config.ts';

/** The disk and the sources, put together. `onRemoved`: told of files that are deleted, by their `cacheKey`, before and after. */
export async function openCache(
  config: DistributorConfig,
  log: Logger,
  onRemoved?: (key: string) => void,
): Promise<AssetCache> {
  const { cacheDir, cacheBytesMax, fetchesMax, nodeSeed } = config;
  const disk = await openDiskCache({
    dir: cacheDir,
    bytesMax: cacheBytesMax,
    log,
    ...(onRemoved === undefined ? {} : { onRemoved }),
  });
  const nodeTokenFor =
    nodeSeed === null ? null : createNodeTokens(config.distributorId, keyPairFromSeed(nodeSeed), systemClock);
  const fetcher = createAssetFetcher({
    disk,
    sources: config.storage.map((settings) =>
      createSource(settings, { nodeTokenFor, connectionsMax: fetchesMax }),
    ),
    fetchesMax,
    waitingMax: config.fetchesWaitingMax,
    retryMs: config.sourceRetryMs,
    limits: { idleMsMax: config.sourceIdleMsMax, bytesPerSecMin: config.sourceBytesPerSecMin },
    log,
  });
  return createAssetCache(disk, fetcher);
}
