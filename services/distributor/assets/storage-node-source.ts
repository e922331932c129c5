import { SourceError, type AssetSource } from './source.ts';

/** A storage node (Colossus): `GET {url}/api/v1/files/{id}`. Redirects are not followed. */
export function createStorageNodeSource(url: string): AssetSource {
  return {
    name: url,
    async *read(id, signal) {
      const response = await fetch(`${url}/api/v1/files/${id}`, {
        signal,
        redirect: 'error',
        headers: { 'accept-encoding': 'identity' },
      });
      if (response.status !== 200 || response.body === null) {
        await response.body?.cancel();
        throw new SourceError(response.status === 404 ? 'missing' : 'refused', `answered ${response.status}`);
      }
      yield* chunksOf(response.body);
    },
  };
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // Whoever stops early wants no more of it; the connection goes with it.
    await reader.cancel().catch(() => undefined);
  }
}
