/** The chain does not answer: not connected, too slow, or it refused the request. Worth another try later. */
export class ChainUnavailableError extends Error {
  override readonly name = 'ChainUnavailableError';
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
