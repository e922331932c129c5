import { BlockList, isIP } from 'node:net';
import { LRUCache } from 'lru-cache';

/** Answers that are remembered: the same few proxies are asked about all day, and asking takes microseconds. */
const REMEMBERED_MAX = 10_000;

/** Whether an address is in the list. IPv4 addresses written as IPv6 (`::ffff:…`) count as what they are. */
export type AddressBlocks = (address: string) => boolean;

/** Addresses and CIDR blocks, IPv4 and IPv6; throws on anything else. */
export function parseAddressBlocks(blocks: readonly string[]): AddressBlocks {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', prefix, ...rest] = block.split('/');
    const family = familyOf(address);
    const bits = family === 'ipv4' ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (family === null || rest.length > 0 || !(length <= bits))
      throw new Error('must be an IP address or a CIDR block');
    list.addSubnet(address, length, family);
  }
  const known = new LRUCache<string, boolean>({ max: REMEMBERED_MAX });
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const family = familyOf(address);
    if (family === null) return false; // and however long it is, it is not kept
    const isIn = list.check(address, family);
    known.set(address, isIn);
    return isIn;
  };
}

/** One such block, as it is written in settings. */
export function asAddressBlock(text: string): string {
  parseAddressBlocks([text]);
  return text;
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : null;
}
