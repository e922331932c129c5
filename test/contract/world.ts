import type {
  InBlock,
  Input,
  OperationName,
  Result,
  WorkingGroup,
} from '../../services/devnet/chain/index.ts';

/** What the suite has happen on a chain: operations of the development chain that the real runtime knows too. */
export const OPERATIONS = [
  'buyMembership',
  'updateAccounts',
  'setWorker',
  'terminateWorker',
  'startLeaving',
  'exitWorker',
  'electCouncil',
  'createCuratorGroup',
  'addCurator',
  'removeCurator',
  'setCuratorGroupStatus',
  'updateCuratorGroupPermissions',
  'createChannel',
  'updateChannel',
  'transferChannel',
  'deleteChannel',
  'hideChannel',
  'createVideo',
  'updateVideo',
  'deleteVideo',
  'hideVideo',
  'issueNft',
  'offerNft',
  'acceptOffer',
  'cancelOffer',
  'sellNft',
  'cancelBuyNow',
  'buyNft',
  'slingNftBack',
  'destroyNft',
  'startOpenAuction',
  'startEnglishAuction',
  'bidOnNft',
  'pickAuctionWinner',
  'settleEnglishAuction',
  'cancelAuction',
  'issueCreatorToken',
  'transferCreatorToken',
  'issuerTransferCreatorToken',
  'buyOnAmm',
  'sellOnAmm',
  'burnCreatorToken',
  'dustCreatorTokenAccount',
] as const satisfies readonly OperationName[];
export type Operation = (typeof OPERATIONS)[number];

export type Operations = {
  readonly [K in Operation]: (input: Input<K>) => Promise<InBlock<Result<K>>>;
};

/**
 * A chain on which things can be made to happen. Ids, inputs and results are those of the development chain's world; an
 * operation resolves once it is in a finalized block, and throws where the chain refuses it. Members, workers and leads
 * act by accounts of `account`, whose keys the world holds.
 */
export interface World extends Operations, AsyncDisposable {
  /** JSON-RPC over WebSocket. */
  readonly url: string;
  /** Nothing has happened before: the first member, worker and token are 0. */
  readonly isNew: boolean;
  /** Why this chain does not do something: the suite leaves those tests out, and says so. */
  readonly refusals: Readonly<Partial<Record<Operation, string>>>;
  /** The account of a name, 0x hex: the same each time. */
  account(name: string): string;
  /** Makes a member the lead of a working group. */
  appointLead(input: LeadInput): Promise<{ readonly worker: number }>;
  /** Lets some blocks go by. */
  pass(blocks: number): Promise<void>;
  /** Number of the newest finalized block. */
  head(): Promise<number>;
}

export interface LeadInput {
  readonly group: WorkingGroup;
  readonly member: number;
  readonly roleAccount: string;
}
