import type { Logger } from '../../../shared/runtime/index.ts';
import type { KeyLookup, TrustedKey } from '../../../shared/token/index.ts';
import { BagMap, type BagContents, type ServedBuckets } from './bag-map.ts';
import type { Catalogue } from './catalogue.ts';
import { isFlawed, type Fact, type KeyRow } from './facts.ts';
import { KeyRing } from './key-ring.ts';
import { PolicyMap, type MapContents } from './policy-map.ts';
import { Revocations, type Revocation } from './revocations.ts';
import { RoleLosses, type RoleLoss } from './role-losses.ts';

/** Lines per draft about rows that make no sense; the rest is counted. */
const REPORTS_MAX = 20;

/** All that is known, but for the catalogue: that is in a file of its own. */
export interface KnowledgeContents {
  readonly map: MapContents;
  readonly keys: ReadonlyMap<string, KeyRow>;
  readonly losses: readonly RoleLoss[];
  readonly bags: BagContents;
  readonly revocations: readonly Revocation[];
}

/** What is going to be known. Nobody sees any of it before `commit`, and all of it after. */
export interface KnowledgeDraft {
  /** Facts in any order and any number of times. A row that makes no sense closes what it is about, and is reported. */
  take(fact: Fact): void;
  commit(): void;
  /** For a draft that does not become true. */
  discard(): void;
}

/** What a distributor knows, as of one moment of the database: all that decides in memory. */
export class Knowledge implements KeyLookup {
  readonly map = new PolicyMap();
  readonly bags: BagMap;
  readonly catalogue: Catalogue;
  readonly #root: Uint8Array;
  readonly #log: Logger;
  #losses = new RoleLosses();
  #revocations = new Revocations();
  #keys: KeyRing;
  #flawed = 0;

  constructor(rootPublicKey: Uint8Array, catalogue: Catalogue, log: Logger, served: ServedBuckets = 'all') {
    this.bags = new BagMap(served);
    this.#root = rootPublicKey;
    this.catalogue = catalogue;
    this.#log = log;
    this.#keys = new KeyRing(rootPublicKey);
  }

  get losses(): RoleLosses {
    return this.#losses;
  }

  get revocations(): Revocations {
    return this.#revocations;
  }

  findKey(kid: string): TrustedKey | null {
    return this.#keys.findKey(kid);
  }

  /** `nothing`: what the draft is told is all there is. One draft at a time is committed or discarded. */
  draft(from: 'known' | 'nothing'): KnowledgeDraft {
    const map = this.map.draft(from);
    const bags = this.bags.draft(from);
    /** Of these there are few: they are kept and taken in at the end. */
    const others: Extract<Fact, { readonly entity: 'signing_key' | 'role_loss' | 'revocation' }>[] = [];
    let flawed = 0;
    const report = (what: object, message: string): void => {
      flawed += 1;
      if (flawed <= REPORTS_MAX) this.#log.error(what, message);
    };
    const take = (fact: Fact): void => {
      switch (fact.entity) {
        case 'channel':
          map.setChannel(fact.id, fact.row);
          break;
        case 'video':
          map.setVideo(fact.id, fact.row);
          break;
        case 'asset':
          map.setAsset(fact.id, fact.row);
          if (fact.row !== null && !isFlawed(fact.row)) this.catalogue.set(fact.id, fact.row);
          break;
        case 'policy': {
          const error = map.setPolicy(fact.scope, fact.id, fact.row);
          const { scope, id } = fact;
          if (error) report({ scope, id, err: error }, 'a policy does not validate: insiders only');
          return;
        }
        case 'bag':
          bags.setBag(fact.id, fact.row);
          return;
        case 'bucket':
          bags.setBucket(fact.bucket, fact.row);
          return;
        default:
          others.push(fact);
          return;
      }
      const { entity, id, row } = fact;
      if (row !== null && isFlawed(row))
        report({ entity, id, flaw: row.flaw }, 'a row makes no sense: closed to everybody');
    };
    return {
      take,
      commit: () => {
        if (from === 'nothing') {
          this.#losses = new RoleLosses();
          this.#revocations = new Revocations();
          this.#keys = new KeyRing(this.#root);
        }
        map.commit();
        bags.commit();
        for (const fact of others) {
          if (fact.entity === 'role_loss') this.#losses.add(fact.loss);
          else if (fact.entity === 'revocation') this.#revocations.set(fact.kind, fact.value, fact.row);
          else this.#takeKey(fact, report);
        }
        if (flawed > REPORTS_MAX)
          this.#log.error({ rows: flawed - REPORTS_MAX }, 'more rows that make no sense');
        this.#flawed += flawed;
      },
      discard: () => {
        map.discard();
        bags.discard();
      },
    };
  }

  contents(): KnowledgeContents {
    return {
      map: this.map.contents(),
      keys: new Map(this.#keys.rows),
      losses: [...this.#losses.all()],
      bags: this.bags.contents(),
      revocations: [...this.#revocations.all()],
    };
  }

  /** Becomes what was written down; throws what makes no sense of it, and is of no use then. */
  restore({ map, keys, losses, revocations, bags }: KnowledgeContents): void {
    this.map.restore(map);
    this.bags.restore(bags);
    const others = this.draft('known');
    for (const loss of losses) others.take({ entity: 'role_loss', loss });
    for (const row of revocations)
      others.take({ entity: 'revocation', kind: row.kind, value: row.value, row });
    for (const [kid, row] of keys) others.take({ entity: 'signing_key', kid, row });
    others.commit();
  }

  /** Of everything in here, and how many rows made no sense. */
  sizes(): Readonly<Record<string, number>> {
    return {
      ...this.map.stats,
      ...this.bags.stats,
      keys: this.#keys.size,
      role_losses: this.#losses.size,
      revocations: this.#revocations.size,
      rejected: this.#flawed,
      damaged: this.catalogue.damaged,
    };
  }

  #takeKey(
    { kid, row }: Extract<Fact, { entity: 'signing_key' }>,
    report: (what: object, message: string) => void,
  ): void {
    try {
      this.#keys.set(kid, row);
    } catch (error) {
      report({ kid, err: error }, 'a signing key has no valid certificate: not trusted');
    }
  }
}
