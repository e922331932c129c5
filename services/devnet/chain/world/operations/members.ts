import { u8aToHex } from '@polkadot/util';
import { blake2AsU8a } from '@polkadot/util-crypto';
import { Problem } from '../../../../../shared/wire/index.ts';
import { councilMembers, memberIdByHandleHash, membershipById, nextMemberId } from '../items.ts';
import type { Operations } from '../operation.ts';
import { bytesOf, parseAccount } from '../text.ts';

const INVITES = 5;

export const members: Operations<'buyMembership' | 'updateAccounts' | 'electCouncil'> = {
  buyMembership: (change, { handle, controller, root = controller }) => {
    const handleHash = u8aToHex(blake2AsU8a(handle, 256));
    if (change.find(memberIdByHandleHash, handleHash) !== null)
      throw new Problem('bad_request', `The handle ${handle} is taken`);
    const [rootAccount, controllerAccount] = [parseAccount(root), parseAccount(controller)];
    const memberId = change.takeId(nextMemberId);
    change.put(membershipById, [memberId], {
      handleHash,
      rootAccount,
      controllerAccount,
      verified: false,
      invites: INVITES,
    });
    change.put(memberIdByHandleHash, [handleHash], memberId);
    const params = {
      rootAccount,
      controllerAccount,
      handle: bytesOf(handle),
      metadata: '0x',
      referrerId: null,
    };
    change.emit('Members', 'MembershipBought', memberId, params, INVITES);
    return { memberId };
  },

  updateAccounts: (change, input) => {
    const membership = change.get('member', membershipById, input.member);
    const rootAccount = input.root === undefined ? null : parseAccount(input.root);
    const controllerAccount = input.controller === undefined ? null : parseAccount(input.controller);
    if (rootAccount === null && controllerAccount === null)
      throw new Problem('bad_request', 'A new root or controller account is needed');
    change.put(membershipById, [input.member], {
      ...membership,
      rootAccount: rootAccount ?? membership.rootAccount,
      controllerAccount: controllerAccount ?? membership.controllerAccount,
    });
    change.emit('Members', 'MemberAccountsUpdated', input.member, rootAccount, controllerAccount);
    return {};
  },

  electCouncil: (change, input) => {
    const elected = input.members.map((membershipId) => {
      const { controllerAccount } = change.get('member', membershipById, membershipId);
      return {
        stakingAccountId: controllerAccount,
        rewardAccountId: controllerAccount,
        membershipId,
        stake: 0n,
        lastPaymentBlock: change.block,
        unpaidReward: 0n,
      };
    });
    change.put(councilMembers, [], elected);
    change.emit('Council', 'NewCouncilElected', input.members, change.block);
    return {};
  },
};
