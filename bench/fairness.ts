import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { getAffinity } from '../lib/linux/index.js';
import type { Images } from './images.js';
import { KernelHost } from './kernel-host.js';
import { cpuDuring } from './processes.js';
import type { BenchContext, Measured } from './result.js';
import { sum } from './statistics.js';

const WINDOW_MS = 10_000;
const SETTLE_MS = 1500;
const LIMIT = 0.25;

/** How exactly CPU is shared 2:1 on one PCPU, and held to a limit, by Linux's own clocks of the processes. */
export async function fairness(context: BenchContext, images: Images, folder: string): Promise<Measured> {
  const shares = await twoToOne(context, images, folder);
  context.note(`2:1 by shares: ${shares.toFixed(2)} % off`);
  const limit = await limited(context, images, folder);
  context.note(`limit of 25 %: ${limit.toFixed(2)} % off`);
  return {
    figures: { dispatch_shares_error_percent: shares, dispatch_limit_error_percent: limit },
    rows: [
      { policy: 'shares 2000:1000 on one PCPU', 'error, % of target': shares },
      { policy: 'limit 25 % of a PCPU', 'error, % of target': limit },
    ],
  };
}

async function twoToOne(context: BenchContext, images: Images, folder: string): Promise<number> {
  const host = await KernelHost.start({ context, folder, images, cpus: getAffinity().slice(-1) });
  try {
    const pids: number[] = [];
    for (const shares of [2000, 1000]) {
      const keys = { 'sched.cpu.shares': String(shares) };
      pids.push((await host.powerOn(await host.place('asm-spinner', `shares${shares}`, keys))).pid);
    }
    await delay(SETTLE_MS);
    const { usedUs } = await cpuDuring(pids, () => delay(WINDOW_MS));
    const target = (sum(usedUs) * 2) / 3;
    return (Math.abs((usedUs[0] ?? Number.NaN) - target) / target) * 100;
  } finally {
    await host.stop();
  }
}

async function limited(context: BenchContext, images: Images, folder: string): Promise<number> {
  const host = await KernelHost.start({ context, folder, images });
  try {
    const mhz = Number(/^cpu MHz\s*:\s*([\d.]+)/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1] ?? 1000);
    const keys = { 'sched.cpu.max': String(Math.round(mhz * LIMIT)) };
    const vm = await host.powerOn(await host.place('asm-spinner', 'limited', keys));
    await delay(SETTLE_MS);
    const { wallUs, usedUs } = await cpuDuring([vm.pid], () => delay(WINDOW_MS));
    const target = wallUs * LIMIT;
    return (Math.abs((usedUs[0] ?? Number.NaN) - target) / target) * 100;
  } finally {
    await host.stop();
  }
}
