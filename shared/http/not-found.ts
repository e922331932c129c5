import type { FastifyInstance } from 'fastify';
import { Problem } from '../wire/index.ts';

/**
 * Answers requests that no route takes: 405 with `Allow` where the path exists for other methods, else 404. It does so
 * before the body is read, so that a broken body on a wrong path is not what the client is told about.
 */
export function refuseUnrouted(app: FastifyInstance): void {
  const methodsByPattern = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPattern.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsByPattern.set(url, methods);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    done(request.is404 ? unrouted(request.url, methodsByPattern) : undefined);
  });
}

function unrouted(url: string, methodsByPattern: ReadonlyMap<string, ReadonlySet<string>>): Problem {
  const [path = ''] = url.split('?', 1);
  const allowed = new Set<string>();
  for (const [pattern, methods] of methodsByPattern) {
    if (pattern === '*') continue; // a route for every path (CORS preflights) says nothing about this one
    if (matches(path, pattern)) for (const method of methods) allowed.add(method);
  }
  if (allowed.size === 0) return new Problem('not_found');
  return new Problem('method_not_allowed', undefined, { headers: { allow: [...allowed].sort().join(', ') } });
}

/** Whether the router's pattern covers the path: `:name` stands for one segment, a last `*` for the rest. */
function matches(path: string, pattern: string): boolean {
  const segments = path.split('/');
  const parts = pattern.split('/');
  if (parts.at(-1) === '*' ? segments.length < parts.length : segments.length !== parts.length) return false;
  return parts.every((part, index) => part === '*' || part.startsWith(':') || part === segments[index]);
}
