import ipaddr from 'ipaddr.js';

const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\/)|(?=\/))){4}\/(?:3[0-2]|[12]?\d)$/;
const V6 = /^[\da-fA-F:]{2,39}\/(?:12[0-8]|1[01]\d|[1-9]?\d)$/;

/**
 * Whether this is a CIDR block as tokens write it: `203.0.113.0/24`, `2001:db8::/32`. Always with a prefix length;
 * no leading zeros, zones or dotted IPv6; IPv4-mapped blocks are written as IPv4.
 */
export function isCidr(text: string): boolean {
  if (V4.test(text)) return true;
  if (!V6.test(text)) return false;
  const [address = ''] = text.split('/');
  return ipaddr.IPv6.isValid(address) && !ipaddr.IPv6.parse(address).isIPv4MappedAddress();
}

/** Whether `ip` is in one of `blocks`; never for an address that cannot be read. IPv4-mapped addresses are IPv4. */
export function isInBlocks(ip: string, blocks: readonly string[]): boolean {
  if (!ipaddr.IPv4.isValidFourPartDecimal(ip) && !ipaddr.IPv6.isValid(ip)) return false;
  const address = ipaddr.process(ip);
  return blocks.some((block) => {
    const [network, prefixBits] = ipaddr.parseCIDR(block);
    return network.kind() === address.kind() && address.match(network, prefixBits);
  });
}
