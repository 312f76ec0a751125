import type { DataObject, ManagedObjectReference, ServiceContent } from '../../lib/vim/index.js';

/** A session with a host agent, as far as this tool needs one. */
export interface HostAgent {
  readonly content: ServiceContent;
  /** @throws AgentFault */
  call(target: ManagedObjectReference, method: string, args: object): Promise<unknown>;
}

/** The agent refused: a typed fault of the API with its text. */
export class AgentFault extends Error {
  override readonly name = 'AgentFault';
  constructor(
    /** Name of the fault's type: `InvalidPowerState`. */
    readonly code: string,
    message: string,
    readonly detail: DataObject,
  ) {
    super(message);
  }
}

/** A command was not understood or found nothing to act on; the message says what. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    readonly code: 'UnknownCommand' | 'BadArguments' | 'NoSuchVm' | 'NotAvailable',
    message: string,
  ) {
    super(message);
  }
}
