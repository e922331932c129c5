import { createReadStream } from 'node:fs';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isId, nowSec, systemClock } from '../../../shared/base/index.ts';
import { closeServer, createServer } from '../../../shared/http/index.ts';
import { createLog, type Logger } from '../../../shared/runtime/index.ts';
import { keyId, TokenError, verifyNodeToken } from '../../../shared/token/index.ts';
import { Problem } from '../../../shared/wire/index.ts';
import { corrupted, slowed, truncated } from './faults.ts';

/** What a test can make of a node: the ways in which real ones let a distributor down. */
export type Fault = 'error' | 'missing' | 'corrupt' | 'truncate' | 'slow' | 'hang';

export interface StorageNodeOptions {
  readonly dir: string;
  /** 0: any free port. */
  readonly port?: number;
  readonly log?: Logger;
  /** Public keys of the distributors that may read; without, anybody may. */
  readonly trusts?: readonly Uint8Array[];
}

/** A storage node that speaks the part of Colossus that distributors use: `GET /api/v1/files/{id}`. */
export interface StorageNode extends AsyncDisposable {
  readonly url: string;
  /** How often files have been asked for, HEAD requests aside. */
  readonly requests: number;
  /** Stores the bytes of a data object. */
  put(id: string, bytes: Uint8Array): Promise<void>;
  /** Misbehaves from now on; `null`: behaves again. */
  fail(fault: Fault | null): void;
}

/** How far clocks may be apart. */
const LEEWAY_SEC = 5;

export async function startStorageNode(options: StorageNodeOptions): Promise<StorageNode> {
  const { dir, port = 0, log = createLog('storage', 'silent'), trusts } = options;
  await mkdir(dir, { recursive: true });
  let fault: Fault | null = null;
  let requests = 0;
  let audience = '';
  const keys = new Map(trusts?.map((key) => [keyId(key), key]));

  /** Asks nobody: the keys are known, and a token names this node. */
  const admit = (authorization = ''): void => {
    if (trusts === undefined) return;
    const token = /^Bearer ([!-~]+)$/i.exec(authorization)?.[1];
    if (token === undefined) throw new Problem('token_missing');
    try {
      const findKey = (kid: string): Uint8Array | null => keys.get(kid) ?? null;
      verifyNodeToken(token, { audience, findKey, nowSec: nowSec(systemClock), leewaySec: LEEWAY_SEC });
    } catch (error) {
      if (error instanceof TokenError) throw new Problem('token_invalid');
      throw error;
    }
  };

  const app = createServer({ log, bodyBytesMax: 1_024 });
  app.route<{ Params: { id: string } }>({
    method: ['GET', 'HEAD'],
    url: '/api/v1/files/:id',
    handler: async (request, reply) => {
      const { id } = request.params;
      if (!isId(id)) throw new Problem('bad_request');
      admit(request.headers.authorization);
      if (request.method === 'GET') requests += 1;
      if (fault === 'error') throw new Problem('internal');
      const path = join(dir, id);
      const size = fault === 'missing' ? null : await findSize(path);
      if (size === null) throw new Problem('not_found');
      reply.header('content-length', size).type('application/octet-stream');
      if (request.method === 'HEAD') return reply.send();
      return reply.send(spoiled(createReadStream(path), fault, size));
    },
  });
  const url = await app.listen({ host: '127.0.0.1', port });
  audience = url;

  return {
    url,
    get requests() {
      return requests;
    },
    put: async (id, bytes) => {
      const path = join(dir, id);
      await writeFile(`${path}.part`, bytes);
      await rename(`${path}.part`, path);
    },
    fail: (next) => void (fault = next),
    [Symbol.asyncDispose]: () => closeServer(app, 0),
  };
}

async function findSize(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}

function spoiled(file: Readable, fault: Fault | null, size: number): Readable {
  switch (fault) {
    case 'corrupt':
      return corrupted(file);
    case 'truncate':
      return truncated(file, Math.floor(size / 2));
    case 'slow':
      return slowed(file, size, 250);
    case 'hang':
      return slowed(file, size, Infinity);
    case 'error':
    case 'missing':
    case null:
      return file;
  }
}
