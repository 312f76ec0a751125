import { setTimeout as delay } from 'node:timers/promises';
import type { Images } from '../images.js';
import { KernelHost } from '../kernel-host.js';
import type { BenchContext, Measured, Row } from '../result.js';
import { PUBLISH_MS, schedulerFigures } from './scheduler-figures.js';

const CROWDS = [4, 16, 64] as const;
const QUICK_CROWDS = [4] as const;
const WINDOW_MS = 5000;
const POWER_ON_AT_ONCE = 4;
/** The crowd whose cost is `scheduler_cpu_percent`. */
const USUAL = 4;

/** The scheduler's own CPU with so many VMs that all want to run, and how long its passes take. */
export async function crowds(context: BenchContext, images: Images, folder: string): Promise<Measured> {
  const host = await KernelHost.start({ context, folder, images });
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  let vms = 0;
  try {
    for (const crowd of context.quick ? QUICK_CROWDS : CROWDS) {
      while (vms < crowd) {
        const length = Math.min(POWER_ON_AT_ONCE, crowd - vms);
        const names = Array.from({ length }, () => `spinner${vms++}`);
        await Promise.all(names.map(async name => host.powerOn(await host.place('asm-spinner', name))));
      }
      await delay(PUBLISH_MS * 4);
      const before = schedulerFigures(host);
      await delay(WINDOW_MS);
      const after = schedulerFigures(host);
      const seconds = (after.takenUs - before.takenUs) / 1e6;
      const ownUs = after.ownCpuUs - before.ownCpuUs;
      const grants = after.dispatches - before.dispatches;
      const passUs = (after.passUs - before.passUs) / (after.loops - before.loops);
      const suffix = crowd === USUAL ? '' : `_${crowd}`;
      figures[`scheduler_cpu${suffix}_percent`] = ownUs / seconds / 1e4;
      figures[`scheduler_pass${suffix}_us`] = passUs;
      figures[`dispatch${suffix}_us`] = ownUs / grants;
      rows.push({
        'busy VMs': crowd,
        'scheduler % of a core': ownUs / seconds / 1e4,
        'grants/s': grants / seconds,
        'passes/s': (after.loops - before.loops) / seconds,
        'CPU µs/grant': ownUs / grants,
        'pass, µs': passUs,
        'longest pass, µs': after.longestPassUs,
      });
      context.note(`${crowd} busy VMs`);
    }
  } finally {
    await host.stop();
  }
  return { figures, rows };
}
