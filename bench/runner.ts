import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MachineWatch } from './machine.js';
import type { Benchmark, BenchReport } from './result.js';
import { significant } from './statistics.js';

export interface RunnerOptions {
  readonly runs: number | undefined;
  /** Where folders of hosts may be made. */
  readonly parent: string;
  readonly note: (text: string) => void;
}

/** Runs one benchmark in a folder of its own, which is gone afterwards. */
export async function runBenchmark(bench: Benchmark, options: RunnerOptions): Promise<BenchReport> {
  const folder = mkdtempSync(join(options.parent, 'bench-'));
  const watch = new MachineWatch();
  const note = (text: string) => options.note(`${bench.name}: ${text}`);
  try {
    const { figures, rows } = await bench.run({ runs: options.runs, folder, watch, note });
    const rounded = Object.fromEntries(Object.entries(figures).map(([name, v]) => [name, significant(v)]));
    return { bench: bench.name, machine: watch.describe(), figures: rounded, rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
