import { ASSET_KINDS } from '../../../shared/policy/index.ts';
import type { Logger } from '../../../shared/runtime/index.ts';
import type { KeyLookup, TrustedKey } from '../../../shared/token/index.ts';
import { Catalogue } from './catalogue.ts';
import { KeyRing } from './key-ring.ts';
import { PolicyMap } from './policy-map.ts';
import { RoleLosses } from './role-losses.ts';
import type { Rows } from './rows.ts';

/** Longest life of a token (a gateway's), and an hour for clocks and delays. */
const LOSS_KEEP_MS = 25 * 3_600_000;

/** Everything a distributor knows, all of it in memory, as of one moment of the database. */
export class Knowledge implements KeyLookup {
  readonly #log: Logger;
  #map: PolicyMap;
  #catalogue = new Catalogue();
  #losses = new RoleLosses(LOSS_KEEP_MS);
  #keys: KeyRing;
  /** Rows that were not understood; each counts as closed, or as no key. */
  #rejected = 0;

  constructor(rootPublicKey: Uint8Array, log: Logger) {
    this.#log = log;
    this.#keys = new KeyRing(rootPublicKey);
    this.#map = new PolicyMap((scope, id, error) => {
      this.#reject(
        { scope, id, err: error },
        'an access policy does not validate: closed to all but insiders',
      );
    });
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

  /** Takes over what another one has been loaded with, at once. */
  become(loaded: Knowledge): void {
    this.#map = loaded.#map;
    this.#catalogue = loaded.#catalogue;
    this.#losses = loaded.#losses;
    this.#keys = loaded.#keys;
    this.#rejected += loaded.#rejected;
  }

  /** Takes rows, all of them at once: nothing here waits. A row that makes no sense never stops the others. */
  apply({ channels, videos, assets, policies, losses, keys }: Rows): void {
    this.#map.apply({
      channels,
      videos,
      policies,
      assets: assets.map(({ id, row }) => {
        if (row && ASSET_KINDS.includes(row.kind)) return { id, row };
        if (row) this.#reject({ asset: id, kind: row.kind }, 'an asset of an unknown kind: not served');
        return { id, row: null };
      }),
    });
    for (const { id, row } of assets) this.#catalogue.set(id, row);
    for (const loss of losses) this.#losses.add(loss);
    for (const { kid, row } of keys) {
      try {
        this.#keys.set(kid, row);
      } catch (error) {
        this.#reject({ kid, err: error }, 'a signing key has no valid certificate: not trusted');
      }
    }
  }

  sizes(): Readonly<Record<string, number>> {
    const { assets, policies, pages } = this.#map.stats;
    return {
      assets,
      policies,
      pages,
      keys: this.#keys.size,
      role_losses: this.#losses.size,
      rejected: this.#rejected,
    };
  }

  #reject(facts: object, message: string): void {
    this.#rejected += 1;
    this.#log.error(facts, message);
  }
}
