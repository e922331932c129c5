export {
  ChallengeRequest,
  ChallengeResponse,
  KeysResponse,
  RefusedRole,
  ROLES_MAX,
  TokenRequest,
  TokenResponse,
} from './auth.ts';
export { PolicyParams, StoredPolicy } from './auth-policies.ts';
export { Id, ROLE_REFUSALS, RoleRequest, type RoleRefusal } from './auth-roles.ts';
export { isSessionLabel, SessionParams, SessionsResponse } from './auth-sessions.ts';
export { SIGN_IN_REFUSALS, type SignInRefusal } from './auth-sign-in.ts';
export {
  ACCESS_IDS_MAX,
  ACCESS_NEEDS_CHARS_MAX,
  AccessAnswer,
  AccessAnswers,
  AccessQuery,
  DistributorBuckets,
  DistributorStatus,
} from './distributor.ts';
export { Problem, type ProblemExtensions } from './problem.ts';
export { PROBLEMS, type ProblemCode } from './problems.ts';
export {
  formatSignInMessage,
  parseSignInMessage,
  SIGN_IN_BYTES_MAX,
  SIGN_IN_STATEMENT,
  SignInMessageError,
  toChainId,
  type SignInMessage,
} from './sign-in-message.ts';
