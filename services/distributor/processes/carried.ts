import type { Logger } from '../../../shared/runtime/index.ts';
import { Problem, type ProblemCode } from '../../../shared/wire/index.ts';

/** What a call between processes came to: errors lose what makes them problems on the way, so they are written out. */
export type Carried<T> =
  | { readonly value: T }
  | {
      readonly code: ProblemCode;
      readonly detail: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** Throws what is no problem. What is behind a problem stays here, in the log. */
export async function carry<T>(log: Logger, work: () => Promise<T>): Promise<Carried<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, message: detail, headers, cause } = error;
    if (cause !== undefined) log.error({ code, err: cause }, detail);
    return { code, detail, headers };
  }
}

/** Throws the problem that was carried. */
export function unwrap<T>(carried: Carried<T>): T {
  if ('value' in carried) return carried.value;
  const { code, detail, headers } = carried;
  throw new Problem(code, detail, { headers });
}
