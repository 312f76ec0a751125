import { once } from 'node:events';
import type { Server } from 'node:net';
import { FrontDoorError } from '../errors.js';

/** Binds a port of 127.0.0.1; 0: any that is free. @returns the port. @throws FrontDoorError PortInUse */
export async function listenHere(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new FrontDoorError(
      'PortInUse',
      `port ${port} of 127.0.0.1 cannot be had: ${(cause as Error).message}`,
      'Leave out --port: a free one is taken then.',
      { cause },
    );
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
