/**
 * What has been acquired so far, released in reverse order. Stands in for `AsyncDisposableStack`, which Node 20 lacks.
 * Every release is tried; the first error is thrown at the end.
 */
export interface Cleanup extends AsyncDisposable {
  use<T extends AsyncDisposable>(resource: T): T;
  defer(release: () => Promise<unknown>): void;
}

export function createCleanup(): Cleanup {
  const releases: (() => Promise<unknown>)[] = [];
  return {
    use: (resource) => {
      releases.push(async () => resource[Symbol.asyncDispose]());
      return resource;
    },
    defer: (release) => void releases.push(release),
    [Symbol.asyncDispose]: async () => {
      const errors: unknown[] = [];
      for (let release = releases.pop(); release !== undefined; release = releases.pop()) {
        await release().catch((error: unknown) => errors.push(error));
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}

/** Runs `open`, and when it throws halfway releases what it had already registered. */
export async function openOrCleanUp<T>(open: (cleanup: Cleanup) => Promise<T>): Promise<T> {
  const cleanup = createCleanup();
  try {
    return await open(cleanup);
  } catch (error) {
    await cleanup[Symbol.asyncDispose]().then(undefined, () => undefined);
    throw error;
  }
}
