import { join } from 'node:path';
import { type Address, mapFile, munmap } from '../../lib/linux/index.js';
import {
  type HostFile,
  MAX_GROUPS,
  type SchedFileWriter,
  type StorageFile,
  VmmFile,
  WorldKind,
  WorldState,
} from '../abi/index.js';
import type { GroupTable } from './group-table.js';
import { GroupTimes } from './group-times.js';
import type { LinuxPort } from './linux-port.js';
import type { VmClaim } from './policy/index.js';
import type { Scheduler } from './scheduler.js';
import { Vcpu } from './vcpu.js';
import { WorldTimes } from './world-times.js';

/** A world that Linux schedules by itself: threads of the VMkernel, the other threads of a vmx, the console, idle. */
interface PlainWorld {
  readonly times: WorldTimes;
  readonly groupRow: number;
  readonly kind: number;
  readonly pid: number;
  readonly tid: number;
  readonly pcpu: number;
}

/** What a world table is made of and made for. */
export interface WorldTableParts {
  readonly shmDir: string;
  readonly host: HostFile;
  readonly storage: StorageFile;
  readonly sched: SchedFileWriter;
  readonly groups: GroupTable;
  readonly scheduler: Scheduler;
  readonly linux: LinuxPort;
  /** A monitor has run on for long after it lost its PCPU. */
  readonly onStuck: (worldId: number) => void;
}

/** Threads that a confined vmx starts later are found so many publications apart. */
const CONFINE_EVERY = 4;

/**
 * The scheduler's view of the World table, and the times of every world and group. Rows are looked at again only when
 * the main thread says that the tables moved.
 */
export class WorldTable {
  readonly #vcpus = new Map<number, Vcpu>();
  readonly #plain = new Map<number, PlainWorld>();
  /** Where the reports of virtual CPUs are mapped. */
  readonly #reports = new Map<number, Address>();
  readonly #groupTimes: GroupTimes;
  readonly #vcpusOf = new Float64Array(MAX_GROUPS);
  #seenVersion = -1;
  #publications = 0;

  constructor(private readonly parts: WorldTableParts) {
    this.#groupTimes = new GroupTimes(parts.host.group, parts.groups.tree);
  }

  /** Follows the tables where they moved: what ended goes first, its group after it, then what is new. */
  sync(nowUs: number): void {
    const { host, groups, scheduler, sched } = this.parts;
    const version = host.hostControl.tableVersion();
    if (version === this.#seenVersion) return;
    const rows = host.hostControl.worldCount();
    for (let row = 0; row < rows; row++) this.#dropIfGone(row, nowUs);
    this.#groupTimes.sync(host.hostControl.groupCount());
    groups.sync(claim => this.#confine(claim));
    for (let row = 0; row < rows; row++) this.#takeIfNew(row, nowUs);
    const { quantumUs, boundLagQuanta } = scheduler.options;
    scheduler.options.quantumUs = host.cpuOption.quantumUs() || quantumUs;
    scheduler.options.boundLagQuanta = host.cpuOption.boundLagQuanta() || boundLagQuanta;
    scheduler.dispatcher.reconfigured(nowUs);
    this.#seenVersion = version;
    sched.schedControl.setSeenTableVersion(version);
  }

  #knownGeneration(row: number): number | undefined {
    return this.#vcpus.get(row)?.generation ?? this.#plain.get(row)?.times.generation;
  }

  #dropIfGone(row: number, nowUs: number): void {
    const known = this.#knownGeneration(row);
    if (known !== undefined && known !== this.parts.host.world.generation(row)) this.#drop(row, nowUs);
  }

