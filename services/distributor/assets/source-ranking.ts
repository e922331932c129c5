/** Which source to ask first: those that failed last come last, and among equals chance spreads the load. */
export interface SourceRanking<S> {
  order(): readonly S[];
  succeeded(source: S): void;
  failed(source: S): void;
}

/** Past this a source does not sink further, so that one success brings it back. */
const FAILURES_MAX = 8;

export function createSourceRanking<S>(sources: readonly S[]): SourceRanking<S> {
  const failures = new Map(sources.map((source) => [source, 0]));
  const failuresOf = (source: S): number => failures.get(source) ?? 0;
  return {
    order: () =>
      sources
        .map((source) => ({ source, rank: failuresOf(source) + Math.random() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ source }) => source),
    succeeded: (source) => void failures.set(source, 0),
    failed: (source) => void failures.set(source, Math.min(failuresOf(source) + 1, FAILURES_MAX)),
  };
}
