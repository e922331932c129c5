import { BlockList, isIP } from 'node:net';

/** Whether an address is in the list. IPv4 addresses written as IPv6 (`::ffff:…`) count as what they are. */
export type AddressBlocks = (address: string) => boolean;

/** Addresses and CIDR blocks, IPv4 and IPv6; throws on anything else. */
export function parseAddressBlocks(blocks: readonly string[]): AddressBlocks {
  const list = new BlockList();
  const ipv4: { readonly network: number; readonly shift: number }[] = [];
  for (const block of blocks) {
    const [address = '', prefix, ...rest] = block.split('/');
    const family = familyOf(address);
    const bits = family === 'ipv4' ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (family === null || rest.length > 0 || !(length <= bits))
      throw new Error('must be an IP address or a CIDR block');
    list.addSubnet(address, length, family);
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
    if (family === 'ipv4') ipv4.push({ network: parseIPv4(address), shift: 2 ** (32 - length) });
    else if (mapped !== undefined && length >= 96)
      ipv4.push({ network: parseIPv4(mapped), shift: 2 ** (128 - length) });
  }
  return (address) => {
    // Asked for every request: `BlockList` makes an object of each address, which costs microseconds.
    const number = parseIPv4(address);
    if (number !== -1)
      return ipv4.some(({ network, shift }) => Math.floor(number / shift) === Math.floor(network / shift));
    const family = familyOf(address);
    return family !== null && list.check(address, family);
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

const DOT = 46;
const ZERO = 48;

/** Four decimal numbers without leading zeros, as one; -1 for everything else. */
function parseIPv4(text: string): number {
  if (text.length > 15) return -1;
  let value = 0;
  let part = -1;
  let parts = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (part === -1 || parts === 3) return -1;
      value = value * 256 + part;
      parts += 1;
      part = -1;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || part === 0) return -1;
    part = part === -1 ? digit : part * 10 + digit;
    if (part > 255) return -1;
  }
  return parts === 3 && part !== -1 ? value * 256 + part : -1;
}
