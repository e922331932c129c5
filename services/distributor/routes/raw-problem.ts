import type { IncomingMessage, ServerResponse } from 'node:http';
import { toProblem } from '../../../shared/http/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import type { Tally } from '../tally.ts';
import type { Cors } from './cors.ts';
import { isOpaqueRefusal } from './opaque-refusals.ts';
import { isGone } from './while-there.ts';

export type SendRawProblem = (request: IncomingMessage, response: ServerResponse, error: unknown) => void;

export interface RawProblemOptions {
  readonly cors: Cors;
  readonly tally: Tally;
  readonly log: Logger;
}

/** Answers with the problem an error is shown as where there is no Fastify, in the same words. */
export function createRawProblemSender({ cors, tally, log }: RawProblemOptions): SendRawProblem {
  return (request, response, error) => {
    const problem = toProblem(error);
    const { code, cause } = problem;
    if (code === 'internal' || cause !== undefined) log.error({ code, err: cause }, problem.message);
    // Half an answer is out: a broken connection is the only honest end of it.
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // Whoever hung up, in line say, was not answered.
    if (isGone(response)) return;
    tally.answered(code);
    const body = isOpaqueRefusal(request.headers, problem.status) ? '' : problem.toText();
    const headers: string[] = [];
    for (const name in problem.headers) headers.push(name, problem.headers[name] ?? '');
    headers.push('cache-control', 'no-store');
    if (body !== '') headers.push('content-type', 'application/problem+json');
    headers.push(...cors.headersFor(request.headers.origin));
    headers.push('content-length', String(Buffer.byteLength(body)));
    response.writeHead(problem.status, headers);
    response.end(request.method === 'HEAD' ? undefined : body);
  };
}
