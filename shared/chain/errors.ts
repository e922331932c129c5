/** The chain does not answer: not connected, too slow, or it refused the request. Worth another try later. */
export class ChainUnavailableError extends Error {
  override readonly name = 'ChainUnavailableError';
}

/** No answer in time, or the connection ended first. Another endpoint may know it. */
export class ChainSilentError extends ChainUnavailableError {}

/** The node knows the block, but has thrown its state away: only an archive node keeps every state. */
export class ChainPrunedError extends ChainUnavailableError {}

/** Every endpoint serves another chain than the one that is wanted. */
export class ForeignChainError extends Error {
  override readonly name = 'ForeignChainError';
  /** The genesis hash that the last of them served. */
  readonly found: string;

  constructor(found: string) {
    super(`the node serves another chain, with genesis ${found}`);
    this.found = found;
  }
}

/** The chain answered with something this program does not understand, so nothing can be concluded from it. */
export class ChainShapeError extends Error {
  override readonly name = 'ChainShapeError';
}

/** A finalized block does not follow the finalized block before it: finality was reverted, or it is another chain. */
export class ChainForkError extends Error {
  override readonly name = 'ChainForkError';
  readonly block: number;

  constructor(block: number, message: string) {
    super(message);
    this.block = block;
  }
}
