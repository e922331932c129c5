import { encodeAddress } from '@polkadot/util-crypto';
import { keyPairFromSeed, sha256 } from '../../shared/token/index.ts';
import { signerFromPair, type Signer } from '../../shared/sdk/index.ts';

/** A person's account on the development chain. Its seed follows from the name: everybody can know it, so never fund it. */
export interface Wallet extends Signer {
  readonly name: string;
}

/** Joystream's SS58 prefix: addresses start with `j4`. */
const SS58_PREFIX = 126;

export function createWallet(name: string): Wallet {
  const pair = keyPairFromSeed(sha256(new TextEncoder().encode(`panoptes devnet ${name}`)));
  return {
    name,
    ...signerFromPair({
      address: encodeAddress(pair.publicKey, SS58_PREFIX),
      sign: (message) => pair.sign(message),
    }),
  };
}
