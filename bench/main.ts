import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchmarks } from './index.js';
import type { BenchReport } from './result.js';
import { joined, runBenchmark } from './runner.js';
import { reportText } from './table.js';

const BAD_USAGE = 2;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    root: { type: 'string', default: tmpdir() },
  },
});
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
const note = (text: string) => process.stderr.write(`  ${text}\n`);

async function main(): Promise<number> {
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  const unknown = positionals.find(name => !benchmarks.some(bench => bench.name === name));
  if (unknown !== undefined || (runs !== undefined && !(Number.isInteger(runs) && runs > 0))) {
    const list = benchmarks.map(bench => `  ${bench.name.padEnd(10)} ${bench.about}\n`).join('');
    process.stderr.write(`usage: ./esx bench [NAME…] [--json] [--runs N] [--quick] [--full]\n${list}`);
    return BAD_USAGE;
  }
  const reports: BenchReport[] = [];
  for (const bench of benchmarks) {
    if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
    const report = await runBenchmark(bench, {
      runs,
      quick: values.quick,
      full: values.full,
      parent: resolve(values.root),
      note,
      signal: interrupt.signal,
    });
    reports.push(report);
    if (!values.json) process.stdout.write(reportText(report, bench.targets));
  }
  if (values.json) process.stdout.write(`${JSON.stringify(joined(reports), null, 2)}\n`);
  return 0;
}

const status = await main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
});
// An interrupted benchmark may still hold the event loop.
process.exit(status);
