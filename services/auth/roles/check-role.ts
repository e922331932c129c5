import type { RoleRequest } from '../../../shared/wire/index.ts';
import { checkChannelCollaborator } from './channel-collaborator.ts';
import { checkChannelOwner } from './channel-owner.ts';
import type { RoleContext, Verdict } from './context.ts';
import { checkCouncilMember } from './council-member.ts';
import { checkCrtHolder } from './crt-holder.ts';
import { checkCurator } from './curator.ts';
import { checkDistributionOperator } from './distribution-operator.ts';
import { checkGateway } from './gateway.ts';
import { checkContentLead } from './content-lead.ts';
import { checkMember } from './member.ts';
import { checkNftOwner } from './nft-owner.ts';

/** Whether a role is true at the context's block: the claim with its facts, or the reason why not. */
export function checkRole(request: RoleRequest, context: RoleContext): Promise<Verdict> {
  switch (request.role) {
    case 'member':
      return checkMember(request, context);
    case 'channel_owner':
      return checkChannelOwner(request, context);
    case 'channel_collaborator':
      return checkChannelCollaborator(request, context);
    case 'nft_owner':
      return checkNftOwner(request, context);
    case 'crt_holder':
      return checkCrtHolder(request, context);
    case 'curator':
      return checkCurator(request, context);
    case 'content_lead':
      return checkContentLead(context);
    case 'council_member':
      return checkCouncilMember(context);
    case 'distribution_operator':
      return checkDistributionOperator(request, context);
    case 'gateway':
      return checkGateway(request, context);
  }
}
