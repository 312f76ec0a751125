/**
 * bench/scheduler: how well CPU is shared out among real guests, how soon a woken one runs, and what that costs.
 *
 * Layers: linux-groups (cgroups), linux-wake + linux-waiter (a process that Linux wakes), scheduler-figures
 *         < mixes, wakes, crowds < this file.
 * All CPU time is that of whole vmware-vmx processes, by Linux's clocks of them.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Images } from '../images.js';
import type { BenchContext, Benchmark, Measured } from '../result.js';
import { crowds } from './crowds.js';
import { mixes } from './mixes.js';
import { wakes } from './wakes.js';

export const scheduler: Benchmark = {
  name: 'scheduler',
  about: 'shares, reservations, limits beside Linux groups; kick to first slice; CPU of the scheduler',
  targets: [
    { figure: 'share_error_percent', atMost: 1 },
    { figure: 'share_three_error_percent', atMost: 1 },
    { figure: 'reservation_error_percent', atMost: 1 },
    { figure: 'limit_error_percent', atMost: 1 },
    { figure: 'limit_beside_error_percent', atMost: 1 },
    { figure: 'share_console_busy_error_percent', atMost: 2 },
    { figure: 'wake_p50_us', atMost: 100 },
    { figure: 'wake_p99_us', atMost: 300 },
    { figure: 'scheduler_cpu_percent', atMost: 1 },
    { figure: 'scheduler_cpu_64_percent', atMost: 12 },
    { figure: 'scheduler_pass_us', atMost: 50 },
    { figure: 'scheduler_pass_64_us', atMost: 50 },
  ],
  run,
};

async function run(context: BenchContext): Promise<Measured> {
  const folder = join(context.folder, 'scheduler');
  mkdirSync(folder);
  const images = await Images.build(['asm-spinner', 'asm-idler'], join(folder, 'images'), context.note);
  const parts = [
    await wakes(context, images, folder),
    await mixes(context, images, folder),
    await crowds(context, images, folder),
  ];
  rmSync(folder, { recursive: true });
  return {
    figures: Object.assign({}, ...parts.map(part => part.figures)) as Record<string, number>,
    rows: parts.flatMap(part => part.rows),
  };
}
