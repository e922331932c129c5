import { PROBLEMS, type ProblemCode } from '../../../shared/wire/index.ts';

/** The problems a route documents, by status: RFC 9457 bodies whose `code` is one of those named. */
export function problems(...codes: readonly ProblemCode[]): Record<number, unknown> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, alike]) => [status, problem(alike)]));
}

const problem = (codes: readonly ProblemCode[]): unknown => ({
  description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        required: ['type', 'title', 'status', 'code', 'detail'],
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          code: { type: 'string', enum: codes },
          detail: { type: 'string' },
          reason: { type: 'string', description: 'Narrows the code' },
        },
      },
    },
  },
});
