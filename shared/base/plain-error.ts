/**
 * An error that is an answer, not an event. Where it was made nobody asks, and finding that out would be most of what a
 * refusal costs: it has no stack.
 */
export class PlainError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
