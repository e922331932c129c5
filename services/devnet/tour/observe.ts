/** What a step saw is not what it must be; the message says both. */
export class Unexpected extends Error {
  constructor(what: string, expected: unknown, seen: unknown) {
    super(`${what}: expected ${show(expected)}, saw ${show(seen)}`);
    this.name = 'Unexpected';
  }
}

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export function expectSame(what: string, seen: unknown, expected: unknown): void {
  if (JSON.stringify(seen) !== JSON.stringify(expected)) throw new Unexpected(what, expected, seen);
}

/** A refusal as it is on the wire. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly reason: string | undefined;
  readonly needs: unknown;
}

export async function refusalOf(response: Response): Promise<Refusal> {
  const body = (await response.json()) as { code?: string; reason?: string; needs?: unknown };
  return { status: response.status, code: body.code ?? '', reason: body.reason, needs: body.needs };
}

export async function expectRefusal(
  what: string,
  response: Response,
  status: number,
  code: string,
): Promise<Refusal> {
  const refusal = await refusalOf(response);
  expectSame(what, [refusal.status, refusal.code], [status, code]);
  return refusal;
}

/** Asks again until the answer has this status; answers how long that took. Fails after `deadlineMs`. */
export async function untilStatus(
  what: string,
  ask: () => Promise<Response>,
  status: number,
  deadlineMs = 10_000,
): Promise<{ response: Response; afterMs: number }> {
  const from = performance.now();
  for (;;) {
    const response = await ask();
    const afterMs = performance.now() - from;
    if (response.status === status) return { response, afterMs };
    if (afterMs > deadlineMs) throw new Unexpected(what, status, response.status);
    await response.arrayBuffer();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
