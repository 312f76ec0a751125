import type { DataObject } from '../vim/index.js';

/** The server refused a call, or a task failed: a typed fault of the API with its text. */
export class VimClientFault extends Error {
  override readonly name = 'VimClientFault';

  constructor(
    /** Name of the fault's type, such as InvalidPowerState. */
    readonly code: string,
    message: string,
    readonly detail: DataObject,
  ) {
    super(message);
  }
}

/** There is no server there that can be talked to. */
export class VimClientError extends Error {
  override readonly name = 'VimClientError';

  constructor(
    readonly code: 'Unreachable' | 'ReplyTooLarge' | 'NotSoap' | 'NotRecognized' | 'NoFile',
    message: string,
  ) {
    super(message);
  }
}
