import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import send from 'send';

/**
 * What today's Argus does for a file it has, as it does it: Express, its parser of bodies, a route, and `send` from the
 * disk. Its log, its CORS and its check of the API description, which only make it slower, are left out, and it asks
 * nobody for a token. A process of its own: the folder is its argument, its port what it tells.
 */
const dir = process.argv[2] ?? '';
const app = express();
app.use(express.json());
app.get('/api/v1/assets/:objectId', (request, response) => {
  response.setHeader('timing-allow-origin', '*');
  send(request, join(dir, request.params.objectId), { maxAge: 31_536_000_000, lastModified: false })
    .on('headers', (headed: typeof response) => {
      headed.setHeader('x-cache', 'hit');
      headed.setHeader('x-data-source', 'local');
      headed.setHeader('content-disposition', 'inline');
      headed.setHeader('content-type', 'application/octet-stream');
    })
    .pipe(response);
});
const server = createServer(app).listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.once('disconnect', () => process.exit());
