import { join } from 'node:path';
import { type CallFailure, HANDOVER_SOCKET, type Redeemed, VmkernelError } from '../abi/index.js';
import type { UserWorldOptions } from './user-world.js';
import type { VmManager } from './vm-manager.js';

export interface VmkauthdPlace {
  readonly mainPath: string;
  readonly listenFd: number;
  /** The host's folder. */
  readonly root: string;
  /** Visible in the service console. */
  readonly runDir: string;
}

/** vmkauthd: the only process that redeems tickets, and the only way from the service console into a user world. */
export function vmkauthdWorld(place: VmkauthdPlace, manager: VmManager): UserWorldOptions {
  const { mainPath, listenFd, root, runDir } = place;
  return {
    name: 'vmkauthd',
    mainPath,
    listenFd,
    flags: ['--root', root, '--socket', join(runDir, 'vmkauthd.sock')],
    answer: message => {
      if (message.type === 'checkTicket') return manager.checkTicket(message.ticket);
      const { worldId, ticket } = manager.redeemTicket(message.request);
      const { user, rights } = ticket;
      const socketPath = join(root, 'run', 'vmx', String(worldId), HANDOVER_SOCKET);
      return { worldId, user, rights, socketPath } satisfies Redeemed;
    },
    refusal: (error: unknown): CallFailure => {
      if (!(error instanceof VmkernelError))
        return { code: 'Internal', message: String((error as Error).message ?? error), details: {} };
      const { code, message, details } = error;
      return { code, message, details };
    },
  };
}
