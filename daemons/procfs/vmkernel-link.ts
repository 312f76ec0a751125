import type { CallName, Calls, VmkernelErrorCode } from '../../kernel/abi/index.js';
import { VmkernelError } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { WriteRefused } from './tree.js';

/** How the VMkernel is told of what was written. */
export interface VmkernelCalls {
  /** @throws WriteRefused */
  call<N extends CallName>(name: N, args: Calls[N]['args']): Promise<Calls[N]['result']>;
}

const EPERM = 1;
const ENOENT = 2;
const EIO = 5;
const EACCES = 13;
const EBUSY = 16;
const EINVAL = 22;

/** EBUSY is what Linux's own admission of a reservation (SCHED_DEADLINE) answers. */
const ERRNO: Partial<Record<VmkernelErrorCode, number>> = {
  InvalidArgument: EINVAL,
  InvalidVmx: EINVAL,
  InsufficientCpu: EBUSY,
  InsufficientMemory: EBUSY,
  Busy: EBUSY,
  NotFound: ENOENT,
  InvalidState: ENOENT,
  InvalidPowerState: EACCES,
  NotSupported: EACCES,
  PermissionDenied: EPERM,
};

/** The control socket, connected when something is written first, and again when that connection was lost. */
export class VmkernelLink implements VmkernelCalls {
  #client: Promise<VmkernelClient> | undefined;

  /** @param socketPath undefined: nothing can be written */
  constructor(private readonly socketPath: string | undefined) {}

  async call<N extends CallName>(name: N, args: Calls[N]['args']): Promise<Calls[N]['result']> {
    if (this.socketPath === undefined)
      throw new WriteRefused(EACCES, 'this server has no way to the VMkernel');
    this.#client ??= this.#connect(this.socketPath);
    try {
      return await (await this.#client).call(name, args);
    } catch (error) {
      if (!(error instanceof VmkernelError)) throw error;
      throw new WriteRefused(ERRNO[error.code] ?? EIO, error.message);
    }
  }

  async #connect(socketPath: string): Promise<VmkernelClient> {
    try {
      const client = await VmkernelClient.connect(socketPath);
      client.onClose(() => {
        this.#client = undefined;
      });
      return client;
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }
}
