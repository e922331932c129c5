import { openOrCleanUp, type Clock } from '../../shared/base/index.ts';
import { createPool, migrateAtStart, startPulse } from '../../shared/db/index.ts';
import type { Readiness } from '../../shared/http/index.ts';
import { SettingsError, type Logger } from '../../shared/runtime/index.ts';
import { createAcquisitionTables } from './acquisitions.ts';
import { createOwnerGate, type OwnerGate } from './authorize-owner.ts';
import { openChainLink, type ChainLink } from './chain-link.ts';
import { createAppDomains, type AppDomains } from './app-domain.ts';
import { createChallenger, type Challenger } from './challenge.ts';
import type { AuthConfig } from './config.ts';
import { createDatabase } from './database.ts';
import { createTokenIssuer, type TokenIssuer } from './issue-token.ts';
import { createKeyStore, type KeyStore } from './key-store.ts';
import { createNonces } from './nonce.ts';
import { openOwnKey } from './own-key.ts';
import { createPolicyStore, type PolicyStore } from './policy-store.ts';
import { createRoleLosses } from './role-losses.ts';
import { createSessionGate, type SessionGate } from './session-gate.ts';
import { createSessionProofs } from './session-proofs.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSignInVerifier, type SignInVerifier } from './sign-in.ts';
import { createStandings } from './standings.ts';
import { createUsedProofs } from './used-proofs.ts';

/** The use cases, put together; dispose releases what they stand on. */
export interface AuthDeps extends AsyncDisposable {
  readonly chain: ChainLink;
  readonly domains: AppDomains;
  readonly challenger: Challenger;
  readonly signIns: SignInVerifier;
  readonly issuer: TokenIssuer;
  readonly keys: KeyStore;
  readonly gate: OwnerGate;
  readonly policies: PolicyStore;
  readonly sessions: Sessions;
  readonly sessionGate: SessionGate;
  readonly readiness: () => Promise<Readiness>;
}

const PRUNE_MS = 3_600_000;
/** A database that swallows what it is asked must not hold requests for ever. */
const QUERY_MS_MAX = 10_000;

/** Throws SettingsError when the node has no key that distributors would accept. */
export function openDeps(config: AuthConfig, log: Logger, clock: Clock): Promise<AuthDeps> {
  return openOrCleanUp(async (opened) => {
    const { publicUrl, sessionLifeSec, tokenLifeSec, gatewayTokenLifeSec } = config;
    const key = openOwnKey({ ...config, clock });

    await migrateFirst(config.databaseUrl, log);
    const pool = createPool(config.databaseUrl, log, { queryMsMax: QUERY_MS_MAX });
    opened.defer(() => pool.end());
    opened.use(startPulse(pool, log));
    const database = createDatabase(pool);
    const keys = createKeyStore(database);
    await keys.publish(key);
    if (await keys.isRevoked(key.certificate.kid))
      throw new SettingsError(['the key of PANOPTES_SIGNING_SEED is revoked']);

    const chain = opened.use(
      openChainLink({ url: config.chainUrl, log, clock, ageMsMax: config.chainAgeMsMax }),
    );
    const sessions = createSessions(database);
    const standings = createStandings(database);
    const prune = setInterval(() => {
      Promise.all([sessions.prune(new Date(clock())), standings.prune()]).catch((error: unknown) =>
        log.warn({ err: error }, 'sessions and revocations not pruned'),
      );
    }, PRUNE_MS);
    opened.defer(async () => clearInterval(prune));

    const nonces = createNonces(config.signingSeed);
    const proofs = createSessionProofs({ publicUrl, usedProofs: createUsedProofs(clock), clock });
    const losses = createRoleLosses(database);
    return {
      chain,
      domains: createAppDomains(publicUrl, config.allowedOrigins),
      challenger: createChallenger({ publicUrl, sessionLifeSec, nonces, clock }),
      signIns: createSignInVerifier({ publicUrl, sessionLifeSec, nonces, sessions, proofs, clock }),
      issuer: createTokenIssuer({
        key,
        standings,
        publicUrl,
        tokenLifeSec,
        gatewayTokenLifeSec,
        chain,
        acquisitions: createAcquisitionTables(database),
        clock,
      }),
      keys,
      gate: createOwnerGate({ key, standings, losses, chain, publicUrl, tokenLifeSec, clock }),
      policies: createPolicyStore(database),
      sessions,
      sessionGate: createSessionGate({ sessions, proofs }),
      readiness: async () => {
        const facts = {
          chain: chain.connected(),
          key: key.isInWindow(clock) && !(await keys.isRevoked(key.certificate.kid)),
        };
        return { ready: facts.chain && facts.key, ...facts };
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}

/** With connections of its own: it may wait for another process that migrates, for as long as that takes. */
async function migrateFirst(databaseUrl: string, log: Logger): Promise<void> {
  const pool = createPool(databaseUrl, log);
  try {
    await migrateAtStart(pool);
  } finally {
    await pool.end();
  }
}
