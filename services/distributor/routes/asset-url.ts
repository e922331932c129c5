import { findIdNumber } from '../../../shared/base/index.ts';
import { PARAM_CHARS_MAX } from '../../../shared/http/index.ts';
import type { TokenNames } from '../access/token-transport.ts';

export interface AssetUrl {
  readonly asset: number;
  /** As the routes have them. */
  readonly params: { readonly token?: string };
  readonly query: Readonly<Record<string, string>> | undefined;
}

const PATH = '/api/v1/assets/';
/** Characters that mean themselves wherever they stand in an URL: enough for any token. */
const PLAIN = /^[\w.~-]+$/;

/**
 * Reads the target of a request for an asset where it is written as clients write it: `null` for all others, which says
 * nothing about them. What it does read it reads as the router does.
 */
export function createAssetUrlReader(prefix: string, names: TokenNames): (url: string) => AssetUrl | null {
  const underPrefix = `${prefix}/`;
  const inQuery = `?${names.query}=`;
  return (url) => {
    let at = 0;
    let params: AssetUrl['params'] = {};
    if (!url.startsWith(PATH)) {
      if (!url.startsWith(underPrefix)) return null;
      at = url.indexOf('/', underPrefix.length);
      if (at === -1 || !url.startsWith(PATH, at)) return null;
      const token = url.slice(underPrefix.length, at);
      if (token.length > PARAM_CHARS_MAX || !PLAIN.test(token)) return null;
      params = { token };
    }
    const from = at + PATH.length;
    const end = url.indexOf('?', from);
    const asset = findIdNumber(end === -1 ? url.slice(from) : url.slice(from, end));
    if (asset === null) return null;
    if (end === -1) return { asset, params, query: undefined };
    if (!url.startsWith(inQuery, end)) return null;
    const token = url.slice(end + inQuery.length);
    return PLAIN.test(token) ? { asset, params, query: { [names.query]: token } } : null;
  };
}
