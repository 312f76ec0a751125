import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type VmInfo, WorldKind } from '../kernel/abi/index.js';
import { attachStatistics, attachVmm, type Statistics, VmkernelClient } from '../kernel/client/index.js';
import { TREE } from '../test/harness/index.js';
import { GuestSession } from './guest-session.js';
import type { GuestName, Images } from './images.js';
import { cpuUs, pssMb } from './processes.js';
import type { BenchContext } from './result.js';

export interface KernelHostOptions {
  readonly context: BenchContext;
  readonly folder: string;
  readonly images: Images;
  /** Linux's numbers of the CPUs that it schedules. */
  readonly cpus?: readonly number[];
  /** Node's flags for its vmware-vmx processes, in place of the product's. */
  readonly vmxNodeFlags?: readonly string[];
}

/** A VM that runs on a KernelHost. */
export interface RunningVm {
  readonly info: VmInfo;
  readonly session: GuestSession;
  readonly pid: number;
  readonly worldRow: number;
  /** CPU time of the whole vmware-vmx process so far, µs. */
  cpuUs(): number;
  pssMb(): number;
  /** Guest instructions so far, as its monitor reports them. */
  instructions(): number;
  /** Latest wake latencies, µs, of the kicks since a count of them. */
  wakesSince(count: number): { count: number; latenciesUs: number[] };
}

const READY_LIMIT_MS = 30_000;
const WAKE_SAMPLES = 1024;

/** A VMkernel alone, in a root of its own: what VMs need and nothing else. */
export class KernelHost {
  readonly #sockets: Socket[] = [];

  private constructor(
    private readonly options: KernelHostOptions,
    readonly root: string,
    private readonly process: ChildProcess,
    readonly client: VmkernelClient,
    readonly shmDir: string,
    readonly statistics: Statistics,
  ) {}

  static async start(options: KernelHostOptions): Promise<KernelHost> {
    const root = mkdtempSync(join(options.folder, 'esx-bench-'));
    for (const path of ['datastores/storage1', 'var/log', 'console/etc/vmware'])
      mkdirSync(join(root, path), { recursive: true });
    options.images.placeFirmware(root);
    const bootId = root.slice(-6);
    const flags = [
      ...(options.cpus === undefined ? [] : ['--cpus', options.cpus.join(',')]),
      ...(options.vmxNodeFlags === undefined ? [] : [`--vmx-node-flags=${options.vmxNodeFlags.join(' ')}`]),
    ];
    const main = join(TREE, 'dist/kernel/boot/main.js');
    const kernel = spawn(
      process.execPath,
      [main, '--root', root, '--boot-id', bootId, '--ready-fd', '3', ...flags],
      { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] },
    );
    try {
      await isReady(kernel);
      const client = await VmkernelClient.connect(join(root, 'run/vmkernel/control.sock'));
      const { shmDir } = await client.call('hostInfo', {});
      const host = new KernelHost(options, root, kernel, client, shmDir, attachStatistics(shmDir));
      return options.context.owned.add(host);
    } catch (error) {
      await endProcess(kernel);
      rmSync(root, { recursive: true, force: true });
      throw error;
    }
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get datastore(): string {
    return join(this.root, 'datastores/storage1');
  }

  /** A fresh VM on the datastore. @returns its .vmx path */
  async place(guest: GuestName, as: string, keys: Readonly<Record<string, string>> = {}): Promise<string> {
    await this.options.images.place(guest, this.datastore, as, keys);
    return `/vmfs/volumes/storage1/${as}/${guest}.vmx`;
  }

  async powerOn(vmxPath: string): Promise<RunningVm> {
    const info = await this.client.call('powerOn', { vmxPath });
    const { session, socket } = await GuestSession.connect(
      join(this.root, 'run/vmx', String(info.worldId), 'serial0.sock'),
    );
    this.#sockets.push(socket);
    return this.#running(info, session);
  }

  async powerOff(vm: RunningVm): Promise<void> {
    await this.client.call('powerOff', { vmxPath: vm.info.vmxPath });
  }

  async stop(): Promise<void> {
    this.options.context.owned.gone(this);
    for (const socket of this.#sockets) socket.destroy();
    this.client.close();
    await endProcess(this.process);
    rmSync(this.root, { recursive: true, force: true });
  }

  #running(info: VmInfo, session: GuestSession): RunningVm {
    const { world } = this.statistics.host;
    const rows = Array.from({ length: this.statistics.host.hostControl.worldCount() }, (_, row) => row);
    const worldRow = rows.find(
      row =>
        (world.generation(row) & 1) === 1 && world.kind(row) === WorldKind.vmm && world.pid(row) === info.pid,
    );
    if (worldRow === undefined) throw new Error(`${info.name} has no world of a virtual CPU`);
    const vmm = attachVmm(this.shmDir, world.worldId(worldRow));
    return {
      info,
      session,
      worldRow,
      pid: info.pid,
      cpuUs: () => cpuUs(info.pid),
      pssMb: () => pssMb(info.pid),
      instructions: () => vmm.vmmReport.instructions(),
      wakesSince: count => {
        const now = vmm.vmmReport.wakes();
        const first = Math.max(count, now - WAKE_SAMPLES);
        const latenciesUs: number[] = [];
        for (let i = first; i < now; i++) latenciesUs.push(vmm.vmmWake.latencyUs(i % WAKE_SAMPLES));
        return { count: now, latenciesUs };
      },
    };
  }
}

async function isReady(kernel: ChildProcess): Promise<void> {
  const ready = kernel.stdio[3] as Readable;
  const ended = new AbortController();
  const late = setTimeout(() => ended.abort(), READY_LIMIT_MS);
  kernel.once('exit', () => ended.abort());
  try {
    await once(ready, 'data', { signal: ended.signal });
  } catch (cause) {
    throw new Error('the VMkernel did not come up', { cause });
  } finally {
    clearTimeout(late);
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
