import { PlainError } from '../base/index.ts';
import { PROBLEMS, type ProblemCode } from './problems.ts';

/** Members beyond RFC 9457's own: `reason` narrows a code, `needs` says what would open an asset. */
export type ProblemExtensions = Readonly<Record<string, unknown>>;

/**
 * An error meant for the client. `detail` is shown to it, so it must hold no token, key, password or stack.
 * `headers` are sent along (`Retry-After`, `WWW-Authenticate`, `Content-Range`).
 */
export class Problem extends PlainError {
  readonly code: ProblemCode;
  readonly extensions: ProblemExtensions;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail?: string,
    options: {
      extensions?: ProblemExtensions;
      headers?: Readonly<Record<string, string>>;
      cause?: unknown;
    } = {},
  ) {
    super(detail ?? PROBLEMS[code].title, { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.extensions = options.extensions ?? {};
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  #text: string | null = null;

  /** The body as it is sent. */
  toText(): string {
    return (this.#text ??= JSON.stringify(this.toBody()));
  }

  /** The RFC 9457 body. `type` is a relative reference, so that it means the same on every node. */
  toBody(): Record<string, unknown> {
    const { status, title } = PROBLEMS[this.code];
    return {
      type: `/problems/${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
      ...this.extensions,
    };
  }
}
