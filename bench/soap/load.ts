import { percentile } from '../statistics.js';
import { SoapRefusal } from './client.js';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  /** Why the first of them was one. */
  readonly firstError: string | undefined;
}

/** One operation of one client. Where not all of it is the answer's time, it says what is, ms. */
export type Operation = () => Promise<unknown>;

/** Runs every operation again and again for a while, each one at a time. @throws whatever is no refusal */
export async function load(operations: readonly Operation[], forMs: number): Promise<LoadResult> {
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
  await Promise.all(operations.map(repeat));
  const tookS = (performance.now() - startMs) / 1000;
  return {
    perSecond: latenciesMs.length / tookS,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    errors: refusals.length,
    firstError: refusals[0],
  };
}
