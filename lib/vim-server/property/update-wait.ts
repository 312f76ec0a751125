import { requestCanceled, type VimFault } from '../object/vim-fault.js';

/**
 * One call that waits for something to change. It ends by a change, by time, by cancelling, or because its
 * client has gone.
 */
export class UpdateWait {
  readonly #signal: AbortSignal;
  #settle: ((outcome: 'changed' | 'timeout' | VimFault) => void) | undefined;
  #hasChanged = false;
  #ended: VimFault | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  changed(): void {
    this.#hasChanged = true;
    this.#settle?.('changed');
  }

  cancel(fault: VimFault = requestCanceled()): void {
    this.#ended = fault;
    this.#settle?.(fault);
  }

  /** Resolves at the next change; rejects with the fault of cancel, or RequestCanceled when the client left. */
  next(deadlineMs: number): Promise<'changed' | 'timeout'> {
    return new Promise((resolve, reject) => {
      const timer = Number.isFinite(deadlineMs)
        ? setTimeout(() => this.#settle?.('timeout'), remainingMs(deadlineMs))
        : undefined;
      const onAbort = (): void => this.cancel();
      this.#signal.addEventListener('abort', onAbort);
      this.#settle = outcome => {
        this.#settle = undefined;
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', onAbort);
        this.#hasChanged = false;
        if (typeof outcome === 'string') resolve(outcome);
        else reject(outcome);
      };
      if (this.#signal.aborted) this.cancel();
      else if (this.#ended !== undefined) this.#settle(this.#ended);
      else if (this.#hasChanged) this.#settle('changed');
    });
  }
}

/** As much of the time as one timer can count. */
function remainingMs(deadlineMs: number): number {
  return Math.min(Math.max(0, deadlineMs - Date.now()), 2 ** 31 - 1);
}
