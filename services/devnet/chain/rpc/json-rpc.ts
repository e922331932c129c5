/** An error answer of JSON-RPC 2.0 (https://www.jsonrpc.org/specification#error_object). */
export class RpcError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
  }
}

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** Substrate's own: the block or its state is not there. */
export const UNKNOWN_BLOCK = 4003;

export type RpcId = string | number | null;

/** Does one method; throws only `RpcError`. */
export type Dispatch = (method: string, params: readonly unknown[]) => unknown;

const BATCH_MAX = 1_000;

/**
 * Answers one message, a request or a batch, in the words of JSON-RPC 2.0: null when there is nothing to say
 * (notifications). Never throws: whatever comes in, there is an error object for it.
 */
export function answer(text: string, dispatch: Dispatch): string | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return JSON.stringify(errorResponse(null, new RpcError(PARSE_ERROR, 'Parse error')));
  }
  if (!Array.isArray(message)) {
    const response = respond(message, dispatch);
    return response && JSON.stringify(response);
  }
  if (message.length === 0 || message.length > BATCH_MAX)
    return JSON.stringify(errorResponse(null, new RpcError(INVALID_REQUEST, 'Invalid batch')));
  const responses = message
    .map((request) => respond(request, dispatch))
    .filter((response) => response !== null);
  return responses.length === 0 ? null : JSON.stringify(responses);
}

function respond(request: unknown, dispatch: Dispatch): object | null {
  if (!isObject(request) || request.jsonrpc !== '2.0' || typeof request.method !== 'string')
    return errorResponse(null, new RpcError(INVALID_REQUEST, 'Invalid request'));
  const { id, params = [] } = request;
  const isNotification = id === undefined;
  if (!isNotification && !isId(id))
    return errorResponse(null, new RpcError(INVALID_REQUEST, 'Invalid request'));
  try {
    if (!Array.isArray(params)) throw new RpcError(INVALID_PARAMS, 'Params are a list here');
    const result = dispatch(request.method, params);
    return isNotification ? null : { jsonrpc: '2.0', id, result: result ?? null };
  } catch (error) {
    if (isNotification) return null;
    return errorResponse(
      id,
      error instanceof RpcError ? error : new RpcError(INTERNAL_ERROR, 'Internal error'),
    );
  }
}

function errorResponse(id: RpcId, { code, message }: RpcError): object {
  return { jsonrpc: '2.0', id, error: { code, message } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is RpcId {
  return value === null || typeof value === 'string' || typeof value === 'number';
}
