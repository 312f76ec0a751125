import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptPackagesFor } from '../../../guests/index.js';
import { installPackages, lastLines, TEST_PACKAGES } from '../debian-packages.js';
import { runProcess } from '../run-process.js';

/** How a stage went. A stage that is not made of tests counts as one. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped?: number;
  /** Shown when something failed and was not shown already. */
  readonly detail?: string;
}

export interface Stage {
  readonly name: string;
  readonly timeoutMs: number;
  run(timeoutMs: number): Promise<Outcome>;
}

export interface StageContext {
  readonly tree: string;
  readonly environment: NodeJS.ProcessEnv;
}

const MINUTE_MS = 60_000;
/** Programs of dist/ that say with --check whether what they write is fresh. */
const GENERATORS = ['kernel/abi/generate.js', 'lib/vim/generate.js', 'daemons/hostd/coverage.js'];

/** Everything `./esx test` does, in order; leftovers are looked for by the caller, around it. */
export function stages(context: StageContext): Stage[] {
  const node = (...args: string[]) => command(context, process.execPath, args);
  const bin = (path: string, ...args: string[]) => node(join(context.tree, 'node_modules', path), ...args);
  return [
    { name: 'packages', timeoutMs: 5 * MINUTE_MS, run: packages(context) },
    {
      name: 'lint',
      timeoutMs: 2 * MINUTE_MS,
      run: bin('@biomejs/biome/bin/biome', 'ci', '--colors=off', '.'),
    },
    { name: 'types', timeoutMs: 5 * MINUTE_MS, run: bin('typescript/bin/tsc', '-b', '.', 'test') },
    { name: 'generated', timeoutMs: MINUTE_MS, run: generatedFresh(context) },
    { name: 'unit', timeoutMs: 5 * MINUTE_MS, run: vitest(context, 'unit') },
    { name: 'guests', timeoutMs: 15 * MINUTE_MS, run: guests(context) },
    { name: 'host', timeoutMs: 20 * MINUTE_MS, run: vitest(context, 'host') },
    { name: 'measured', timeoutMs: 10 * MINUTE_MS, run: vitest(context, 'measured') },
    { name: 'clients', timeoutMs: 15 * MINUTE_MS, run: vitest(context, 'clients') },
  ];
}

function command(context: StageContext, program: string, args: string[]): Stage['run'] {
  return async timeoutMs => {
    const ran = await runProcess(program, args, {
      cwd: context.tree,
      env: { ...context.environment, NO_COLOR: '1' },
      timeoutMs,
      output: 'capture',
    });
    return ran.status === 0
      ? { passed: 1, failed: 0 }
      : { passed: 0, failed: 1, detail: lastLines(ran.output, 60) };
  };
}

function generatedFresh(context: StageContext): Stage['run'] {
  return async timeoutMs => {
    const outcomes: Outcome[] = [];
    for (const path of GENERATORS)
      outcomes.push(
        await command(context, process.execPath, [join(context.tree, 'dist', path), '--check'])(timeoutMs),
      );
    return sum(outcomes);
  };
}

function packages(context: StageContext): Stage['run'] {
  return async () => {
    const forGuests = aptPackagesFor(['linux', 'tiny', 'asm', 'test']);
    await installPackages([...TEST_PACKAGES, ...forGuests], context.environment);
    return { passed: 0, failed: 0 };
  };
}

/** Fills the cache of guest images, so that no test waits for a kernel to be compiled. */
function guests(context: StageContext): Stage['run'] {
  return async timeoutMs => {
    const folder = mkdtempSync(join(tmpdir(), 'esx-guests-'));
    try {
      const main = join(context.tree, 'dist/guests/main.js');
      return await command(context, process.execPath, [main, 'build', 'all', '--out', folder])(timeoutMs);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

function vitest(context: StageContext, project: string): Stage['run'] {
  return async timeoutMs => {
    const report = join(context.tree, 'dist', `test-${project}.json`);
    rmSync(report, { force: true });
    const ran = await runProcess(
      process.execPath,
      [
        join(context.tree, 'node_modules/vitest/vitest.mjs'),
        'run',
        `--project=${project}`,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
      { cwd: context.tree, env: context.environment, timeoutMs, output: 'inherit' },
    );
    return readReport(report, ran.status, project);
  };
}

/** A run that failed without a failed test (a file that does not load, a time limit) is one failure. */
function readReport(path: string, status: number, project: string): Outcome {
  const report = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : {};
  const passed = Number(report.numPassedTests ?? 0);
  const failed = Number(report.numFailedTests ?? 0);
  const skipped = Number(report.numPendingTests ?? 0);
  if (failed > 0 || (status === 0 && passed > 0)) return { passed, failed, skipped };
  return {
    passed,
    failed: 1,
    detail: status === 124 ? `the ${project} tests took too long` : `vitest ended with status ${status}`,
  };
}

export function sum(outcomes: readonly Outcome[]): Outcome {
  const detail = outcomes.flatMap(o => o.detail ?? []).join('\n');
  return {
    passed: outcomes.reduce((n, o) => n + o.passed, 0),
    failed: outcomes.reduce((n, o) => n + o.failed, 0),
    ...(detail === '' ? {} : { detail }),
  };
}
