import { setTimeout as delay } from 'node:timers/promises';
import { Doorbell, KickReason } from '../../kernel/abi/index.js';
import { futexWake, mapFile, nowUs } from '../../lib/linux/index.js';
import type { Images } from '../images.js';
import { KernelHost, type RunningVm } from '../kernel-host.js';
import type { BenchContext, Measured, Row } from '../result.js';
import { percentile } from '../statistics.js';
import { LinuxGroups } from './linux-groups.js';
import { LinuxWaiter } from './linux-wake.js';
import { cpusOf } from './mixes.js';
import { PUBLISH_MS, schedulerFigures } from './scheduler-figures.js';

const KICKS = 300;
const QUICK_KICKS = 30;
const RUNS = 3;
/** Kicks come at uneven times: never in step with a tick or a quantum. */
const KICK_EVERY_MS = [6, 11, 8, 14, 7, 12, 9, 5, 13, 10] as const;

interface Wakes {
  latenciesUs: number[];
  kicks: number;
  /** CPU of scheduler and kicked vmx for all kicks, µs. */
  schedulerUs: number;
  vmxUs: number;
  dispatches: number;
}

/**
 * From a kick of a halted VM's doorbell to its next slice, as its monitor measures it: on a PCPU that has nothing else to
 * do, and on one that a spinning VM holds. Beside it, on the same CPU in turns, a process that Linux alone wakes.
 */
export async function wakes(context: BenchContext, images: Images, folder: string): Promise<Measured> {
  const [cpu = 0] = cpusOf('one');
  const host = await KernelHost.start({ context, folder, images, cpus: [cpu] });
  const found = { idle: noWakes(), spinner: noWakes() };
  const linux = { idle: [] as number[], spinner: [] as number[] };
  try {
    const idler = await host.powerOn(await host.place('asm-idler', 'idler'));
    for (let i = 0; i < (context.runs ?? (context.quick ? 1 : RUNS)); i++) {
      await kickOften(context, host, idler, found.idle);
      const spinner = await host.powerOn(await host.place('asm-spinner', 'spinner'));
      await kickOften(context, host, idler, found.spinner);
      await host.powerOff(spinner);
      await kickLinux(context, folder, cpu, linux);
      context.note(`round ${i + 1} of kicks`);
    }
  } finally {
    await host.stop();
  }
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  for (const where of ['spinner', 'idle'] as const) {
    const { latenciesUs, kicks, schedulerUs, vmxUs, dispatches } = found[where];
    const tell = (name: string, samples: readonly number[], more: Row): void => {
      figures[`${name}_p50_us`] = percentile(samples, 0.5);
      figures[`${name}_p99_us`] = percentile(samples, 0.99);
      rows.push({
        PCPU: where,
        wakes: samples.length,
        'p50 µs': percentile(samples, 0.5),
        'p90 µs': percentile(samples, 0.9),
        'p99 µs': percentile(samples, 0.99),
        'worst µs': Math.max(...samples),
        ...more,
      });
    };
    const prefix = where === 'spinner' ? 'wake' : 'wake_idle';
    figures[`${prefix}_scheduler_cost_us`] = schedulerUs / kicks;
    figures[`${prefix}_vmx_cost_us`] = vmxUs / kicks;
    tell(prefix, latenciesUs, {
      by: 'VMkernel',
      'scheduler µs/kick': schedulerUs / kicks,
      'vmx µs/kick': vmxUs / kicks,
      'grants/kick': dispatches / kicks,
    });
    tell(`linux_${prefix}`, linux[where], { by: 'Linux alone' });
  }
  return { figures, rows };
}

const noWakes = (): Wakes => ({ latenciesUs: [], kicks: 0, schedulerUs: 0, vmxUs: 0, dispatches: 0 });

async function kickTimes(context: BenchContext, kick: () => void): Promise<number> {
  const kicks = context.quick ? QUICK_KICKS : KICKS;
  for (let i = 0; i < kicks; i++) {
    await delay(KICK_EVERY_MS[i % KICK_EVERY_MS.length]);
    kick();
  }
  return kicks;
}

async function kickOften(context: BenchContext, host: KernelHost, vm: RunningVm, into: Wakes): Promise<void> {
  const doorbell = Doorbell.open(host.shmDir, { mapFile, futexWake, nowUs });
  await delay(PUBLISH_MS * 2);
  const before = schedulerFigures(host);
  const vmxBeforeUs = vm.cpuUs();
  const { count } = vm.wakesSince(0);
  into.kicks += await kickTimes(context, () => doorbell.kick(vm.worldRow, KickReason.disk));
  await delay(PUBLISH_MS);
  const after = schedulerFigures(host);
  into.latenciesUs.push(...vm.wakesSince(count).latenciesUs);
  into.schedulerUs += after.ownCpuUs - before.ownCpuUs;
  into.dispatches += after.dispatches - before.dispatches;
  into.vmxUs += vm.cpuUs() - vmxBeforeUs;
}

/** The same by Linux's ordinary class: first alone on the CPU, then beside a process that spins. */
async function kickLinux(
  context: BenchContext,
  folder: string,
  cpu: number,
  into: { idle: number[]; spinner: number[] },
): Promise<void> {
  const waiter = await LinuxWaiter.start(folder, cpu);
  try {
    await kickTimes(context, () => waiter.kick());
    const alone = waiter.latenciesUs();
    into.idle.push(...alone);
    const spinner = LinuxGroups.spin(cpu);
    await kickTimes(context, () => waiter.kick()).finally(() => spinner.kill('SIGKILL'));
    into.spinner.push(...waiter.latenciesUs().slice(alone.length));
  } finally {
    await waiter.stop();
  }
}
