import { Type, type Static } from '@sinclair/typebox';

/** Ids of the chain: decimal, no leading zeros, below 2^53. */
export const Id = Type.String({
  pattern: '^(?:0|[1-9][0-9]{0,15})$',
  description: 'An id of the chain as a decimal string',
  examples: ['12'],
});

const closed = { additionalProperties: false } as const;

const MemberRequest = Type.Object({ role: Type.Literal('member'), member: Id }, closed);
const ChannelOwnerRequest = Type.Object({ role: Type.Literal('channel_owner'), channel: Id }, closed);
const ChannelCollaboratorRequest = Type.Object(
  { role: Type.Literal('channel_collaborator'), channel: Id },
  closed,
);
const NftOwnerRequest = Type.Object({ role: Type.Literal('nft_owner'), video: Id }, closed);
const CrtHolderRequest = Type.Object({ role: Type.Literal('crt_holder'), channel: Id }, closed);
/** `groups`: those the curator wants to act for; of the others the answer says nothing. */
const CuratorRequest = Type.Object(
  { role: Type.Literal('curator'), worker: Id, groups: Type.Array(Id, { minItems: 1, maxItems: 32 }) },
  closed,
);
const ContentLeadRequest = Type.Object({ role: Type.Literal('content_lead') }, closed);
const CouncilMemberRequest = Type.Object({ role: Type.Literal('council_member') }, closed);
/** `buckets` (`family:index`): those whose operator is to be attested; of the others the answer says nothing. */
const DistributionOperatorRequest = Type.Object(
  {
    role: Type.Literal('distribution_operator'),
    worker: Id,
    buckets: Type.Array(Type.String({ pattern: '^(?:0|[1-9][0-9]{0,15}):(?:0|[1-9][0-9]{0,15})$' }), {
      maxItems: 32,
      description: 'Distribution buckets, `family:index`; none for the worker alone',
    }),
  },
  closed,
);
/** A gateway is a worker of the app working group, by the worker's id. */
const GatewayRequest = Type.Object({ role: Type.Literal('gateway'), gateway: Id }, closed);

/** What an account can ask to have attested. Amounts, values and times are facts of the answer, never of the request. */
export type RoleRequest =
  | Static<typeof MemberRequest>
  | Static<typeof ChannelOwnerRequest>
  | Static<typeof ChannelCollaboratorRequest>
  | Static<typeof NftOwnerRequest>
  | Static<typeof CrtHolderRequest>
  | Static<typeof CuratorRequest>
  | Static<typeof ContentLeadRequest>
  | Static<typeof CouncilMemberRequest>
  | Static<typeof DistributionOperatorRequest>
  | Static<typeof GatewayRequest>;

/** As `oneOf` with a discriminator, so that a refusal names what is wrong with the role that was meant. */
export const RoleRequest = Type.Unsafe<RoleRequest>({
  type: 'object',
  required: ['role'],
  discriminator: { propertyName: 'role' },
  oneOf: [
    MemberRequest,
    ChannelOwnerRequest,
    ChannelCollaboratorRequest,
    NftOwnerRequest,
    CrtHolderRequest,
    CuratorRequest,
    ContentLeadRequest,
    CouncilMemberRequest,
    DistributionOperatorRequest,
    GatewayRequest,
  ],
});

/** Why a role was not granted. A chain that cannot be read is never among them: that is 503 `chain_unavailable`. */
export const ROLE_REFUSALS = {
  member_required: 'The request names no member, and only a member can hold this',
  not_controller: 'The account is not the controller of this membership',
  no_such_channel: 'There is no such channel',
  not_owner: 'The channel or NFT belongs to somebody else',
  group_inactive: 'The curator group that owns the channel is not active',
  not_collaborator: 'The member is not a collaborator of the channel',
  no_such_video: 'There is no such video',
  no_nft: 'The video has no NFT',
  no_such_token: 'The channel has no creator token',
  no_holding: 'The member holds nothing of the creator token',
  not_curator:
    'The account is not the role account of that content worker, or no active group named lists it',
  not_lead: 'The account is not the role account of the content lead',
  not_in_council: 'The member is not in the council',
  not_operator: 'The account is not the role account of that worker of the distribution working group',
  not_gateway: 'The account is not the role account of that worker of the app working group',
  revoked: 'The subject, the session or the gateway is revoked for now',
  not_certified: 'The key of this node may not attest this role',
} as const;

export type RoleRefusal = keyof typeof ROLE_REFUSALS;
