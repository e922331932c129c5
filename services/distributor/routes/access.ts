import { setImmediate } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { nowSec, type Clock } from '../../../shared/base/index.ts';
import {
  ACCESS_NEEDS_CHARS_MAX,
  Problem,
  type AccessAnswer,
  type AccessQuery,
} from '../../../shared/wire/index.ts';
import { LATER, type Gate, type KnowledgeAge } from '../access/gate.ts';
import { RequestFacts, type AssetRequest, type FactsOptions } from '../access/request-facts.ts';
import type { DataObject } from '../assets/source.ts';
import { networkOf } from '../../../shared/http/index.ts';
import { parseAssetId } from './asset-id.ts';
import { whileThere, type Waiting } from './while-there.ts';

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
/** Questions about many assets that are being answered at a time, all together and of one address (an IPv6 /64). */
const QUESTIONS_MAX = 32;
const QUESTIONS_PER_ADDRESS_MAX = 8;

/** Leaves needs out from where they become too many. */
function createNeedsLimit(): (answer: AccessAnswer) => AccessAnswer {
  let chars = 0;
  return (answer) => {
    if (answer.allowed || answer.needs === undefined) return answer;
    if (chars <= ACCESS_NEEDS_CHARS_MAX) chars += JSON.stringify(answer.needs).length;
    if (chars <= ACCESS_NEEDS_CHARS_MAX) return answer;
    const { id, allowed, code, reason } = answer;
    return { id, allowed, code, ...(reason === undefined ? {} : { reason }) };
  };
}

/** Refusals are answers here, so the status is 200 whatever they say; only a malformed question is an error. */
export function createAccessHandlers(options: AccessRoutesOptions): AccessHandlers {
  const { gate, findObject, age, clock } = options;
  let questions = 0;
  const asking = new Map<string, number>();
  const headers = (): Record<string, string> => ({
    'cache-control': 'no-store',
    'x-policy-age': String(Math.round(age.policyAgeMs())),
    'x-chain-age': String(Math.round(age.chainAgeMs())),
  });

  const answer = async (id: string, facts: RequestFacts, asker: Waiting): Promise<AccessAnswer> => {
    const asset = parseAssetId(id);
    facts.wants('whole', findObject(asset)?.size ?? 0);
    let decision = gate.judge(asset, facts);
    if (decision === LATER) {
      await whileThere(asker, ({ gone }) => gate.turn(facts, gone));
      decision = gate.judge(asset, facts);
    }
    if (decision.allowed) return { id, allowed: true };
    const { code, reason, needs } = decision;
    return {
      id,
      allowed: false,
      code,
      ...(reason === undefined ? {} : { reason }),
      ...(needs === undefined ? {} : { needs: needs() }),
    };
  };

  /** `null`: nobody waits for them any more. */
  const findAnswers = async (
    request: ManyRequest,
    { raw }: FastifyReply,
  ): Promise<readonly AccessAnswer[] | null> => {
    const facts = new RequestFacts(request, options.facts, nowSec(clock), 'GET');
    const limited = createNeedsLimit();
    const assets: AccessAnswer[] = [];
    for (const id of request.body.ids) {
      // A refusal takes some time to explain; others are served in between.
      if (assets.length % IDS_AT_ONCE === IDS_AT_ONCE - 1) await setImmediate();
      if (raw.destroyed) return null;
      assets.push(limited(await answer(id, facts, request)));
    }
    return assets;
  };

  return {
    one: async (request, reply) => {
      const facts = new RequestFacts(request, options.facts, nowSec(clock), 'GET');
      return reply.headers(headers()).send(await answer(request.params.id, facts, request));
    },
    many: async (request, reply) => {
      const address = networkOf(request.ip);
      const others = asking.get(address) ?? 0;
      if (questions === QUESTIONS_MAX || others === QUESTIONS_PER_ADDRESS_MAX)
        throw new Problem('too_many_requests', undefined, { headers: { 'retry-after': '1' } });
      questions += 1;
      asking.set(address, others + 1);
      let assets: readonly AccessAnswer[] | null;
      try {
        assets = await findAnswers(request, reply);
      } finally {
        questions -= 1;
        const left = (asking.get(address) ?? 1) - 1;
        if (left === 0) asking.delete(address);
        else asking.set(address, left);
      }
      return assets === null ? reply.hijack() : reply.headers(headers()).send({ assets });
    },
  };
}
