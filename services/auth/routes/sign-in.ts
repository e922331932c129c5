import type { FastifyInstance } from 'fastify';
import {
  ChallengeRequest,
  ChallengeResponse,
  TokenRequest,
  TokenResponse,
} from '../../../shared/wire/index.ts';
import type { AppDomains } from '../app-domain.ts';
import type { Challenger } from '../challenge.ts';
import type { ChainLink } from '../chain-link.ts';
import type { TokenIssuer } from '../issue-token.ts';
import type { AuthMetrics } from '../metrics.ts';
import type { SignInVerifier } from '../sign-in.ts';
import { problems } from './problems.ts';

/** `POST /v1/challenge` and `POST /v1/tokens`. */
export function serveSignIn(
  app: FastifyInstance,
  deps: {
    readonly chain: ChainLink;
    readonly domains: AppDomains;
    readonly challenger: Challenger;
    readonly signIns: SignInVerifier;
    readonly issuer: TokenIssuer;
    readonly metrics: AuthMetrics;
  },
): void {
  const { chain, domains, challenger, signIns, issuer, metrics } = deps;

  app.post<{ Body: ChallengeRequest }>(
    '/v1/challenge',
    {
      schema: {
        operationId: 'createChallenge',
        tags: ['sign-in'],
        summary: 'Get the message to sign',
        description:
          'A Sign-In-With-Substrate message (the form of EIP-4361) for an account and a session key, naming the site of the page that asks (`Origin`). The wallet signs it once; the first use must come within five minutes, later ones until it expires.',
        body: ChallengeRequest,
        response: {
          200: ChallengeResponse,
          ...problems(
            'bad_request',
            'payload_too_large',
            'unsupported_media_type',
            'too_many_requests',
            'chain_unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const domain = domains.getDomain(request.headers.origin);
      const challenge = challenger.create(request.body, domain, chain.identity());
      return reply.header('cache-control', 'no-store').send(challenge);
    },
  );

  app.post<{ Body: TokenRequest }>(
    '/v1/tokens',
    {
      schema: {
        operationId: 'createToken',
        tags: ['sign-in'],
        summary: 'Get a role token',
        description:
          'Reads the named roles from the chain at one finalized block and signs those that are true. `refused` says why each of the others is not; when none is true, `token` is null. The same sign-in serves again and again, each time with a fresh session proof.',
        body: TokenRequest,
        response: {
          200: TokenResponse,
          ...problems(
            'bad_request',
            'sign_in_invalid',
            'payload_too_large',
            'unsupported_media_type',
            'too_many_requests',
            'chain_unavailable',
            'unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { origin } = request.headers;
      const domain = origin === undefined ? null : domains.getDomain(origin);
      const signIn = await metrics.signIn(() => signIns.verify(request.body, domain, chain.identity()));
      const answer = await metrics.issue(() => issuer.issue(signIn, request.body));
      return reply.header('cache-control', 'no-store').send(answer);
    },
  );
}
