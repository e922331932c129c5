/** Whoever can sign a text as an account: a wallet, a key pair. `sign` answers the signature, `0x` hex. */
export interface Signer {
  /** SS58 address, of any network. */
  readonly address: string;
  sign(text: string): Promise<string>;
}

/** A key pair of `@polkadot/keyring`, or anything of its shape. */
export function signerFromPair(pair: {
  readonly address: string;
  sign(message: Uint8Array): Uint8Array;
}): Signer {
  return {
    address: pair.address,
    sign: async (text) => toHex(pair.sign(new TextEncoder().encode(text))),
  };
}

/** An account of a browser wallet (`@polkadot/extension-dapp`: `web3FromAddress(address)` has the `signer`). */
export function signerFromWallet(wallet: {
  readonly address: string;
  readonly signer: {
    signRaw?: (raw: { address: string; data: string; type: 'bytes' }) => Promise<{ signature: string }>;
  };
}): Signer {
  return {
    address: wallet.address,
    sign: async (text) => {
      if (!wallet.signer.signRaw) throw new Error('This wallet cannot sign messages.');
      const data = toHex(new TextEncoder().encode(text));
      const { signature } = await wallet.signer.signRaw({ address: wallet.address, data, type: 'bytes' });
      return signature;
    },
  };
}

const toHex = (bytes: Uint8Array): string =>
  `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
