/** Time as a session sees it. */
export interface Clock {
  /** Milliseconds of any origin. */
  now(): number;
  /** @returns what cancels the call */
  after(delayMs: number, call: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};
