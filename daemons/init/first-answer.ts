import { connect } from 'node:net';

export interface Door {
  address: string;
  port: number;
  /** What a client says first; '' where the server speaks first. */
  greeting: string;
}

/**
 * Resolves when the daemon behind a listening socket answers. init listens before the daemon runs, so the connection
 * waits in the socket's queue and nothing has to be tried again. Rejects when the connection ends or `signal` aborts.
 */
export function firstAnswer(door: Door, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const host = door.address === '0.0.0.0' ? '127.0.0.1' : door.address;
    const socket = connect({ host, port: door.port });
    const give = (): void => {
      socket.destroy();
    };
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
    if (door.greeting !== '') socket.write(door.greeting);
    socket.once('data', () => {
      resolve();
      signal.removeEventListener('abort', give);
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection ended without an answer')));
  });
}
