/** Time as a session sees it. */
export interface Clock {
  /** Milliseconds of any origin. */
  now(): number;
  /** @returns what cancels the call */
  after(delayMs: number, call: () => void): () => void;
}

/** Resolves when `done` does, or after `delayMs`. */
export function within(clock: Clock, delayMs: number, done: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(delayMs, resolve);
    done.then(resolve, reject).finally(cancel);
  });
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};
