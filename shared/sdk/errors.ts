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
    const why = refused.map(({ role, detail }) => `${role.role}: ${detail}`).join('; ');
    super(`This account does not hold what would open the asset (${code})${why && `. ${why}`}.`);
    this.name = 'AccessDenied';
    this.code = code;
    this.needs = needs;
    this.refused = refused;
  }
}
