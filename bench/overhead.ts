import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { VMX_NODE_FLAGS } from '../kernel/abi/index.js';
import type { GuestSession } from './guest-session.js';
import { Images } from './images.js';
import { KernelHost, type RunningVm } from './kernel-host.js';
import { Peer } from './peers.js';
import { cpuUs } from './processes.js';
import type { BenchContext, Benchmark, Measured, Row } from './result.js';
import { median, sum } from './statistics.js';

/** What the guest's shell is made to do; short, so that many pairs lie close together in time. */
const JOBS = {
  compute:
    'i=0; while [ $i -lt 1500 ]; do i=$((i+1)); done; dd if=/dev/zero bs=64k count=20 2>/dev/null | sha256sum',
  fork: 'i=0; while [ $i -lt 20 ]; do /bin/busybox true; i=$((i+1)); done',
} as const;
type Job = keyof typeof JOBS;
const JOB_NAMES = Object.keys(JOBS) as Job[];

/** V8's compilers of WebAssembly. The product's flags leave it to the engine; each of these overrules it. */
const TIERS = {
  product: VMX_NODE_FLAGS,
  liftoff: [...VMX_NODE_FLAGS, '--liftoff-only'],
  v8: [...VMX_NODE_FLAGS, '--wasm-dynamic-tiering'],
} as const;
type Tier = keyof typeof TIERS;
const TIER_NAMES = Object.keys(TIERS) as Tier[];

const PAIRS = 60;
const TIER_ROUNDS = 6;
const WARM_ROUNDS = 3;
const BUSY_VMS = [2, 4, 16] as const;
const BUSY_ROUNDS = 12;
const BUSY_WINDOW_MS = 2000;
const SETTLE_MS = 700;
const LOOP = 'while :; do :; done\n';
const CTRL_C = '\x03';

/** CPU of the whole vmware-vmx process for the same work in the guest. */
export const overhead: Benchmark = {
  name: 'overhead',
  about: 'CPU for a job in the guest: host against bare engine, V8 compilers, 2 to 16 busy VMs',
  targets: [
    { figure: 'overhead_compute_percent', atMost: 3 },
    { figure: 'overhead_fork_percent', atMost: 3 },
    { figure: 'overhead_busy4_loss_percent', atMost: 5 },
    { figure: 'overhead_busy16_loss_percent', atMost: 5 },
  ],
  run,
};

async function run(context: BenchContext): Promise<Measured> {
  const folder = join(context.folder, 'overhead');
  mkdirSync(folder);
  const images = await Images.build(['linux', 'tiny'], join(folder, 'images'), context.note);
  const parts = [
    await againstBare(context, images, folder),
    await tiers(context, images, folder),
    await busyVms(context, images, folder),
  ];
  rmSync(folder, { recursive: true });
  return {
    figures: Object.assign({}, ...parts.map(part => part.figures)) as Record<string, number>,
    rows: parts.flatMap(part => part.rows),
  };
}

/** A guest that has booted, on whatever machine. */
interface Worker {
  readonly session: GuestSession;
  cpuUs(): number;
}

/** CPU seconds for one run of a job. */
async function cost(worker: Worker, job: Job): Promise<number> {
  const before = worker.cpuUs();
  await worker.session.command(JOBS[job]);
  return (worker.cpuUs() - before) / 1e6;
}

/**
 * Every worker does every job in turn, so many times, each time in the other order. In the first rounds the guest's code
 * is translated: they do not count.
 */
async function alternate<N extends string>(
  workers: ReadonlyMap<N, Worker>,
  runs: number,
  note: (text: string) => void,
): Promise<(name: N, job: Job) => number[]> {
  const costs = new Map<string, number[]>();
  const order = [...workers];
  for (let i = -WARM_ROUNDS; i < runs; i++) {
    for (const job of JOB_NAMES)
      for (const [name, worker] of order) {
        const seconds = await cost(worker, job);
        if (i >= 0) costs.set(`${name} ${job}`, [...(costs.get(`${name} ${job}`) ?? []), seconds]);
      }
    order.reverse();
  }
  note(`${runs} rounds of jobs by ${[...workers.keys()].join(', ')}`);
  return (name, job) => costs.get(`${name} ${job}`) ?? [];
}

