import { VimClient, VimClientError, VimClientFault } from '../../lib/vim-client/index.js';
import { FrontDoorError } from './errors.js';
import type { InitStatus } from './init-client.js';

/** Logs in to the host's hostd. @throws FrontDoorError VmFailed */
export function logIn(init: InitStatus, password: string): Promise<VimClient> {
  return said('logging in', async () => {
    const client = await VimClient.open({ host: addressOf(init), port: init.ports.https, certificate: null });
    try {
      await client.login(init.user, password);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  });
}

/** Where this machine reaches the host's ports. */
export function addressOf({ bind }: InitStatus): string {
  return bind === '0.0.0.0' ? '127.0.0.1' : bind;
}

/** @throws FrontDoorError VmFailed for what hostd refuses, or when it cannot be reached */
export async function said<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof VimClientFault || cause instanceof VimClientError)) throw cause;
    throw new FrontDoorError('VmFailed', `${what} failed: ${cause.message} (${cause.code})`, undefined, {
      cause,
    });
  }
}
