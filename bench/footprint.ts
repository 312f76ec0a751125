import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { VmInfo } from '../kernel/abi/index.js';
import { type GuestName, Images } from './images.js';
import { commandLine, cpuDuring, pssMb } from './processes.js';
import type { BenchContext, Benchmark, Measured, Row } from './result.js';
import { SoapHost } from './soap-host.js';
import { median, sum } from './statistics.js';

const CROWDS = [1, 4, 16, 64] as const;
const POWER_ON_AT_ONCE = 3;
/** Start-up work of daemons and guests is over after this. */
const SETTLE_MS = 8000;
const WINDOW_MS = 10_000;

/** Memory and CPU of the whole product with nothing to do: every process of it, as Linux counts. */
export const footprint: Benchmark = {
  name: 'footprint',
  about: 'memory and idle CPU of the host, of an idle VM, of up to 64 of them',
  targets: [
    { figure: 'footprint_host_pss_mb', atMost: 350 },
    { figure: 'footprint_host_cpu_percent', atMost: 2 },
    { figure: 'footprint_tiny_pss_mb', atMost: 90 },
    { figure: 'footprint_tiny_cpu_percent', atMost: 1 },
    { figure: 'footprint_linux_cpu_percent', atMost: 5 },
  ],
  run,
};

interface Idle {
  readonly hostPssMb: number;
  readonly hostCpuPercent: number;
  /** Per VM. */
  readonly vmPssMb: number;
  readonly vmCpuPercent: number;
}

async function run(context: BenchContext): Promise<Measured> {
  const folder = join(context.folder, 'footprint');
  mkdirSync(folder);
  const images = await Images.build(['linux', 'tiny'], join(folder, 'images'), context.note);
  const host = await SoapHost.up(context);
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  try {
    await idle(host, []);
    const processes = await daemons(host);
    const alone = await idle(host, []);
    figures.footprint_host_pss_mb = alone.hostPssMb;
    figures.footprint_host_cpu_percent = alone.hostCpuPercent;
    rows.push(...processes, row('none', 0, alone));
    const [linux] = await powerOn(host, images, 'linux', ['linux']);
    if (linux === undefined) throw new Error('linux did not power on');
    const debian = await idle(host, [linux]);
    figures.footprint_linux_pss_mb = debian.vmPssMb;
    figures.footprint_linux_cpu_percent = debian.vmCpuPercent;
    rows.push(row('linux 64 MB', 1, debian));
    await host.powerOff(linux);
    const vms: VmInfo[] = [];
    for (const crowd of CROWDS) {
      const names = Array.from({ length: crowd - vms.length }, (_, i) => `tiny${vms.length + i}`);
      vms.push(...(await powerOn(host, images, 'tiny', names)));
      const found = await idle(host, vms);
      context.note(
        `${crowd} tiny VMs: ${found.vmPssMb.toFixed(1)} MB, ${found.vmCpuPercent.toFixed(2)} % each`,
      );
      if (crowd === 1) {
        figures.footprint_tiny_pss_mb = found.vmPssMb;
        figures.footprint_tiny_cpu_percent = found.vmCpuPercent;
      }
      figures[`footprint_tiny_${crowd}_vm_pss_mb`] = found.vmPssMb;
      figures[`footprint_tiny_${crowd}_vm_cpu_percent`] = found.vmCpuPercent;
      figures[`footprint_tiny_${crowd}_host_pss_mb`] = found.hostPssMb;
      figures[`footprint_tiny_${crowd}_host_cpu_percent`] = found.hostCpuPercent;
      rows.push(row('tiny 32 MB', crowd, found));
    }
  } finally {
    await host.stop();
  }
  rmSync(folder, { recursive: true });
  return { figures, rows };
}

function row(guest: string, vms: number, found: Idle): Row {
  return {
    guest,
    VMs: vms,
    'PSS/VM MB': vms === 0 ? '' : found.vmPssMb.toFixed(1),
    'CPU/VM %': vms === 0 ? '' : found.vmCpuPercent.toFixed(2),
    'host PSS MB': found.hostPssMb,
    'host CPU %': found.hostCpuPercent,
  };
}

/** Everything idle, for a while: VMs apart from the rest of the host. */
async function idle(host: SoapHost, vms: readonly VmInfo[]): Promise<Idle> {
  await delay(SETTLE_MS);
  const vmPids = vms.map(vm => vm.pid);
  const hostPids = host.processes().filter(pid => !vmPids.includes(pid));
  const { wallUs, usedUs } = await cpuDuring([...hostPids, ...vmPids], () => delay(WINDOW_MS));
  const percent = (parts: readonly number[]) => (sum(parts) / wallUs) * 100;
  return {
    hostPssMb: sum(hostPids.map(pssMb)),
    hostCpuPercent: percent(usedUs.slice(0, hostPids.length)),
    vmPssMb: median(vmPids.map(pssMb)),
    vmCpuPercent: percent(usedUs.slice(hostPids.length)) / Math.max(1, vmPids.length),
  };
}

/** The host's processes one by one. */
async function daemons(host: SoapHost): Promise<Row[]> {
  const pids = host.processes();
  const { wallUs, usedUs } = await cpuDuring(pids, () => delay(WINDOW_MS));
  return pids.map((pid, i) => ({
    process: nameOf(pid),
    'PSS MB': pssMb(pid),
    'CPU %': ((usedUs[i] ?? 0) / wallUs) * 100,
  }));
}

function nameOf(pid: number): string {
  const words = commandLine(pid).split(' ');
  const main = words.find(word => word.endsWith('/main.js'));
  return main === undefined ? basename(words[0] ?? '') : basename(join(main, '..'));
}

/** Powers fresh VMs on, a few at a time, each to its prompt. */
async function powerOn(
  host: SoapHost,
  images: Images,
  guest: GuestName,
  names: readonly string[],
): Promise<VmInfo[]> {
  const vms: VmInfo[] = [];
  for (let i = 0; i < names.length; i += POWER_ON_AT_ONCE)
    vms.push(
      ...(await Promise.all(
        names.slice(i, i + POWER_ON_AT_ONCE).map(async name => {
          await images.place(guest, host.datastore, name);
          return host.powerOnByKernel(`/vmfs/volumes/storage1/${name}/${guest}.vmx`);
        }),
      )),
    );
  return vms;
}
