import { arg, asBoolean, asId } from '../../../shared/chain/index.ts';
import { ofChannel, ofVideo } from '../facts.ts';
import type { EventHandlers } from './handler.ts';

/** Hidden by a moderator: not in storage, these events are all there is. */
export const moderationEvents: EventHandlers = {
  'content.ChannelVisibilitySetByModerator': (event, { facts }) => {
    ofChannel(facts, arg(event, 1, asId)).isCensored = arg(event, 2, asBoolean);
  },
  'content.VideoVisibilitySetByModerator': (event, { facts }) => {
    ofVideo(facts, arg(event, 1, asId)).isCensored = arg(event, 2, asBoolean);
  },
};
