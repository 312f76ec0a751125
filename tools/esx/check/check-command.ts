import { VmkernelClient } from '../../../kernel/client/index.js';
import { nowUs } from '../../../lib/linux/index.js';
import { FrontDoorError } from '../errors.js';
import type { InitStatus } from '../init-client.js';
import { machinePids } from '../machine-pids.js';
import { Checker, type Violation } from './checker.js';
import type { WorldInterval } from './invariants.js';
import { WINDOW_US } from './limit-windows.js';
import { LiveHost } from './live-host.js';

export interface CheckOptions {
  readonly shmDir: string;
  readonly seconds: number;
  /** This machine's pid of a pid of the host's. */
  readonly pidOf: (pid: number) => number;
  /** Ends the check early. */
  readonly signal?: AbortSignal;
}

export interface CheckResult {
  readonly seconds: number;
  /** Worlds that lived throughout. */
  readonly worlds: readonly WorldInterval[];
  /** Worlds and groups judged, over all spans of time. */
  readonly judged: number;
  readonly violations: readonly Violation[];
  /** Why it ended before its time: the host went down. */
  readonly cutShort?: string;
}

/** Looks at a host after each publication of its scheduler, for so long. */
export async function checkHost(options: CheckOptions): Promise<CheckResult> {
  const host = new LiveHost(options.shmDir, options.pidOf);
  const checker = new Checker();
  const startUs = nowUs();
  const untilUs = startUs + options.seconds * 1e6;
  let cutShort: string | undefined;
  try {
    while (nowUs() < untilUs) {
      const snapshot = await host.next(options.signal);
      if (snapshot === undefined) break;
      checker.take(snapshot);
    }
  } catch (error) {
    if (!(error instanceof FrontDoorError)) throw error;
    cutShort = error.message;
  }
  const seconds = (nowUs() - startUs) / 1e6;
  const worlds = checker.finish();
  const { judged, violations } = checker;
  return { seconds, worlds, judged, violations, ...(cutShort === undefined ? {} : { cutShort }) };
}

/** What `./esx check` was asked, and where it says what it found. */
export interface CheckRun {
  readonly socketPath: string;
  readonly init: InitStatus;
  readonly seconds: number;
  print(text: string): void;
}

/**
 * `./esx check`; SIGINT and SIGTERM end it early, with what was found until then.
 * @returns the exit status: 1 when something is not as it must be
 * @throws FrontDoorError NotChecked when nothing could be judged, or the host went down and was right so far
 */
export async function runCheck({ socketPath, init, seconds, print }: CheckRun): Promise<number> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    const kernel = await VmkernelClient.connect(socketPath);
    const { shmDir } = await kernel.call('hostInfo', {}).finally(() => kernel.close());
    const pidOf = machinePids(init.pidNamespace);
    const result = await checkHost({ shmDir, seconds, pidOf, signal: stop.signal });
    print(resultTable(result));
    if (result.violations.length > 0) return 1;
    if (result.cutShort !== undefined) throw new FrontDoorError('NotChecked', result.cutShort);
    if (result.judged === 0)
      throw new FrontDoorError('NotChecked', `nothing can be judged in ${result.seconds.toFixed(1)} s`);
    return 0;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

const COLUMNS = ['run', 'ready', 'costop', 'wait', 'sum', 'Linux'];

function resultTable({ seconds, worlds, judged, violations }: CheckResult): string {
  const rows = worlds.map(interval => {
    const { world, wallUs, runUs, readyUs, costopUs, waitUs, linuxUs } = interval;
    const times = [runUs, readyUs, costopUs, waitUs, runUs + readyUs + costopUs + waitUs, linuxUs];
    return [`${world.worldId} ${world.name}`, ...times.map(us => percent(us, wallUs))];
  });
  const width = Math.max(6, ...rows.map(row => row[0]?.length ?? 0));
  const line = ([name = '', ...cells]: readonly string[]): string =>
    `${name.padEnd(width)}${cells.map(cell => cell.padStart(9)).join('')}\n`;
  const found = violations.map(({ rule, who, what }) => `${rule}: ${who}: ${what}\n`);
  const right = judged === 0 ? 'nothing to tell' : 'all as it must be';
  const count = violations.length === 0 ? right : counted(violations.length, 'violation');
  const noLimits = `Limits are judged over ${WINDOW_US / 1e6} s: they were not.\n`;
  return [
    line(['% of wall', ...COLUMNS]),
    ...rows.map(line),
    `\n${seconds.toFixed(1)} s, ${judged} worlds and groups judged: ${count}\n`,
    seconds * 1e6 < WINDOW_US ? noLimits : '',
    ...found,
  ].join('');
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function percent(us: number | null, wallUs: number): string {
  return us === null ? '-' : ((us / wallUs) * 100).toFixed(2);
}
