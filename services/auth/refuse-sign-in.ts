import { Problem, SIGN_IN_REFUSALS, type SignInRefusal } from '../../shared/wire/index.ts';

/** Problem `sign_in_invalid`, with its reason. */
export const refuseSignIn = (reason: SignInRefusal): Problem =>
  new Problem('sign_in_invalid', SIGN_IN_REFUSALS[reason], {
    extensions: { reason },
    headers: { 'www-authenticate': 'Session' },
  });
