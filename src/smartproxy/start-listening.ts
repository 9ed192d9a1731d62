import type { Server } from 'node:net';

/**
 * Resolves when the server listens; rejects when it can't, or is closed before it does (of which Node tells nothing but `close`). Takes
 * its own listeners away.
 * @param listen calls `server.listen`
 */
export function startListening(server: Server, listen: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = () => reject(new Error('it was closed meanwhile'));
  server.once('listening', resolve);
  server.once('error', reject);
  server.once('close', onClose);
  listen();
  return promise.finally(() => {
    server.removeListener('listening', resolve);
    server.removeListener('error', reject);
    server.removeListener('close', onClose);
  });
}

/** The port that a server listens on; undefined when it doesn't. */
export function portOf(server: Server): number | undefined {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : undefined;
}
