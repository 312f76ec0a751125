import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 20;

/** Waits for a condition. `look` answers undefined or false while it does not hold; `what` names it when it never does. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await delay(LOOK_MS);
  }
}
