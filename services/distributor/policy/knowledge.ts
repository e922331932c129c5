import type { Logger } from '../../../shared/runtime/index.ts';
import type { KeyLookup, TrustedKey } from '../../../shared/token/index.ts';
import { Catalogue } from './catalogue.ts';
import { isFlawed, type Fact } from './facts.ts';
import { KeyRing } from './key-ring.ts';
import { PolicyMap } from './policy-map.ts';
import { RoleLosses } from './role-losses.ts';

/** Lines per batch about rows that make no sense; the rest is counted. */
const REPORTS_MAX = 20;

/** What a distributor knows, all of it in memory, as of one moment of the database. */
export class Knowledge implements KeyLookup {
  readonly #log: Logger;
  #map = new PolicyMap();
  #catalogue = new Catalogue();
  #losses = new RoleLosses();
  #keys: KeyRing;
  #flawed = 0;
  #reports = 0;

  constructor(rootPublicKey: Uint8Array, log: Logger) {
    this.#log = log;
    this.#keys = new KeyRing(rootPublicKey);
  }

  get map(): PolicyMap {
    return this.#map;
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  get losses(): RoleLosses {
    return this.#losses;
  }

  findKey(kid: string): TrustedKey | null {
    return this.#keys.findKey(kid);
  }

  /** Takes over what another one has been loaded with, at once; that one is of no use afterwards. */
  become(loaded: Knowledge): void {
    this.#map = loaded.#map;
    this.#catalogue = loaded.#catalogue;
    this.#losses = loaded.#losses;
    this.#keys = loaded.#keys;
    this.#flawed += loaded.#flawed;
  }

  /**
   * Takes facts in, all of them before anybody can look: what changed together is seen together. A row that makes no
   * sense closes what it is about, is reported, and never keeps others out.
   */
  apply(facts: Iterable<Fact>): void {
    this.#reports = 0;
    for (const fact of facts) this.#take(fact);
    const untold = this.#reports - REPORTS_MAX;
    if (untold > 0) this.#log.error({ rows: untold }, 'more rows that make no sense');
  }

  /** Of everything in here, and how many rows made no sense. */
  sizes(): Readonly<Record<string, number>> {
    return {
      ...this.#map.stats,
      keys: this.#keys.size,
      role_losses: this.#losses.size,
      rejected: this.#flawed,
    };
  }

  #take(fact: Fact): void {
    switch (fact.entity) {
      case 'channel':
        this.#map.setChannel(fact.id, fact.row);
        break;
      case 'video':
        this.#map.setVideo(fact.id, fact.row);
        break;
      case 'asset':
        this.#map.setAsset(fact.id, fact.row);
        this.#catalogue.set(fact.id, fact.row === null || isFlawed(fact.row) ? null : fact.row);
        break;
      case 'policy': {
        const error = this.#map.setPolicy(fact.scope, fact.id, fact.row);
        const { scope, id } = fact;
        if (error) this.#report({ scope, id, err: error }, 'a policy does not validate: insiders only');
        return;
      }
      case 'signing_key':
        this.#takeKey(fact);
        return;
      case 'role_loss':
        this.#losses.add(fact.loss);
        return;
    }
    const { entity, id, row } = fact;
    if (row !== null && isFlawed(row))
      this.#report({ entity, id, flaw: row.flaw }, 'a row makes no sense: closed to everybody');
  }

  #takeKey({ kid, row }: Extract<Fact, { entity: 'signing_key' }>): void {
    try {
      this.#keys.set(kid, row);
    } catch (error) {
      this.#report({ kid, err: error }, 'a signing key has no valid certificate: not trusted');
    }
  }

  #report(what: object, message: string): void {
    this.#flawed += 1;
    this.#reports += 1;
    if (this.#reports <= REPORTS_MAX) this.#log.error(what, message);
  }
}
