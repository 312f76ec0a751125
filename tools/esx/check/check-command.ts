import { VmkernelClient } from '../../../kernel/client/index.js';
import { nowUs } from '../../../lib/linux/index.js';
import type { InitStatus } from '../init-client.js';
import { machinePids } from '../machine-pids.js';
import { Checker, type Violation } from './checker.js';
import type { WorldInterval } from './invariants.js';
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
}

/** Looks at a host after each publication of its scheduler, for so long. */
export async function checkHost(options: CheckOptions): Promise<CheckResult> {
  const host = new LiveHost(options.shmDir, options.pidOf);
  const checker = new Checker();
  const startUs = nowUs();
  const untilUs = startUs + options.seconds * 1e6;
  do checker.take(await host.next());
  while (nowUs() < untilUs && options.signal?.aborted !== true);
  const worlds = checker.finish();
  const { judged, violations } = checker;
  return { seconds: (nowUs() - startUs) / 1e6, worlds, judged, violations };
}

/** `./esx check`. @returns the exit status: 1 when something is not as it must be */
export async function runCheck(
  socketPath: string,
  init: InitStatus,
  seconds: number,
  print: (text: string) => void,
): Promise<number> {
  const kernel = await VmkernelClient.connect(socketPath);
  const { shmDir } = await kernel.call('hostInfo', {}).finally(() => kernel.close());
  const result = await checkHost({ shmDir, seconds, pidOf: machinePids(init.pidNamespace) });
  print(resultTable(result));
  return result.violations.length === 0 ? 0 : 1;
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
  const count = violations.length === 0 ? 'all as it must be' : `${violations.length} violations`;
  return [
    line(['% of wall', ...COLUMNS]),
    ...rows.map(line),
    `\n${seconds.toFixed(1)} s, ${judged} worlds and groups judged: ${count}\n`,
    ...found,
  ].join('');
}

function percent(us: number | null, wallUs: number): string {
  return us === null ? '-' : ((us / wallUs) * 100).toFixed(2);
}