async function againstBare(context: BenchContext, images: Images, folder: string): Promise<Measured> {
  const host = await KernelHost.start({ context, folder, images });
  const peer = Peer.bare(context.owned, await images.place('linux', folder, 'bare'), images.firmware, {
    stock: false,
    nodeFlags: VMX_NODE_FLAGS,
  });
  try {
    const vm = await host.powerOn(await host.place('linux', 'linux'));
    await Promise.all([vm.session.prompt(), peer.session.prompt()]);
    const workers = new Map<'ours' | 'bare', Worker>([
      ['ours', vm],
      ['bare', peer],
    ]);
    const costs = await alternate(workers, context.runs ?? PAIRS, context.note);
    const figures: Record<string, number> = {};
    const rows: Row[] = [];
    for (const job of JOB_NAMES) {
      const [ours, bare] = [costs('ours', job), costs('bare', job)];
      const more = median(ours.map((seconds, i) => (seconds / (bare[i] ?? Number.NaN) - 1) * 100));
      figures[`overhead_${job}_ours_cpu_s`] = median(ours);
      figures[`overhead_${job}_bare_cpu_s`] = median(bare);
      figures[`overhead_${job}_percent`] = more;
      rows.push({ job, 'ours CPU s': median(ours), 'bare CPU s': median(bare), 'more %': more });
    }
    return { figures, rows };
  } finally {
    await peer.stop();
    await host.stop();
  }
}

/** One host for each choice of V8's compilers; boot and jobs. */
async function tiers(context: BenchContext, images: Images, folder: string): Promise<Measured> {
  const hosts: KernelHost[] = [];
  const workers = new Map<Tier, RunningVm>();
  const boots = new Map<Tier, number>();
  try {
    for (const tier of TIER_NAMES) {
      const host = await KernelHost.start({ context, folder, images, vmxNodeFlags: TIERS[tier] });
      hosts.push(host);
      const vm = await host.powerOn(await host.place('linux', 'linux'));
      await vm.session.prompt();
      boots.set(tier, vm.cpuUs() / 1e6);
      workers.set(tier, vm);
    }
    const costs = await alternate(workers, context.runs ?? TIER_ROUNDS, context.note);
    const figures: Record<string, number> = {};
    const rows: Row[] = [];
    for (const tier of TIER_NAMES) {
      const boot = boots.get(tier) ?? Number.NaN;
      const [compute, fork] = [median(costs(tier, 'compute')), median(costs(tier, 'fork'))];
      const pss = workers.get(tier)?.pssMb() ?? Number.NaN;
      figures[`overhead_tier_${tier}_boot_cpu_s`] = boot;
      figures[`overhead_tier_${tier}_compute_cpu_s`] = compute;
      figures[`overhead_tier_${tier}_fork_cpu_s`] = fork;
      figures[`overhead_tier_${tier}_pss_mb`] = pss;
      rows.push({ tier, 'boot CPU s': boot, 'compute CPU s': compute, 'fork CPU s': fork, 'PSS MB': pss });
    }
    return { figures, rows };
  } finally {
    for (const host of hosts) await host.stop();
  }
}

/** Guest instructions per second of CPU that vmx processes and the VMkernel used, with so many VMs in an endless loop. */
async function busyVms(context: BenchContext, images: Images, folder: string): Promise<Measured> {
  const host = await KernelHost.start({ context, folder, images });
  try {
    const vms: RunningVm[] = [];
    for (let i = 0; i < Math.max(...BUSY_VMS); i++) {
      const vm = await host.powerOn(await host.place('tiny', `busy${i}`));
      await vm.session.prompt();
      vms.push(vm);
    }
    const rates = new Map<number, number[]>();
    for (let round = 0; round < (context.runs ?? BUSY_ROUNDS); round++)
      for (const count of BUSY_VMS) {
        const rate = await workRate(host, vms.slice(0, count));
        context.note(`${count} busy VMs: ${rate.toFixed(0)} MIPS per busy core`);
        rates.set(count, [...(rates.get(count) ?? []), rate]);
      }
    return busySummary(rates);
  } finally {
    await host.stop();
  }
}

/** Million guest instructions per CPU second. */
async function workRate(host: KernelHost, vms: readonly RunningVm[]): Promise<number> {
  for (const vm of vms) vm.session.send(LOOP);
  await delay(SETTLE_MS);
  const read = () => ({
    instructions: sum(vms.map(vm => vm.instructions())),
    usedUs: sum(vms.map(vm => vm.cpuUs())) + cpuUs(host.pid),
  });
  const before = read();
  await delay(BUSY_WINDOW_MS);
  const after = read();
  for (const vm of vms) {
    vm.session.send(CTRL_C);
    await vm.session.command(':');
  }
  return (after.instructions - before.instructions) / (after.usedUs - before.usedUs);
}

function busySummary(rates: ReadonlyMap<number, readonly number[]>): Measured {
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  const base = rates.get(2) ?? [];
  for (const [count, all] of rates) {
    const loss = median(all.map((rate, i) => (1 - rate / (base[i] ?? Number.NaN)) * 100));
    figures[`overhead_busy${count}_mips`] = median(all);
    if (count !== 2) figures[`overhead_busy${count}_loss_percent`] = loss;
    rows.push({ 'busy VMs': count, 'MIPS per busy core': median(all), 'less than with 2 %': loss });
  }
  return { figures, rows };
}