  #takeIfNew(row: number, nowUs: number): void {
    const { world } = this.parts.host;
    const generation = world.generation(row);
    if ((generation & 1) === 0 || this.#knownGeneration(row) !== undefined) return;
    this.parts.sched.schedWorld.setGrant(row, 0);
    if (world.kind(row) === WorldKind.vmm) this.#takeVcpu(row, generation, nowUs);
    else {
      this.#plain.set(row, {
        times: new WorldTimes(row, generation, nowUs),
        groupRow: world.groupRow(row),
        kind: world.kind(row),
        pid: world.pid(row),
        tid: world.tid(row),
        pcpu: world.pcpu(row),
      });
    }
  }

  #takeVcpu(row: number, generation: number, nowUs: number): void {
    const { host, shmDir, groups, scheduler } = this.parts;
    const { world } = host;
    const path = join(shmDir, `${VmmFile.NAME}-${world.worldId(row)}`);
    const { address, memory } = mapFile(path, VmmFile.SIZE_BYTES, false);
    this.#reports.set(row, address);
    const claim = groups.claimOf(world.groupRow(row));
    const vcpu = new Vcpu(
      { row, generation, vmRow: world.vmRow(row), pid: world.pid(row) },
      claim,
      new VmmFile(memory).vmmReport,
      nowUs,
    );
    this.#vcpus.set(row, vcpu);
    scheduler.add(vcpu, nowUs);
    if (claim.confined) this.#confine(claim);
  }

  #drop(row: number, nowUs: number): void {
    const vcpu = this.#vcpus.get(row);
    const plain = this.#plain.get(row);
    if (plain !== undefined) this.#groupTimes.keep(plain.groupRow, plain.times);
    if (vcpu !== undefined) {
      const { times, report } = vcpu;
      this.parts.scheduler.remove(vcpu, nowUs);
      this.#groupTimes.keep(vcpu.entity.vm.node, times);
      times.publish(this.parts.sched.schedWorld, nowUs, { state: WorldState.zombie, pcpu: -1, report });
    }
    this.#vcpus.delete(row);
    this.#plain.delete(row);
    // The only views of it went with the virtual CPU.
    const report = this.#reports.get(row);
    this.#reports.delete(row);
    if (report !== undefined) munmap(report, VmmFile.SIZE_BYTES);
  }

  /** Every thread of a VM with affinity stays on its PCPUs; its VMM thread on the one it was granted. */
  #confine(claim: VmClaim<Vcpu>): void {
    const { scheduler, linux } = this.parts;
    const cpus = scheduler.pcpus.filter(pcpu => claim.mayUse(pcpu.number)).map(pcpu => pcpu.cpu);
    if (cpus.length === 0) return;
    for (const { owner, on } of claim.entities) {
      linux.confine(owner.pid, cpus);
      owner.pinnedCpu = -1;
      if (on === null || !claim.mayUse(on.number)) continue;
      linux.pin(owner.tid, on.cpu);
      owner.pinnedCpu = on.cpu;
    }
  }

  /** Brings all times up to now and publishes them. @returns µs that worlds ran or were ready since boot */
  publish(nowUs: number, idleUsOf: (pcpu: number) => number): number {
    const { scheduler, sched } = this.parts;
    this.#groupTimes.begin();
    this.#vcpusOf.fill(0);
    let demandUs = 0;
    for (const vcpu of this.#vcpus.values()) {
      this.#publishVcpu(vcpu, nowUs);
      demandUs += vcpu.times.runUs + vcpu.times.readyUs;
    }
    for (const plain of this.#plain.values()) {
      this.#advancePlain(plain, nowUs, idleUsOf);
      const state = plain.kind === WorldKind.idle ? WorldState.run : WorldState.wait;
      plain.times.publish(sched.schedWorld, nowUs, { state, pcpu: plain.pcpu });
      this.#groupTimes.count(plain.groupRow, plain.times);
      if (plain.kind !== WorldKind.idle) demandUs += plain.times.runUs;
    }
    const { capacity } = scheduler.dispatcher;
    this.#groupTimes.publish(sched.schedGroup, nowUs, capacity, this.#vcpusOf);
    if (++this.#publications % CONFINE_EVERY === 0)
      for (const { entity } of this.#vcpus.values()) if (entity.vm.confined) this.#confine(entity.vm);
    return demandUs;
  }

  #publishVcpu(vcpu: Vcpu, nowUs: number): void {
    const { scheduler, storage, sched, host, onStuck } = this.parts;
    const { times, entity, report } = vcpu;
    scheduler.advance(vcpu, nowUs);
    if (vcpu.vmRow >= 0) times.systemUs = storage.storageVm.cpuUs(vcpu.vmRow);
    const pcpu = entity.lastPcpu?.number ?? -1;
    times.publish(sched.schedWorld, nowUs, { state: stateOf(vcpu), pcpu, report });
    this.#groupTimes.count(entity.vm.node, times);
    this.#vcpusOf[entity.vm.node] = (this.#vcpusOf[entity.vm.node] ?? 0) + 1;
    if (scheduler.isStuck(vcpu, nowUs)) onStuck(host.world.worldId(vcpu.row));
  }

  #advancePlain(plain: PlainWorld, nowUs: number, idleUsOf: (pcpu: number) => number): void {
    const used = plain.times.use(this.#clockOf(plain, idleUsOf));
    plain.times.advance(nowUs, used, 0, plain.kind === WorldKind.idle ? 'ready' : 'wait');
  }

  #clockOf(plain: PlainWorld, idleUsOf: (pcpu: number) => number): number {
    if (plain.kind === WorldKind.idle) return idleUsOf(plain.pcpu);
    if (plain.kind === WorldKind.console) return this.parts.host.hostControl.consoleCpuUs();
    if (plain.tid !== 0) return this.parts.linux.threadCpuUs(plain.tid);
    const processUs = this.parts.linux.processCpuUs(plain.pid);
    return processUs < 0 ? processUs : processUs - this.#ownWorldsUs(plain.pid);
  }

  /** What the threads of a process used that are worlds of their own. */
  #ownWorldsUs(pid: number): number {
    let sum = 0;
    for (const vcpu of this.#vcpus.values()) if (vcpu.pid === pid) sum += vcpu.report.cpuUs();
    for (const other of this.#plain.values())
      if (other.pid === pid && other.tid !== 0) sum += Math.max(0, this.parts.linux.threadCpuUs(other.tid));
    return sum;
  }
}

function stateOf({ entity }: Vcpu): number {
  if (entity.on !== null) return WorldState.run;
  if (!entity.wants || entity.stalled) return WorldState.wait;
  return entity.held ? WorldState.costop : WorldState.ready;
}
