import type { Needs } from '../policy/index.ts';
import type { RefusedRole } from '../wire/index.ts';

/** A service answered with a problem (RFC 9457). `code` is stable; `retryAfterSec` is there when the service said so. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterSec: number | null;

  constructor(status: number, code: string, message: string, retryAfterSec: number | null) {
    super(message);
    this.name = 'ServiceError';
    this.status = status;
    this.code = code;
    this.retryAfterSec = retryAfterSec;
  }
}

/** The asset stays shut: `needs` says what would open it, `refused` why this account does not hold it. */
export class AccessDenied extends Error {
  readonly code: string;
  readonly needs: Needs;
  readonly refused: readonly RefusedRole[];

  constructor(code: string, needs: Needs, refused: readonly RefusedRole[]) {
    super(`The asset is not for this account (${code}).`);
    this.name = 'AccessDenied';
    this.code = code;
    this.needs = needs;
    this.refused = refused;
  }
}
