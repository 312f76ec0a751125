/**
 * The engine gave up on its guest: an exception of the processor that it cannot deliver, a panic of its core, a stack
 * overflow. The VM is over; the process is not.
 */
export class EngineTrap extends Error {
  override readonly name = 'EngineTrap';
  readonly code = 'EngineTrap';

  constructor(
    readonly reason: string,
    /** Guest instructions executed before it. */
    readonly instructions: number,
    options?: { cause: unknown },
  ) {
    super(`The guest engine stopped: ${reason}`, options);
  }
}

export function trapReason(error: unknown, lastWords: string): string {
  const thrown = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return lastWords === '' ? thrown : `${thrown} (${lastWords})`;
}
