import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { startHttpStore, type Store } from './http-store.ts';

export interface S3Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const REGION = 'eu-test-1';
const SKEW_MS_MAX = 15 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([\w-]+)\/s3\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})$/;

/**
 * A private bucket, as far as reading goes: signatures are worked out again from the request by the rules of AWS
 * Signature Version 4, independently of the client's library, and who has none gets 403.
 */
export function startS3Server(files: ReadonlyMap<string, Buffer>, account: S3Account): Promise<Store> {
  return startHttpStore(files, (request) => (isSigned(request, account) ? null : 403));
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function isSigned(request: IncomingMessage, { accessKeyId, secretAccessKey }: S3Account): boolean {
  const match = AUTHORIZATION.exec(request.headers.authorization ?? '');
  if (!match) return false;
  const [, id, day = '', region, names = '', signature] = match;
  const date = String(request.headers['x-amz-date']);
  if (id !== accessKeyId || region !== REGION || !date.startsWith(day) || !isRecent(date)) return false;
  if (!names.split(';').includes('host')) return false;
  const url = new URL(request.url ?? '/', 'http://store');
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [
    ...[request.method, url.pathname, url.search.slice(1), headers.join(''), names],
    String(request.headers['x-amz-content-sha256'] ?? sha256('')),
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), 's3'), 'aws4_request');
  return hmac(key, toSign).toString('hex') === signature;
}

function isRecent(date: string): boolean {
  const iso = date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5');
  return Math.abs(Date.now() - Date.parse(iso)) < SKEW_MS_MAX;
}
