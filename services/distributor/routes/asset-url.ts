import { parse as parseQuery } from 'fast-querystring';
import { PARAM_CHARS_MAX } from '../../../shared/http/index.ts';
import type { AssetParams } from '../access/request-facts.ts';

/** As the routes have them. */
export interface AssetUrl {
  readonly params: AssetParams;
  readonly query: Readonly<Record<string, string | string[]>> | undefined;
}

const PATH = '/api/v1/assets/';
/** Characters that mean themselves wherever they stand in an URL: enough for any id and any token. */
const PLAIN = /^[\w.~-]+$/;
/** In a query, two more that keep their meaning. */
const PLAIN_QUERY = /^[\w.~&=-]*$/;

/**
 * Reads the target of a request for an asset where it is written as clients write it: `null` for all others, which says
 * nothing about them. What it does read it reads as the router does, with the router's parser of queries.
 */
export function createAssetUrlReader(prefix: string): (url: string) => AssetUrl | null {
  const underPrefix = `${prefix}/`;
  return (url) => {
    let at = 0;
    let token: string | undefined;
    if (!url.startsWith(PATH)) {
      if (!url.startsWith(underPrefix)) return null;
      at = url.indexOf('/', underPrefix.length);
      if (at === -1 || !url.startsWith(PATH, at)) return null;
      token = url.slice(underPrefix.length, at);
      if (token.length > PARAM_CHARS_MAX || !PLAIN.test(token)) return null;
    }
    const from = at + PATH.length;
    const end = url.indexOf('?', from);
    const id = end === -1 ? url.slice(from) : url.slice(from, end);
    if (id.length > PARAM_CHARS_MAX || !PLAIN.test(id)) return null;
    const params = token === undefined ? { id } : { id, token };
    if (end === -1) return { params, query: undefined };
    const query = url.slice(end + 1);
    return PLAIN_QUERY.test(query) ? { params, query: parseQuery(query) } : null;
  };
}
