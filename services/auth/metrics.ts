import { Counter, Histogram, type Registry } from '../../shared/http/index.ts';
import { Problem, type TokenResponse } from '../../shared/wire/index.ts';

/** What an operator watches: how sign-ins end, which roles are granted or refused and why, how slow the chain is. */
export interface AuthMetrics {
  signIn<T>(work: () => Promise<T>): Promise<T>;
  issue(work: () => Promise<TokenResponse>): Promise<TokenResponse>;
}

export function createAuthMetrics(registry: Registry): AuthMetrics {
  const registers = [registry];
  const signIns = new Counter({
    name: 'panoptes_auth_sign_ins_total',
    help: 'Sign-ins checked, by outcome: ok, or the code and reason of the refusal',
    labelNames: ['outcome'],
    registers,
  });
  const roles = new Counter({
    name: 'panoptes_auth_roles_total',
    help: 'Roles asked for, by role and outcome: granted, or the reason of the refusal',
    labelNames: ['role', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'panoptes_auth_role_check_seconds',
    help: 'Time to read the roles of one request from the chain and sign them',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });

  return {
    signIn: async (work) => {
      try {
        const result = await work();
        signIns.inc({ outcome: 'ok' });
        return result;
      } catch (error) {
        signIns.inc({ outcome: outcomeOf(error) });
        throw error;
      }
    },
    issue: async (work) => {
      const stop = seconds.startTimer();
      try {
        const answer = await work();
        for (const { role } of answer.granted) roles.inc({ role, outcome: 'granted' });
        for (const { role, reason } of answer.refused) roles.inc({ role: role.role, outcome: reason });
        return answer;
      } finally {
        stop();
      }
    },
  };
}

function outcomeOf(error: unknown): string {
  if (!(error instanceof Problem)) return 'internal';
  const { reason } = error.extensions;
  return typeof reason === 'string' ? reason : error.code;
}
