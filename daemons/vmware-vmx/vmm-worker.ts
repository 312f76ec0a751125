import { Worker } from 'node:worker_threads';

const YOUNG_GENERATION_MB = 1;

/** Starts the VMM thread; it loads its modules and waits for VmmThreadData as its first message. */
export function startVmmWorker(): Worker {
  return new Worker(new URL('./vmm-thread.js', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
}
