import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Doorbell,
  emptySchedControlFigures,
  KickReason,
  type SchedControlFigures,
} from '../kernel/abi/index.js';
import { futexWake, getAffinity, mapFile, nowUs } from '../lib/linux/index.js';
import { fairness } from './fairness.js';
import { Images } from './images.js';
import { KernelHost, type RunningVm } from './kernel-host.js';
import type { BenchContext, Benchmark, Measured, Row } from './result.js';
import { percentile } from './statistics.js';

const KICKS = 300;
const RUNS = 2;
/** Kicks come at uneven times: never in step with a tick or a quantum. */
const KICK_EVERY_MS = [6, 11, 8, 14, 7, 12, 9, 5, 13, 10] as const;
/** The scheduler publishes its figures twice a second. */
const PUBLISH_MS = 600;
const CROWDS = [2, 16, 64] as const;
const CROWD_WINDOW_MS = 5000;
const POWER_ON_AT_ONCE = 4;

/**
 * From a kick of a halted VM's doorbell to its next slice, as its monitor measures it: futex wake of the scheduler,
 * its pass, futex wake of the monitor's thread. And what the scheduler costs.
 */
export const dispatch: Benchmark = {
  name: 'dispatch',
  about: 'kick to first guest instruction, cost of it, CPU of the scheduler, shares and limits',
  targets: [],
  run,
};

async function run(context: BenchContext): Promise<Measured> {
  const folder = join(context.folder, 'dispatch');
  mkdirSync(folder);
  const images = await Images.build(['asm-spinner', 'asm-idler'], join(folder, 'images'), context.note);
  const parts = [
    await wakes(context, images, folder),
    await crowds(context, images, folder),
    await fairness(context, images, folder),
  ];
  rmSync(folder, { recursive: true });
  return {
    figures: Object.assign({}, ...parts.map(part => part.figures)) as Record<string, number>,
    rows: parts.flatMap(part => part.rows),
  };
}

interface Wakes {
  latenciesUs: number[];
  kicks: number;
  /** CPU of scheduler and kicked vmx for all kicks, µs. */
  schedulerUs: number;
  vmxUs: number;
  dispatches: number;
}

async function wakes(context: BenchContext, images: Images, folder: string): Promise<Measured> {
  const oneCpu = getAffinity().slice(-1);
  const quiet = await KernelHost.start({ context, folder, images });
  const shared = await KernelHost.start({ context, folder, images, cpus: oneCpu });
  const found = { idle: noWakes(), spinner: noWakes() };
  try {
    const idler = await quiet.powerOn(await quiet.place('asm-idler', 'idler'));
    const behind = await shared.powerOn(await shared.place('asm-idler', 'idler'));
    for (let i = 0; i < (context.runs ?? RUNS); i++) {
      await kickOften(quiet, idler, found.idle);
      const spinner = await shared.powerOn(await shared.place('asm-spinner', 'spinner'));
      await kickOften(shared, behind, found.spinner);
      await shared.powerOff(spinner);
      context.note(`round ${i + 1} of kicks`);
    }
  } finally {
    await quiet.stop();
    await shared.stop();
  }
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  for (const [where, all] of Object.entries(found)) {
    const p50 = percentile(all.latenciesUs, 0.5);
    const p99 = percentile(all.latenciesUs, 0.99);
    const schedulerUs = all.schedulerUs / all.kicks;
    const vmxUs = all.vmxUs / all.kicks;
    figures[`dispatch_${where}_p50_us`] = p50;
    figures[`dispatch_${where}_p99_us`] = p99;
    figures[`dispatch_${where}_scheduler_cost_us`] = schedulerUs;
    figures[`dispatch_${where}_vmx_cost_us`] = vmxUs;
    rows.push({
      PCPU: where,
      wakes: all.latenciesUs.length,
      'p50 µs': p50,
      'p99 µs': p99,
      'worst µs': Math.max(...all.latenciesUs),
      'scheduler µs/kick': schedulerUs,
      'vmx µs/kick': vmxUs,
      'grants/kick': all.dispatches / all.kicks,
    });
  }
  return { figures, rows };
}

const noWakes = (): Wakes => ({ latenciesUs: [], kicks: 0, schedulerUs: 0, vmxUs: 0, dispatches: 0 });

async function kickOften(host: KernelHost, vm: RunningVm, into: Wakes): Promise<void> {
  const doorbell = Doorbell.open(host.shmDir, { mapFile, futexWake, nowUs });
  await delay(PUBLISH_MS * 2);
  const before = schedulerFigures(host);
  const vmxBeforeUs = vm.cpuUs();
  let { count } = vm.wakesSince(0);
  for (let i = 0; i < KICKS; i++) {
    await delay(KICK_EVERY_MS[i % KICK_EVERY_MS.length]);
    doorbell.kick(vm.worldRow, KickReason.control);
  }
  await delay(PUBLISH_MS);
  const after = schedulerFigures(host);
  const seen = vm.wakesSince(count);
  count = seen.count;
  into.latenciesUs.push(...seen.latenciesUs);
  into.kicks += KICKS;
  into.schedulerUs += after.ownCpuUs - before.ownCpuUs;
  into.dispatches += after.dispatches - before.dispatches;
  into.vmxUs += vm.cpuUs() - vmxBeforeUs;
}

function schedulerFigures(host: KernelHost): SchedControlFigures {
  const figures = emptySchedControlFigures();
  if (!host.statistics.sched.schedControl.read(figures)) throw new Error('stale figures of the scheduler');
  return figures;
}

/** The scheduler's own CPU with so many VMs that all want to run. */
async function crowds(context: BenchContext, images: Images, folder: string): Promise<Measured> {
  const host = await KernelHost.start({ context, folder, images });
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  let vms = 0;
  try {
    for (const crowd of CROWDS) {
      while (vms < crowd) {
        const names = Array.from(
          { length: Math.min(POWER_ON_AT_ONCE, crowd - vms) },
          () => `spinner${vms++}`,
        );
        await Promise.all(names.map(async name => host.powerOn(await host.place('asm-spinner', name))));
      }
      await delay(PUBLISH_MS * 2);
      const before = schedulerFigures(host);
      await delay(CROWD_WINDOW_MS);
      const after = schedulerFigures(host);
      const seconds = (after.takenUs - before.takenUs) / 1e6;
      const own = after.ownCpuUs - before.ownCpuUs;
      const grants = after.dispatches - before.dispatches;
      figures[`dispatch_scheduler_${crowd}_vms_percent`] = own / seconds / 1e4;
      rows.push({
        'busy VMs': crowd,
        'scheduler % of a core': own / seconds / 1e4,
        'grants/s': grants / seconds,
        'scheduler µs/grant': own / grants,
      });
      context.note(`${crowd} busy VMs`);
    }
  } finally {
    await host.stop();
  }
  return { figures, rows };
}
