import { setImmediate } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { nowSec, type Clock } from '../../../shared/base/index.ts';
import type { AccessAnswer, AccessQuery } from '../../../shared/wire/index.ts';
import { LATER, type Gate, type KnowledgeAge } from '../access/gate.ts';
import { RequestFacts, type AssetRequest, type FactsOptions } from '../access/request-facts.ts';
import type { DataObject } from '../assets/source.ts';
import { parseAssetId } from './asset-id.ts';

export interface AccessRoutesOptions {
  readonly gate: Gate;
  readonly findObject: (asset: number) => DataObject | null;
  readonly age: KnowledgeAge;
  readonly facts: FactsOptions;
  readonly clock: Clock;
}

type ManyRequest = FastifyRequest<{ Body: AccessQuery; Params: { token?: string } }>;

export interface AccessHandlers {
  /** `GET /api/v1/assets/{id}/access`: what a GET of the whole asset would be answered, without its bytes. */
  readonly one: (request: AssetRequest, reply: FastifyReply) => Promise<FastifyReply>;
  /** `POST /api/v1/access`: the same for many at once. */
  readonly many: (request: ManyRequest, reply: FastifyReply) => Promise<FastifyReply>;
}

const IDS_AT_ONCE = 16;

/** Refusals are answers here, so the status is 200 whatever they say; only a malformed question is an error. */
export function createAccessHandlers(options: AccessRoutesOptions): AccessHandlers {
  const { gate, findObject, age, clock } = options;
  const headers = (): Record<string, string> => ({
    'cache-control': 'no-store',
    'x-policy-age': String(Math.round(age.policyAgeMs())),
    'x-chain-age': String(Math.round(age.chainAgeMs())),
  });

  const answer = async (id: string, facts: RequestFacts): Promise<AccessAnswer> => {
    const asset = parseAssetId(id);
    facts.wants('whole', findObject(asset)?.size ?? 0);
    let decision = gate.judge(asset, facts);
    if (decision === LATER) {
      await gate.turn(facts);
      decision = gate.judge(asset, facts);
    }
    if (decision.allowed) return { id, allowed: true };
    const { code, reason, needs } = decision;
    return {
      id,
      allowed: false,
      code,
      ...(reason === undefined ? {} : { reason }),
      ...(needs === undefined ? {} : { needs }),
    };
  };

  return {
    one: async (request, reply) => {
      const facts = new RequestFacts(request, options.facts, nowSec(clock), 'GET');
      return reply.headers(headers()).send(await answer(request.params.id, facts));
    },
    many: async (request, reply) => {
      const facts = new RequestFacts(request, options.facts, nowSec(clock), 'GET');
      const assets: AccessAnswer[] = [];
      for (const id of request.body.ids) {
        // A refusal can cost a millisecond to explain; others are served in between.
        if (assets.length % IDS_AT_ONCE === IDS_AT_ONCE - 1) await setImmediate();
        assets.push(await answer(id, facts));
      }
      return reply.headers(headers()).send({ assets });
    },
  };
}
