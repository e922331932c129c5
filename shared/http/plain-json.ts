import type { FastifyInstance } from 'fastify';
import { repeatsMember } from '../base/index.ts';
import { Problem } from '../wire/index.ts';

/** Takes only bodies of which every reader makes the same: of two members with one name the first counts to some. */
export function refuseRepeatedMembers(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, text, done) => {
    void parse(request, text, (error, value) => {
      if (error === null && repeatsMember(text))
        done(new Problem('bad_request', 'The request body names a member twice'));
      else done(error, value);
    });
  });
}
