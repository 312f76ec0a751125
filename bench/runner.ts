import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MachineWatch } from './machine.js';
import { Owned } from './owned.js';
import type { Benchmark, BenchReport } from './result.js';
import { significant } from './statistics.js';

export interface RunnerOptions {
  readonly runs: number | undefined;
  readonly quick: boolean;
  readonly full: boolean;
  /** Where folders of hosts may be made. */
  readonly parent: string;
  readonly note: (text: string) => void;
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal;
}

/** Runs one benchmark in a folder of its own, which is gone afterwards. */
export async function runBenchmark(bench: Benchmark, options: RunnerOptions): Promise<BenchReport> {
  const folder = mkdtempSync(join(options.parent, 'bench-'));
  const watch = new MachineWatch();
  const owned = new Owned();
  const note = (text: string) => options.note(`${bench.name}: ${text}`);
  try {
    const running = bench.run({ ...options, folder, watch, owned, note });
    const { figures, rows } = await Promise.race([running, interrupted(options.signal)]);
    const rounded = Object.fromEntries(Object.entries(figures).map(([name, v]) => [name, significant(v)]));
    return { bench: bench.name, machine: watch.describe(), figures: rounded, rows };
  } finally {
    await owned.stopAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('interrupted')));
  });
}

/** Several reports as one: figures' names are unique, rows say where they are from. */
export function joined(reports: readonly BenchReport[]): BenchReport | undefined {
  const [first, ...more] = reports;
  if (first === undefined || more.length === 0) return first;
  return {
    bench: reports.map(report => report.bench).join(','),
    machine: { ...first.machine, loadAfter: reports.at(-1)?.machine.loadAfter ?? first.machine.loadAfter },
    figures: Object.assign({}, ...reports.map(report => report.figures)) as Record<string, number>,
    rows: reports.flatMap(report => report.rows.map(row => ({ bench: report.bench, ...row }))),
  };
}
