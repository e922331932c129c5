import type { Socket } from 'node:net';
import { Problem, PROBLEMS, type ProblemCode } from '../wire/index.ts';

/**
 * Answers what never became a request: bytes that are not HTTP, headers over Node's limit, headers that never end.
 * `tell` hears the code of each.
 */
export function answerUnparsable(
  error: Error & { code?: string },
  socket: Socket,
  tell?: (code: ProblemCode) => void,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = new Problem(codeOf(error));
  tell?.(problem.code);
  const body = problem.toText();
  socket.end(
    `HTTP/1.1 ${problem.status} ${PROBLEMS[problem.code].title}\r\n` +
      `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `cache-control: no-store\r\nconnection: close\r\n\r\n${body}`,
  );
}

function codeOf({ code }: { code?: string }): ProblemCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'bad_request';
}
