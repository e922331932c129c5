/** Remembers what was computed for a key, for at most `entriesMax` keys; the oldest is forgotten first. */
export function createMemo<V>(entriesMax: number): (key: string, compute: () => V) => V {
  const values = new Map<string, V>();
  return (key, compute) => {
    const known = values.get(key);
    if (known !== undefined) return known;
    const value = compute();
    values.set(key, value);
    for (const oldest of values.keys()) {
      if (values.size <= entriesMax) break;
      values.delete(oldest);
    }
    return value;
  };
}
