import { join } from 'node:path';
import { clockUs, processCpuClock } from '../../../lib/linux/index.js';
import { FrontDoorError } from '../errors.js';
import { runProcess } from '../run-process.js';
import type { Pair } from './cpu-steps.js';

const START_ALLOWANCE_MS = 60_000;
/** As a program ends that SIGINT or SIGTERM reached, whether it died of it or not. */
const interrupted: ReadonlySet<number> = new Set([130, 143]);

export interface CpuMeasurement {
  /** Parts of a PCPU by Linux's clocks of the two processes. */
  readonly linux: Pair<number>;
  /** The same by esxtop's %USED. */
  readonly esxtop: Pair<number>;
}

export interface MeasuredVms {
  /** Of each VM's vmware-vmx, in this machine's numbers. */
  readonly pids: Pair<number>;
  readonly names: Pair<string>;
}

/** How two VMs share CPUs, measured twice at a time: by Linux, and by an esxtop in batch mode. */
export class CpuMeter {
  readonly #esxtop: readonly string[];

  /** @param socketPath the VMkernel's */
  constructor(tree: string, socketPath: string) {
    this.#esxtop = [join(tree, 'dist/tools/esxtop/main.js'), '--socket', socketPath];
  }

  async measure({ pids, names }: MeasuredVms, seconds: number): Promise<CpuMeasurement> {
    const recording = this.#record(seconds);
    const startUs = performance.now() * 1000;
    const before = both(pids, cpuUs);
    const text = await recording;
    const tookUs = performance.now() * 1000 - startUs;
    const linux = both(pids, cpuUs);
    return {
      linux: { high: (linux.high - before.high) / tookUs, low: (linux.low - before.low) / tookUs },
      esxtop: both(names, name => usedIn(text, name)),
    };
  }

  async #record(seconds: number): Promise<string> {
    const args = [...this.#esxtop, '-b', '-a', '-d', `${seconds}`, '-n', '1'];
    const { status, output } = await runProcess(process.execPath, args, {
      output: 'capture',
      timeoutMs: seconds * 1000 + START_ALLOWANCE_MS,
    });
    if (interrupted.has(status))
      throw new FrontDoorError(
        'StepFailed',
        'interrupted; both VMs run on',
        './esx demo cpu --end powers them off and deletes them.',
      );
    if (status !== 0) throw new FrontDoorError('StepFailed', `esxtop failed: ${lastLine(output)}`);
    return output;
  }
}

/** What a program complained of last; a recording's lines are long. */
function lastLine(output: string): string {
  return (output.trim().split('\n').at(-1) ?? '').slice(0, 300);
}

function cpuUs(pid: number): number {
  const us = clockUs(processCpuClock(pid));
  if (us < 0) throw new FrontDoorError('VmFailed', `the VM's process ${pid} ended`);
  return us;
}

function both<A, B>({ high, low }: Pair<A>, of: (value: A) => B): Pair<B> {
  return { high: of(high), low: of(low) };
}

/** The last row's %USED of a VM's group, in parts of a PCPU. @param csv a batch recording (PDH-CSV) */
export function usedIn(csv: string, vmName: string): number {
  const rows = csv
    .trim()
    .split('\n')
    .map(line => line.slice(1, -1).split('","'));
  const [titles = []] = rows;
  const column = titles.findIndex(
    title => title.includes(`\\Group Cpu(`) && title.endsWith(`:${vmName})\\% Used`),
  );
  const percent = column < 0 ? undefined : rows.at(-1)?.[column];
  return percent === undefined || percent === '' ? Number.NaN : Number(percent) / 100;
}
