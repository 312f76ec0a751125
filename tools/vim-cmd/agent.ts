import type { VimClient } from '../../lib/vim-client/index.js';

/** A session with a host agent, as far as commands need one. */
export type HostAgent = Pick<VimClient, 'content' | 'call' | 'read' | 'find' | 'waitForTask'>;

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
