import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../statistics.js';
import { SoapRefusal } from './client.js';
import type { SoapServer } from './soap-server.js';

const ANSWER_LIMIT_MS = 60_000;

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the server's process for each. */
  readonly cpuMs: number;
  readonly errors: number;
  /** Why the first of them was one. */
  readonly firstError: string | undefined;
}

/** One operation of one client. Where not all of it is the answer's time, it says what is, ms. */
export type Operation = () => Promise<unknown>;

/** Runs every operation again and again for a while, each one at a time. @throws whatever is no refusal */
export async function load(
  server: SoapServer,
  operations: readonly Operation[],
  forMs: number,
): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const refusals: string[] = [];
  const startMs = performance.now();
  const endMs = startMs + forMs;
  const repeat = async (operation: Operation): Promise<void> => {
    for (let sentMs = startMs; sentMs < endMs; ) {
      sentMs = performance.now();
      try {
        const measured = await operation();
        latenciesMs.push(typeof measured === 'number' ? measured : performance.now() - sentMs);
      } catch (error) {
        if (!(error instanceof SoapRefusal)) throw error;
        refusals.push(error.message);
      }
    }
  };
  const cpuBeforeUs = server.cpuUs();
  const late = new AbortController();
  const tooLate = delay(forMs + ANSWER_LIMIT_MS, undefined, { signal: late.signal, ref: false }).then(
    () => {
      throw new Error(`${server.name} does not answer`);
    },
    () => undefined,
  );
  await Promise.race([Promise.all(operations.map(repeat)), tooLate]);
  late.abort();
  const cpuMs = (server.cpuUs() - cpuBeforeUs) / 1000 / Math.max(1, latenciesMs.length + refusals.length);
  const tookS = (performance.now() - startMs) / 1000;
  return {
    perSecond: latenciesMs.length / tookS,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    cpuMs,
    errors: refusals.length,
    firstError: refusals[0],
  };
}
