import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { getAffinity } from '../../lib/linux/index.js';
import type { Images } from '../images.js';
import { KernelHost } from '../kernel-host.js';
import { cpuDuring } from '../processes.js';
import type { BenchContext, Measured, Row } from '../result.js';
import { sum } from '../statistics.js';
import { LinuxGroups } from './linux-groups.js';

const WINDOW_MS = 10_000;
const QUICK_WINDOW_MS = 2_000;
/** Cold code of a guest and its monitor is behind them then. */
const WARM_UP_MS = 4_000;

/** One that always wants CPU. `min` and `max` in PCPUs, `expected` in PCPUs or, of a mix by shares, as a part of all. */
interface Member {
  readonly shares: number;
  readonly min?: number;
  readonly max?: number;
  readonly expected: number;
  /** Whether its error is the mix's. */
  readonly judged?: boolean;
}

export interface Mix {
  readonly figure: string;
  readonly about: string;
  readonly members: readonly Member[];
  /** `one`: the last CPU of the machine; `all`: every one. */
  readonly cpus: 'one' | 'all';
  /** Expectations are parts of what all members used, or of the wall. */
  readonly of: 'used' | 'wall';
  /** A process that spins on the first of the CPUs, as somebody at the service console may. */
  readonly consoleBusy?: boolean;
}

const MIXES: readonly Mix[] = [
  {
    figure: 'share_error_percent',
    about: 'shares 2000 : 1000',
    members: [
      { shares: 2000, expected: 2 / 3 },
      { shares: 1000, expected: 1 / 3 },
    ],
    cpus: 'one',
    of: 'used',
  },
  {
    figure: 'share_three_error_percent',
    about: 'three alike on all PCPUs',
    members: Array.from({ length: 3 }, () => ({ shares: 1000, expected: 1 / 3 })),
    cpus: 'all',
    of: 'used',
  },
  {
    figure: 'reservation_error_percent',
    about: 'reservation 30 % against shares 9000 : 1000',
    members: [
      { shares: 9000, expected: 0.7, judged: false },
      { shares: 1000, min: 0.3, expected: 0.3 },
    ],
    cpus: 'one',
    of: 'used',
  },
  {
    figure: 'limit_error_percent',
    about: 'limit 25 % of a PCPU, nobody else',
    members: [{ shares: 1000, max: 0.25, expected: 0.25 }],
    cpus: 'one',
    of: 'wall',
  },
  {
    figure: 'limit_beside_error_percent',
    about: 'limit 20 % beside one without',
    members: [
      { shares: 1000, max: 0.2, expected: 0.2 },
      { shares: 1000, expected: 0.8, judged: false },
    ],
    cpus: 'one',
    of: 'wall',
  },
  {
    figure: 'share_console_busy_error_percent',
    about: 'shares 2000 : 1000, console busy',
    members: [
      { shares: 2000, expected: 2 / 3 },
      { shares: 1000, expected: 1 / 3 },
    ],
    cpus: 'one',
    of: 'used',
    consoleBusy: true,
  },
];

/** How exactly every mix is kept, by Linux's clocks of the processes; beside it Linux's groups with plain processes. */
export async function mixes(context: BenchContext, images: Images, folder: string): Promise<Measured> {
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  const groups = LinuxGroups.find();
  if (groups.reason !== '') context.note(`Linux's groups are not there to compare with: ${groups.reason}`);
  for (const mix of MIXES) {
    const ours = errorOf(mix, await onHost(mix, context, images, folder));
    const theirs = groups.reason === '' ? await onLinux(mix, groups, context) : undefined;
    const linuxError = theirs === undefined ? undefined : errorOf(mix, theirs);
    figures[mix.figure] = ours;
    if (linuxError !== undefined) figures[`linux_${mix.figure}`] = linuxError;
    rows.push({
      mix: mix.about,
      'error, % of target': ours,
      'Linux groups, %': linuxError ?? (groups.reason === '' ? 'has no such thing' : groups.reason),
    });
    context.note(`${mix.about}: ${ours.toFixed(2)} % off`);
  }
  return { figures, rows };
}

interface Used {
  readonly wallUs: number;
  readonly usedUs: readonly number[];
}

function errorOf({ members, of }: Mix, { wallUs, usedUs }: Used): number {
  const whole = of === 'wall' ? wallUs : sum(usedUs);
  return Math.max(
    ...members.map(({ expected, judged }, i) =>
      judged === false ? 0 : (Math.abs((usedUs[i] ?? Number.NaN) / whole - expected) / expected) * 100,
    ),
  );
}

const windowMs = ({ quick }: BenchContext): number => (quick ? QUICK_WINDOW_MS : WINDOW_MS);

export function cpusOf(which: Mix['cpus']): number[] {
  return which === 'one' ? getAffinity().slice(-1) : getAffinity();
}

/** MHz of a PCPU as the VMkernel reads it: what a .vmx counts in. */
export function pcpuMhz(): number {
  return Number(/^cpu MHz\s*:\s*([\d.]+)/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1] ?? 1000);
}

async function onHost(mix: Mix, context: BenchContext, images: Images, folder: string): Promise<Used> {
  const cpus = cpusOf(mix.cpus);
  const host = await KernelHost.start({ context, folder, images, cpus });
  const busy = mix.consoleBusy === true ? LinuxGroups.spin(cpus[0] ?? 0) : undefined;
  try {
    const pids: number[] = [];
    for (const [i, { shares, min, max }] of mix.members.entries()) {
      const keys: Record<string, string> = { 'sched.cpu.shares': String(shares) };
      if (min !== undefined) keys['sched.cpu.min'] = String(Math.round(min * pcpuMhz()));
      if (max !== undefined) keys['sched.cpu.max'] = String(Math.round(max * pcpuMhz()));
      pids.push((await host.powerOn(await host.place('asm-spinner', `vm${i}`, keys))).pid);
    }
    await delay(WARM_UP_MS);
    return await cpuDuring(pids, () => delay(windowMs(context)));
  } finally {
    busy?.kill('SIGKILL');
    await host.stop();
  }
}

/** @returns undefined for what Linux's groups do not know: a reservation */
async function onLinux(mix: Mix, groups: LinuxGroups, context: BenchContext): Promise<Used | undefined> {
  if (mix.members.some(member => member.min !== undefined)) return undefined;
  const cpus = cpusOf(mix.cpus);
  const busy = mix.consoleBusy === true ? LinuxGroups.spin(cpus[0] ?? 0) : undefined;
  try {
    const pids = mix.members.map(({ shares, max }) => groups.spin(shares, max, cpus));
    await delay(WARM_UP_MS / 4);
    return await cpuDuring(pids, () => delay(windowMs(context)));
  } finally {
    busy?.kill('SIGKILL');
    await groups.clear();
  }
}
