import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { VMX_NODE_FLAGS } from '../kernel/abi/index.js';
import { type GuestName, Images } from './images.js';
import { KernelHost } from './kernel-host.js';
import type { Owned } from './owned.js';
import { Peer } from './peers.js';
import type { BenchContext, Benchmark, Measured, Row } from './result.js';
import { SoapHost } from './soap-host.js';
import { median } from './statistics.js';

const GUESTS = [
  { name: 'linux', memoryMb: 64 },
  { name: 'tiny', memoryMb: 32 },
] as const;
const SYSTEMS = ['ours', 'bare', 'qemu', 'stock'] as const;
type System = (typeof SYSTEMS)[number];
const RUNS = 3;

interface Boot {
  /** From the power-on call, or the start of the process, to the prompt. */
  readonly seconds: number;
  /** CPU of the machine's process by then. */
  readonly cpuSeconds: number;
}

/**
 * Power-on to the guest's prompt on its serial port. Ours: from the VMkernel's power-on call, which starts the vmx. The
 * others: from the start of their process. Every boot has a fresh copy of the disk.
 */
export const boot: Benchmark = {
  name: 'boot',
  about: 'power-on call to guest prompt: ours, bare engine, QEMU TCG, stock v86',
  targets: GUESTS.map(guest => ({ figure: `boot_${guest.name}_ratio`, atMost: 1.1 })),
  run,
};

async function run(context: BenchContext): Promise<Measured> {
  const folder = join(context.folder, 'boot');
  mkdirSync(folder);
  const names = GUESTS.map(guest => guest.name);
  const images = await Images.build(names, join(folder, 'images'), context.note);
  const host = await KernelHost.start({ context, folder, images });
  const boots = new Map<string, Boot[]>();
  try {
    for (let i = 0; i < (context.runs ?? RUNS); i++)
      for (const { name, memoryMb } of GUESTS)
        for (const system of SYSTEMS) {
          // v86's own loop takes several times as long and is no target: once is enough.
          if (system === 'stock' && i > 0) continue;
          const result = await bootOnce(system, {
            owned: context.owned,
            name,
            memoryMb,
            images,
            folder,
            host,
          });
          context.note(`${name} ${system}: ${result.seconds.toFixed(2)} s`);
          const key = `${name} ${system}`;
          boots.set(key, [...(boots.get(key) ?? []), result]);
        }
  } finally {
    await host.stop();
  }
  const soapSeconds = await bootBySoap(context, images);
  rmSync(folder, { recursive: true });
  return summary(boots, soapSeconds);
}

interface Place {
  readonly owned: Owned;
  readonly name: GuestName;
  readonly memoryMb: number;
  readonly images: Images;
  readonly folder: string;
  readonly host: KernelHost;
}

async function bootOnce(system: System, place: Place): Promise<Boot> {
  const { owned, name, memoryMb, images, folder, host } = place;
  if (system === 'ours') return bootOurs(host, await host.place(name, name));
  const vmFolder = await images.place(name, folder, `peer-${name}`);
  const startMs = performance.now();
  const nodeFlags = system === 'bare' ? VMX_NODE_FLAGS : [];
  const peer =
    system === 'qemu'
      ? Peer.qemu(owned, vmFolder, memoryMb)
      : Peer.bare(owned, vmFolder, images.firmware, { stock: system === 'stock', nodeFlags });
  try {
    await peer.session.prompt();
    return { seconds: (performance.now() - startMs) / 1000, cpuSeconds: peer.cpuUs() / 1e6 };
  } finally {
    await peer.stop();
  }
}

async function bootOurs(host: KernelHost, vmxPath: string): Promise<Boot> {
  const startMs = performance.now();
  const vm = await host.powerOn(vmxPath);
  try {
    await vm.session.prompt();
    return { seconds: (performance.now() - startMs) / 1000, cpuSeconds: vm.cpuUs() / 1e6 };
  } finally {
    await host.powerOff(vm);
  }
}

/** The same by the whole product: PowerOnVM_Task to the prompt, with every daemon there. */
async function bootBySoap(context: BenchContext, images: Images): Promise<number> {
  const host = await SoapHost.up(context);
  try {
    await images.place('linux', host.datastore);
    const seconds = await host.powerOnToPrompt('linux/linux.vmx');
    context.note(`linux by SOAP: ${seconds.toFixed(2)} s`);
    return seconds;
  } finally {
    await host.stop();
  }
}

function summary(boots: ReadonlyMap<string, readonly Boot[]>, soapSeconds: number): Measured {
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  for (const { name: guest } of GUESTS) {
    for (const system of SYSTEMS) {
      const all = boots.get(`${guest} ${system}`) ?? [];
      const seconds = all.map(one => one.seconds);
      const cpu = median(all.map(one => one.cpuSeconds));
      figures[`boot_${guest}_${system}_s`] = median(seconds);
      figures[`boot_${guest}_${system}_cpu_s`] = cpu;
      rows.push({
        guest,
        system,
        boots: all.length,
        'median s': median(seconds),
        'best s': Math.min(...seconds),
        'worst s': Math.max(...seconds),
        'CPU s': cpu,
      });
    }
    figures[`boot_${guest}_ratio`] = ratioOfPairs(boots, guest, boot => boot.seconds);
    figures[`boot_${guest}_cpu_ratio`] = ratioOfPairs(boots, guest, boot => boot.cpuSeconds);
  }
  figures.boot_linux_soap_s = soapSeconds;
  return { figures, rows };
}

/** Ours ÷ bare, boot by boot: what disturbs one of a pair is likely to disturb the other. */
function ratioOfPairs(
  boots: ReadonlyMap<string, readonly Boot[]>,
  guest: string,
  of: (boot: Boot) => number,
): number {
  const bare = boots.get(`${guest} bare`) ?? [];
  return median(
    (boots.get(`${guest} ours`) ?? []).map((one, i) => {
      const other = bare[i];
      return other === undefined ? Number.NaN : of(one) / of(other);
    }),
  );
}
