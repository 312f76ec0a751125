import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setAffinity } from '../../lib/linux/index.js';

const SPIN = 'while :; do :; done';
const PERIOD_US = 100_000;
/** Shares of a VM that Linux's usual weight stands for. */
const USUAL_SHARES = 1000;
const USUAL_WEIGHT = 100;

/** Plain processes that spin in groups of Linux's own scheduler: what the same mix comes to without a VMkernel. */
export class LinuxGroups {
  readonly #spinners: ChildProcess[] = [];
  readonly #folders: string[] = [];

  private constructor(
    private readonly parent: string,
    private readonly version: 1 | 2,
    /** Why there are none; '' when there are. */
    readonly reason: string,
  ) {}

  static find(): LinuxGroups {
    const mounts = readFileSync('/proc/mounts', 'latin1')
      .split('\n')
      .map(line => line.split(' '));
    const unified = mounts.find(([, , type]) => type === 'cgroup2')?.[1];
    const controllers =
      unified === undefined ? '' : readFileSync(join(unified, 'cgroup.controllers'), 'latin1');
    const own = mounts.find(
      ([, , type, flags]) => type === 'cgroup' && flags?.split(',').includes('cpu'),
    )?.[1];
    const version = controllers.split(/\s/).includes('cpu') ? 2 : 1;
    const parent = version === 2 ? unified : own;
    if (parent === undefined) return new LinuxGroups('', 1, 'no CPU controller');
    const probe = join(parent, `esx-bench-${process.pid}`);
    try {
      mkdirSync(probe);
      const file = version === 2 ? 'cpu.weight' : 'cpu.shares';
      const reason = existsSync(join(probe, file)) ? '' : `${parent} gives no ${file}`;
      rmdirSync(probe);
      return new LinuxGroups(parent, version, reason);
    } catch (error) {
      return new LinuxGroups('', version, `not writable (${(error as NodeJS.ErrnoException).code})`);
    }
  }

  /** A process that spins on one CPU, in no group of its own. */
  static spin(cpu: number): ChildProcess {
    const child = spawn('sh', ['-c', SPIN], { stdio: 'ignore' });
    setAffinity(child.pid ?? 0, [cpu]);
    return child;
  }

  /** A process that spins in a group. @param max in CPUs @returns its pid */
  spin(shares: number, max: number | undefined, cpus: readonly number[]): number {
    const folder = join(this.parent, `esx-bench-${process.pid}-${this.#folders.length}`);
    mkdirSync(folder);
    this.#folders.push(folder);
    const write = (name: string, value: string | number): void =>
      writeFileSync(join(folder, name), String(value));
    if (this.version === 2) {
      write('cpu.weight', Math.round((shares / USUAL_SHARES) * USUAL_WEIGHT));
      if (max !== undefined) write('cpu.max', `${Math.round(max * PERIOD_US)} ${PERIOD_US}`);
    } else {
      write('cpu.shares', Math.round((shares / USUAL_SHARES) * 1024));
      if (max !== undefined) write('cpu.cfs_quota_us', Math.round(max * PERIOD_US));
    }
    const child = spawn('sh', ['-c', SPIN], { stdio: 'ignore' });
    this.#spinners.push(child);
    setAffinity(child.pid ?? 0, cpus);
    write('cgroup.procs', child.pid ?? 0);
    return child.pid ?? 0;
  }

  async clear(): Promise<void> {
    for (const child of this.#spinners.splice(0)) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    for (const folder of this.#folders.splice(0)) rmdirSync(folder);
  }
}
