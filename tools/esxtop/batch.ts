import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './host.js';
import { PerfmonRecording } from './perfmon.js';
import { ratesBetween } from './rates.js';

export interface BatchOptions {
  readonly fieldOrder: string;
  readonly all: boolean;
  readonly delayMs: number;
  readonly iterations: number | null;
}

/**
 * Records until the count is reached, or `stop` or the host's end comes. A row is written whole and the next one is
 * made when the reader took it: a slow reader loses rows, not memory.
 */
export async function runBatch(
  host: Host,
  options: BatchOptions,
  write: (text: string) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const over = AbortSignal.any([stop, host.gone]);
  let before = host.snapshot(null);
  const recording = new PerfmonRecording(ratesBetween(before, before), before.console, options);
  await write(recording.header());
  let dueMs = performance.now();
  for (let left = options.iterations ?? Number.POSITIVE_INFINITY; left > 0; left--) {
    dueMs = Math.max(dueMs + options.delayMs, performance.now());
    if (!(await slept(dueMs - performance.now(), over))) return;
    const after = host.snapshot(before);
    await write(recording.row(ratesBetween(before, after)));
    before = after;
  }
}

/** @returns false when `over` came first */
async function slept(delayMs: number, over: AbortSignal): Promise<boolean> {
  try {
    await sleep(Math.max(0, delayMs), undefined, { signal: over });
    return true;
  } catch (error) {
    if (over.aborted) return false;
    throw error;
  }
}
