import { arg, asId, asList, field } from '../../../shared/chain/index.ts';
import { ofChannel } from '../facts.ts';
import { findChannelDescription } from '../metadata.ts';
import { noteDescription } from './content-facts.ts';
import type { EventHandler, EventHandlers } from './handler.ts';

/** The channel at a position of the event's arguments has changed in storage. */
const touches =
  (position: number): EventHandler =>
  (event, { facts }) =>
    void ofChannel(facts, arg(event, position, asId));

export const channelEvents: EventHandlers = {
  'content.ChannelCreated': (event, context) => {
    noteDescription(
      ofChannel(context.facts, arg(event, 0, asId)),
      {
        event,
        params: arg(event, 2, (params) => params),
        name: 'meta',
        objects: arg(event, 1, (channel) => field(channel, 'dataObjects', asList(asId))),
        decode: findChannelDescription,
      },
      context,
    );
  },
  'content.ChannelUpdated': (event, context) => {
    noteDescription(
      ofChannel(context.facts, arg(event, 1, asId)),
      {
        event,
        params: arg(event, 2, (params) => params),
        name: 'newMeta',
        objects: arg(event, 3, asList(asId)),
        decode: findChannelDescription,
      },
      context,
    );
  },
  'content.ChannelDeleted': touches(1),
  // Of runtimes before 2002, whose blocks are part of the history.
  'content.ChannelDeletedByModerator': touches(1),
  'content.ChannelAssetsRemoved': touches(1),
  'content.ChannelAssetsDeletedByModerator': touches(1),
  'content.ChannelPrivilegeLevelUpdated': touches(0),
  'content.ChannelTransferAccepted': touches(0),
  'content.CreatorTokenIssued': touches(1),
};
