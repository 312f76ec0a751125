import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { attachVmm } from '../kernel/client/index.js';
import { Images } from './images.js';
import { KernelHost, type RunningVm } from './kernel-host.js';
import type { BenchContext, Benchmark, Measured } from './result.js';

/** Jobs of the guest's shell by what they are: calls of its operating system, or its own computing. */
const JOBS = {
  syscalls: 'dd if=/dev/zero of=/dev/null bs=1 count=1500000 2>/dev/null',
  compute: 'dd if=/dev/zero bs=64k count=600 2>/dev/null | sha256sum',
  shell: 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done',
  fork: 'i=0; while [ $i -lt 150 ]; do /bin/busybox true; i=$((i+1)); done',
} as const;
type Job = keyof typeof JOBS;
const JOB_NAMES = Object.keys(JOBS) as Job[];
const STAT = /cpu +(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)[^\n]*\n/;

/** Times of a virtual CPU so far, by mode. */
interface Modes {
  readonly user: number;
  readonly kernel: number;
  readonly monitor: number;
  readonly interrupts: number;
}

/** How a virtual CPU's time divides into the guest's rings and the monitor, beside what the guest's kernel counted. */
export const monitor: Benchmark = {
  name: 'monitor',
  about: "a vCPU's time by execution mode: system calls, computing, forks; beside the guest's own /proc/stat",
  targets: [
    { figure: 'monitor_syscalls_kernel_percent', atLeast: 50 },
    { figure: 'monitor_compute_user_percent', atLeast: 80 },
  ],
  run,
};

async function run(context: BenchContext): Promise<Measured> {
  const folder = join(context.folder, 'monitor');
  mkdirSync(folder);
  const images = await Images.build(['linux'], join(folder, 'images'), context.note);
  const host = await KernelHost.start({ context, folder, images });
  try {
    const vm = await host.powerOn(await host.place('linux', 'modes'));
    await vm.session.prompt();
    const modes = modesOf(host, vm);
    const measured = [];
    for (const job of JOB_NAMES) {
      await vm.session.command(JOBS[job]); // its code is translated
      measured.push(await measure(context, vm, modes, job));
    }
    await host.powerOff(vm);
    return joinedJobs(measured);
  } finally {
    await host.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function modesOf(host: KernelHost, vm: RunningVm): () => Modes {
  const { vmmReport } = attachVmm(host.shmDir, host.statistics.host.world.worldId(vm.worldRow));
  return () => ({
    user: vmmReport.guestUserUs(),
    kernel: vmmReport.guestKernelUs(),
    monitor: vmmReport.monitorUs(),
    interrupts: vmmReport.interrupts(),
  });
}

interface JobResult {
  readonly job: Job;
  /** Shares of the vCPU's time, %. */
  readonly user: number;
  readonly kernel: number;
  readonly monitor: number;
  /** User time of user and kernel time, %: as the monitor counts, and as the guest's timer tick saw it. */
  readonly userOfGuest: number;
  readonly userByGuest: number;
  readonly interruptsPerS: number;
}

async function measure(
  context: BenchContext,
  vm: RunningVm,
  modes: () => Modes,
  job: Job,
): Promise<JobResult> {
  const statBefore = await guestTicks(vm);
  const before = modes();
  const startMs = performance.now();
  await vm.session.command(JOBS[job]);
  const tookMs = performance.now() - startMs;
  const after = modes();
  const statAfter = await guestTicks(vm);
  const user = after.user - before.user;
  const kernel = after.kernel - before.kernel;
  const monitorUs = after.monitor - before.monitor;
  const all = user + kernel + monitorUs;
  const ticks = { user: statAfter.user - statBefore.user, kernel: statAfter.kernel - statBefore.kernel };
  const result: JobResult = {
    job,
    user: (user / all) * 100,
    kernel: (kernel / all) * 100,
    monitor: (monitorUs / all) * 100,
    userOfGuest: (user / (user + kernel)) * 100,
    userByGuest: (ticks.user / (ticks.user + ticks.kernel)) * 100,
    interruptsPerS: ((after.interrupts - before.interrupts) / tookMs) * 1000,
  };
  context.note(
    `${job}: ${result.user.toFixed(1)} % user, ${result.kernel.toFixed(1)} % kernel, ${result.monitor.toFixed(1)} % monitor; user of guest ${result.userOfGuest.toFixed(1)} %, by its ticks ${result.userByGuest.toFixed(1)} %`,
  );
  return result;
}

/** Ticks that the guest's kernel gave to user code (and nice) and to itself (system, irq, softirq). */
async function guestTicks(vm: RunningVm): Promise<{ user: number; kernel: number }> {
  vm.session.send('head -n 1 /proc/stat\n');
  const [, user, nice, system, , , irq, softirq] = await vm.session.match(STAT);
  await vm.session.prompt();
  return { user: Number(user) + Number(nice), kernel: Number(system) + Number(irq) + Number(softirq) };
}

function joinedJobs(results: readonly JobResult[]): Measured {
  return {
    figures: Object.fromEntries(
      results.flatMap(({ job, user, kernel, monitor: own, userOfGuest, userByGuest }) => [
        [`monitor_${job}_user_percent`, user],
        [`monitor_${job}_kernel_percent`, kernel],
        [`monitor_${job}_monitor_percent`, own],
        [`monitor_${job}_against_guest_points`, userOfGuest - userByGuest],
      ]),
    ),
    rows: results.map(r => ({
      job: r.job,
      'guest user, %': r.user,
      'guest kernel, %': r.kernel,
      'monitor, %': r.monitor,
      'user of guest, %': r.userOfGuest,
      'by /proc/stat, %': r.userByGuest,
      'interrupts/s': r.interruptsPerS,
    })),
  };
}
