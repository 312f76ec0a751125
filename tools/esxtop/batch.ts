import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { PerfmonRecording } from './perfmon.js';
import { ratesBetween } from './rates.js';
import type { SnapshotSource } from './source.js';

export interface BatchOptions {
  readonly fieldOrder: string;
  readonly all: boolean;
  /** 0: as fast as the reader takes rows. */
  readonly delayMs: number;
  readonly iterations: number | null;
}

/**
 * Records until the count is reached, or `stop` or the source's end comes. A row is written whole and the next one is
 * made when the reader took it: a slow reader loses rows, not memory.
 */
export async function runBatch(
  source: SnapshotSource,
  options: BatchOptions,
  write: (text: string) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const over = AbortSignal.any([stop, source.over]);
  let before = source.snapshot(null);
  const recording = new PerfmonRecording(ratesBetween(before, before), before.console, options);
  await write(recording.header());
  let dueMs = performance.now();
  for (let left = options.iterations ?? Number.POSITIVE_INFINITY; left > 0; left--) {
    dueMs = Math.max(dueMs + options.delayMs, performance.now());
    if (!(await slept(dueMs - performance.now(), over))) return;
    const after = source.snapshot(before);
    if (source.over.aborted) return;
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
