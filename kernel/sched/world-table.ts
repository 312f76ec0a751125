import { join } from 'node:path';
import { type Address, mapFile, munmap } from '../../lib/linux/index.js';
import {
  type HostFile,
  type SchedFileWriter,
  type StorageFile,
  VmmFile,
  WorldKind,
  WorldState,
} from '../abi/index.js';
import type { LinuxPort } from './linux-port.js';
import type { Scheduler } from './scheduler.js';
import { Vcpu } from './vcpu.js';
import { WorldTimes } from './world-times.js';

/** A world that Linux schedules by itself: threads of the VMkernel, the other threads of a vmx, the console, idle. */
interface PlainWorld {
  readonly times: WorldTimes;
  readonly kind: number;
  readonly pid: number;
  readonly tid: number;
  readonly pcpu: number;
}

/**
 * The scheduler's view of the World table, and the times of every world in it. Rows are looked at again only when
 * the main thread says that the table moved.
 */
export class WorldTable {
  readonly #vcpus = new Map<number, Vcpu>();
  readonly #plain = new Map<number, PlainWorld>();
  /** Where the reports of virtual CPUs are mapped. */
  readonly #reports = new Map<number, Address>();
  #seenVersion = -1;

  constructor(
    private readonly shmDir: string,
    private readonly host: HostFile,
    private readonly storage: StorageFile,
    private readonly sched: SchedFileWriter,
    private readonly scheduler: Scheduler,
    private readonly linux: LinuxPort,
  ) {}

  get worldCount(): number {
    return this.#vcpus.size + this.#plain.size;
  }

  /** Follows the table where it moved. */
  sync(nowUs: number): void {
    const version = this.host.hostControl.tableVersion();
    if (version === this.#seenVersion) return;
    const rows = this.host.hostControl.worldCount();
    for (let row = 0; row < rows; row++) this.#syncRow(row, nowUs);
    this.#seenVersion = version;
    this.sched.schedControl.setSeenTableVersion(version);
  }

  #syncRow(row: number, nowUs: number): void {
    const { world } = this.host;
    const generation = world.generation(row);
    const known = this.#vcpus.get(row)?.generation ?? this.#plain.get(row)?.times.generation;
    if (known === generation) this.#reconfigure(row);
    else {
      if (known !== undefined) this.#drop(row, nowUs);
      if (generation & 1) this.#take(row, generation, nowUs);
    }
  }

  #take(row: number, generation: number, nowUs: number): void {
    const { world } = this.host;
    this.sched.schedWorld.setGrant(row, 0);
    if (world.kind(row) === WorldKind.vmm) this.#takeVcpu(row, generation, nowUs);
    else {
      const times = new WorldTimes(row, generation, nowUs);
      this.#plain.set(row, {
        times,
        kind: world.kind(row),
        pid: world.pid(row),
        tid: world.tid(row),
        pcpu: world.pcpu(row),
      });
    }
  }

  #takeVcpu(row: number, generation: number, nowUs: number): void {
    const { world, group } = this.host;
    const groupRow = world.groupRow(row);
    const max = group.cpuMax(groupRow);
    const path = join(this.shmDir, `${VmmFile.NAME}-${world.worldId(row)}`);
    const { address, memory } = mapFile(path, VmmFile.SIZE_BYTES, false);
    this.#reports.set(row, address);
    const vcpu = new Vcpu(
      row,
      generation,
      world.vmRow(row),
      world.pid(row),
      new VmmFile(memory).vmmReport,
      group.cpuShares(groupRow),
      group.cpuMin(groupRow),
      max < 0 ? Number.POSITIVE_INFINITY : max,
      this.scheduler.floorUs,
      nowUs,
    );
    this.#vcpus.set(row, vcpu);
    this.scheduler.add(vcpu);
  }

  #reconfigure(row: number): void {
    const vcpu = this.#vcpus.get(row);
    if (vcpu === undefined) return;
    const { group, world } = this.host;
    const groupRow = world.groupRow(row);
    const max = group.cpuMax(groupRow);
    vcpu.shares = group.cpuShares(groupRow);
    vcpu.min = group.cpuMin(groupRow);
    vcpu.account.max = max < 0 ? Number.POSITIVE_INFINITY : max;
    if (vcpu.account.max === Number.POSITIVE_INFINITY) vcpu.account.dry = false;
    this.scheduler.reconfigured();
  }

  #drop(row: number, nowUs: number): void {
    const vcpu = this.#vcpus.get(row);
    if (vcpu !== undefined) {
      this.scheduler.remove(vcpu);
      const { times, report } = vcpu;
      times.publish(this.sched.schedWorld, nowUs, { state: WorldState.zombie, pcpu: -1, report });
    }
    this.#vcpus.delete(row);
    this.#plain.delete(row);
    // The only views of it went with the virtual CPU.
    const report = this.#reports.get(row);
    this.#reports.delete(row);
    if (report !== undefined) munmap(report, VmmFile.SIZE_BYTES);
  }

  /** Brings all times up to now and publishes them. @returns µs that worlds ran or were ready since boot */
  publish(nowUs: number, idleUsOf: (pcpu: number) => number): number {
    const table = this.sched.schedWorld;
    let demandUs = 0;
    for (const vcpu of this.#vcpus.values()) {
      this.scheduler.advance(vcpu, nowUs);
      const { times } = vcpu;
      if (vcpu.vmRow >= 0) times.systemUs = this.storage.storageVm.cpuUs(vcpu.vmRow);
      const state =
        vcpu.on !== null ? WorldState.run : vcpu.wants && !vcpu.stalled ? WorldState.ready : WorldState.wait;
      times.publish(table, nowUs, { state, pcpu: vcpu.lastPcpu?.number ?? -1, report: vcpu.report });
      demandUs += times.runUs + times.readyUs;
    }
    for (const plain of this.#plain.values()) {
      this.#advancePlain(plain, nowUs, idleUsOf);
      const state = plain.kind === WorldKind.idle ? WorldState.run : WorldState.wait;
      plain.times.publish(table, nowUs, { state, pcpu: plain.pcpu });
      if (plain.kind !== WorldKind.idle) demandUs += plain.times.runUs;
    }
    return demandUs;
  }

  #advancePlain(plain: PlainWorld, nowUs: number, idleUsOf: (pcpu: number) => number): void {
    const used = plain.times.use(this.#clockOf(plain, idleUsOf));
    plain.times.advance(nowUs, used, 0, plain.kind === WorldKind.idle ? 'ready' : 'wait');
  }

  #clockOf(plain: PlainWorld, idleUsOf: (pcpu: number) => number): number {
    if (plain.kind === WorldKind.idle) return idleUsOf(plain.pcpu);
    if (plain.kind === WorldKind.console) return this.host.hostControl.consoleCpuUs();
    if (plain.tid !== 0) return this.linux.threadCpuUs(plain.tid);
    const processUs = this.linux.processCpuUs(plain.pid);
    return processUs < 0 ? processUs : processUs - this.#ownWorldsUs(plain.pid);
  }

  /** What the threads of a process used that are worlds of their own. */
  #ownWorldsUs(pid: number): number {
    let sum = 0;
    for (const vcpu of this.#vcpus.values()) if (vcpu.pid === pid) sum += vcpu.report.cpuUs();
    for (const other of this.#plain.values())
      if (other.pid === pid && other.tid !== 0) sum += Math.max(0, this.linux.threadCpuUs(other.tid));
    return sum;
  }
}
