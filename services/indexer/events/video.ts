import { arg, asId, asList } from '../../../shared/chain/index.ts';
import { ofVideo } from '../facts.ts';
import { findVideoDescription } from '../metadata.ts';
import { noteDescription } from './content-facts.ts';
import type { EventHandler, EventHandlers } from './handler.ts';
import { noteAutoIssue } from './nft-issue.ts';

const touches: EventHandler = (event, { facts }) => void ofVideo(facts, arg(event, 1, asId));

export const videoEvents: EventHandlers = {
  'content.VideoCreated': (event, context) => {
    const facts = ofVideo(context.facts, arg(event, 2, asId));
    const params = arg(event, 3, (value) => value);
    const objects = arg(event, 4, asList(asId));
    noteDescription(facts, { event, params, name: 'meta', objects, decode: findVideoDescription }, context);
    noteAutoIssue(facts, params);
  },
  'content.VideoUpdated': (event, context) => {
    const facts = ofVideo(context.facts, arg(event, 1, asId));
    const params = arg(event, 2, (value) => value);
    const objects = arg(event, 3, asList(asId));
    noteDescription(
      facts,
      { event, params, name: 'newMeta', objects, decode: findVideoDescription },
      context,
    );
    noteAutoIssue(facts, params);
  },
  'content.VideoDeleted': touches,
  // Of runtimes before 2002, whose blocks are part of the history.
  'content.VideoDeletedByModerator': touches,
  'content.VideoAssetsDeletedByModerator': touches,
};
