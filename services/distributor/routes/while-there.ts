import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Problem } from '../../../shared/wire/index.ts';
import type { Asker } from '../assets/asset-fetcher.ts';

export interface Waiting {
  readonly socket: Socket;
  readonly ip: string;
}

/** For as long as the client's connection stays open while the work runs. */
export function whileThere<T>({ socket, ip }: Waiting, work: (asker: Asker) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const leave = (): void => controller.abort(new Problem('unavailable', 'The client is gone'));
  socket.setMaxListeners(0); // as many as there are requests sent ahead
  if (socket.destroyed) leave();
  socket.once('close', leave);
  return work({ address: ip, gone: controller.signal }).finally(() => socket.off('close', leave));
}

/** An answer whose turn never came is not told that its connection is gone: only the connection knows. */
export const isGone = (response: ServerResponse): boolean =>
  response.destroyed || response.req.socket.destroyed;
