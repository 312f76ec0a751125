import { setTimeout as delay } from 'node:timers/promises';
import { FrontDoorError } from '../errors.js';
import { leftBehind, machineState } from './leftovers.js';
import { type Outcome, type Stage, type StageContext, stages, sum } from './stages.js';

/** What was told to end by the last test may take so long. */
const END_LIMIT_MS = 10_000;
const LOOK_MS = 200;

/** Runs the stages (all, or the named ones) and says `N passed, N failed` last. @returns the exit status */
export async function runTests(
  context: StageContext,
  only: readonly string[],
  print: (text: string) => void,
): Promise<number> {
  const all = stages(context);
  const unknown = only.find(name => !all.some(stage => stage.name === name));
  if (unknown !== undefined)
    throw new FrontDoorError(
      'BadArguments',
      `no such stage: ${unknown}`,
      `Stages: ${all.map(s => s.name).join(', ')}.`,
    );
  const before = machineState(context.tree);
  const outcomes: Outcome[] = [];
  for (const stage of all)
    if (only.length === 0 || only.includes(stage.name)) outcomes.push(await runStage(stage, print));
  outcomes.push(await lookForLeftovers(context, before, print));
  const { passed, failed } = sum(outcomes);
  print(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

async function runStage(stage: Stage, print: (text: string) => void): Promise<Outcome> {
  print(`== ${stage.name}\n`);
  const startedMs = performance.now();
  const outcome: Outcome = await stage.run(stage.timeoutMs).catch((error: unknown) => ({
    passed: 0,
    failed: 1,
    detail: error instanceof Error ? error.message : String(error),
  }));
  if (outcome.detail !== undefined) print(`${outcome.detail}\n`);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const skipped = outcome.skipped ? `, ${outcome.skipped} skipped` : '';
  print(`== ${stage.name}: ${outcome.passed} passed, ${outcome.failed} failed${skipped}, ${seconds} s\n`);
  return outcome;
}

async function lookForLeftovers(
  context: StageContext,
  before: ReturnType<typeof machineState>,
  print: (text: string) => void,
): Promise<Outcome> {
  return runStage(
    {
      name: 'leftovers',
      timeoutMs: 0,
      run: async () => {
        const deadlineMs = performance.now() + END_LIMIT_MS;
        let left = leftBehind(before, machineState(context.tree));
        while (left.length > 0 && performance.now() < deadlineMs) {
          await delay(LOOK_MS);
          left = leftBehind(before, machineState(context.tree));
        }
        if (left.length === 0) return { passed: 1, failed: 0 };
        return { passed: 0, failed: 1, detail: `left behind:\n  ${left.join('\n  ')}` };
      },
    },
    print,
  );
}
