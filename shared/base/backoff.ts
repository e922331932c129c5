/** Exponential delays with full jitter (AWS, "Exponential Backoff And Jitter"), in milliseconds. */
export function backoffMs(attempt: number, options: { baseMs?: number; capMs?: number } = {}): number {
  const { baseMs = 50, capMs = 5_000 } = options;
  return Math.random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}
