import {
  CpuUnits,
  GroupKind,
  type HostFileWriter,
  HtSharing,
  MAX_GROUPS,
  MAX_VMS,
  MAX_WORLDS,
  type SchedFile,
  VmkernelError,
  WorldKind,
} from '../abi/index.js';

const FIRST_WORLD_ID = 1024;
const FIRST_VM_GROUP_ID = 16;
const DEFAULT_SHARES = 1000;
/** What the service console is sure of, of PCPU 0. */
export const CONSOLE_MIN_PCPUS = 0.08;

interface FreeRow {
  readonly row: number;
  /** The scheduler must have seen this version of the table before the row is used again. */
  readonly version: number;
}

/** Which rows of a table are free; a freed row rests until the scheduler has let go of it. */
class Rows {
  readonly #free: FreeRow[] = [];
  #used = 0;

  constructor(
    private readonly capacity: number,
    private readonly what: string,
  ) {}

  get everUsed(): number {
    return this.#used;
  }

  take(seenVersion: number): number {
    const at = this.#free.findIndex(free => free.version <= seenVersion);
    const reused = at < 0 ? undefined : this.#free.splice(at, 1)[0];
    if (reused !== undefined) return reused.row;
    if (this.#used === this.capacity)
      throw new VmkernelError('Busy', `The table of ${this.what} is full (${this.capacity})`);
    return this.#used++;
  }

  give(row: number, version: number): void {
    this.#free.push({ row, version });
  }
}

export interface VmRows {
  readonly vmRow: number;
  readonly vmGeneration: number;
  readonly groupRow: number;
  readonly vmmRow: number;
  readonly vmmWorldId: number;
  readonly vmxRow: number;
  readonly worldId: number;
}

export interface CpuClaim {
  readonly shares: number;
  /** In PCPUs. */
  readonly min: number;
  readonly max: number | null;
}

/**
 * The tables of groups, VMs and worlds: this process's main thread alone writes them. A row is filled first and
 * becomes visible when its generation turns odd; every change moves the table's version and rings the scheduler.
 */
export class HostTables {
  readonly #groups = new Rows(MAX_GROUPS, 'groups');
  readonly #vms = new Rows(MAX_VMS, 'VMs');
  readonly #worlds = new Rows(MAX_WORLDS, 'worlds');
  #nextWorldId = FIRST_WORLD_ID;
  #nextGroupId = FIRST_VM_GROUP_ID;
  #hostGroup = 0;
  #systemGroup = 0;

  constructor(
    private readonly host: HostFileWriter,
    private readonly sched: SchedFile,
    private readonly ring: () => void,
  ) {}

  /** The worlds that exist without any VM: idle worlds, threads of the VMkernel, init, the service console. */
  createSystem(cpus: readonly number[], initPid: number, threads: ReadonlyMap<string, number>): void {
    this.#hostGroup = this.#addGroup(0, 'host', GroupKind.host, -1);
    const idle = this.#addGroup(1, 'idle', GroupKind.idle, this.#hostGroup);
    const system = this.#addGroup(2, 'system', GroupKind.system, this.#hostGroup);
    this.#systemGroup = system;
    const console = this.#addGroup(3, 'console', GroupKind.console, this.#hostGroup);
    this.host.group.setCpuMin(console, CONSOLE_MIN_PCPUS);
    cpus.forEach((_cpu, pcpu) => {
      this.#addWorld({ group: idle, kind: WorldKind.idle, name: `idle${pcpu}`, pid: 0, tid: 0, pcpu });
    });
    const world = (name: string, pid: number, tid: number): void => {
      this.#addWorld({ group: system, kind: WorldKind.system, name, pid, tid, pcpu: -1 });
    };
    world('vmkernel', process.pid, 0);
    for (const [name, tid] of threads) world(name, process.pid, tid);
    world('init', initPid, 0);
    this.#addWorld({ group: console, kind: WorldKind.console, name: 'console', pid: 0, tid: 0, pcpu: 0 });
    this.#moved();
  }

  /** A process outside the service console that is no VM's: its time is the system's. */
  addUserWorld(name: string, pid: number): { readonly row: number; readonly worldId: number } {
    const worldId = this.#nextWorldId;
    const seen = this.sched.schedControl.seenTableVersion();
    const world = { group: this.#systemGroup, kind: WorldKind.system, name, pid, tid: 0, pcpu: -1 };
    const row = this.#addWorld(world, seen);
    this.#moved();
    return { row, worldId };
  }

  removeUserWorld(row: number): void {
    this.#hide(this.host.world, row);
    this.#worlds.give(row, this.#moved());
  }

  /** Sets rows aside for a VM; nobody sees them yet. */
  reserveVm(name: string, memoryMb: number, vcpus: number, cpu: CpuClaim): VmRows {
    const seen = this.sched.schedControl.seenTableVersion();
    const vmRow = this.#vms.take(seen);
    const groupRow = this.#groups.take(seen);
    const vmmRow = this.#worlds.take(seen);
    const vmxRow = this.#worlds.take(seen);
    const worldId = this.#nextWorldId;
    const vmmWorldId = worldId + 1;
    this.#nextWorldId += 2;
    const { vm } = this.host;
    vm.setWorldId(vmRow, worldId);
    vm.setGroupRow(vmRow, groupRow);
    vm.setMemoryMb(vmRow, memoryMb);
    vm.setVcpus(vmRow, vcpus);
    vm.setName(vmRow, name);
    this.#fillGroup(groupRow, this.#nextGroupId++, name, GroupKind.vm, this.#hostGroup, cpu);
    this.host.group.setVmRow(groupRow, vmRow);
    return { vmRow, vmGeneration: vm.generation(vmRow) + 1, groupRow, vmmRow, vmmWorldId, vmxRow, worldId };
  }

  /** Makes a VM's group and worlds visible: from now on they are scheduled and charged. */
  activateVm(rows: VmRows, name: string, pid: number, vmmTid: number, state: number): void {
    const { vm, world } = this.host;
    vm.setPid(rows.vmRow, pid);
    vm.setState(rows.vmRow, state);
    this.#fillWorld(rows.vmmRow, rows.vmmWorldId, `vmm0:${name}`, WorldKind.vmm, rows, pid, vmmTid);
    this.#fillWorld(rows.vmxRow, rows.worldId, 'vmware-vmx', WorldKind.vmx, rows, pid, 0);
    vm.setGeneration(rows.vmRow, vm.generation(rows.vmRow) + 1);
    this.#show(this.host.group, rows.groupRow);
    this.#show(world, rows.vmmRow);
    this.#show(world, rows.vmxRow);
    this.#moved();
  }

  /** What an administrator changed of a running VM; the scheduler follows at once. */
  changeVm(rows: VmRows, name: string, cpu: CpuClaim): void {
    const { vm, world } = this.host;
    vm.setName(rows.vmRow, name);
    world.setName(rows.vmmRow, `vmm0:${name}`);
    this.#setClaim(rows.groupRow, name, cpu);
    this.#moved();
  }

  setVmState(rows: VmRows, state: number, poweredOnUs: number): void {
    this.host.vm.setState(rows.vmRow, state);
    this.host.vm.setPoweredOnUs(rows.vmRow, poweredOnUs);
  }

  /** Takes a VM's rows away, whether they were shown or not. */
  releaseVm(rows: VmRows): void {
    const { vm, group, world } = this.host;
    this.#hide(world, rows.vmmRow);
    this.#hide(world, rows.vmxRow);
    this.#hide(group, rows.groupRow);
    this.#hide(vm, rows.vmRow);
    const version = this.#moved();
    this.#worlds.give(rows.vmmRow, version);
    this.#worlds.give(rows.vmxRow, version);
    this.#groups.give(rows.groupRow, version);
    this.#vms.give(rows.vmRow, version);
  }

  #addGroup(groupId: number, name: string, kind: number, parent: number): number {
    const row = this.#groups.take(0);
    this.#fillGroup(row, groupId, name, kind, parent, { shares: DEFAULT_SHARES, min: 0, max: null });
    this.host.group.setVmRow(row, -1);
    this.#show(this.host.group, row);
    return row;
  }

  #fillGroup(row: number, id: number, name: string, kind: number, parent: number, cpu: CpuClaim): void {
    const { group } = this.host;
    group.setGroupId(row, id);
    group.setParentRow(row, parent);
    group.setKind(row, kind);
    group.setPoolId(row, -1);
    group.setCpuExpandable(row, 0);
    group.setCpuUnits(row, CpuUnits.mhz);
    group.setAffinityLow(row, 0);
    group.setAffinityHigh(row, 0);
    group.setHtSharing(row, HtSharing.any);
    this.#setClaim(row, name, cpu);
  }

  #setClaim(row: number, name: string, cpu: CpuClaim): void {
    const { group } = this.host;
    group.setCpuShares(row, cpu.shares);
    group.setCpuMin(row, cpu.min);
    group.setCpuMax(row, cpu.max ?? -1);
    group.setName(row, name);
  }

  #addWorld(
    w: { group: number; kind: number; name: string; pid: number; tid: number; pcpu: number },
    seenVersion = 0,
  ): number {
    const row = this.#worlds.take(seenVersion);
    const { world } = this.host;
    world.setWorldId(row, this.#nextWorldId++);
    world.setGroupRow(row, w.group);
    world.setVmRow(row, -1);
    world.setKind(row, w.kind);
    world.setPid(row, w.pid);
    world.setTid(row, w.tid);
    world.setPcpu(row, w.pcpu);
    world.setName(row, w.name);
    this.#show(world, row);
    return row;
  }

  #fillWorld(
    row: number,
    id: number,
    name: string,
    kind: number,
    rows: VmRows,
    pid: number,
    tid: number,
  ): void {
    const { world } = this.host;
    world.setWorldId(row, id);
    world.setGroupRow(row, rows.groupRow);
    world.setVmRow(row, rows.vmRow);
    world.setKind(row, kind);
    world.setPid(row, pid);
    world.setTid(row, tid);
    world.setPcpu(row, -1);
    world.setName(row, name);
  }

  #show(table: GenerationTable, row: number): void {
    table.setGeneration(row, table.generation(row) | 1);
  }

  #hide(table: GenerationTable, row: number): void {
    if (table.generation(row) & 1) table.setGeneration(row, table.generation(row) + 1);
    else table.setGeneration(row, table.generation(row) + 2);
  }

  /** Options that the scheduler acts on were changed. */
  optionsChanged(): void {
    this.#moved();
  }

  #moved(): number {
    const control = this.host.hostControl;
    control.setGroupCount(this.#groups.everUsed);
    control.setVmCount(this.#vms.everUsed);
    control.setWorldCount(this.#worlds.everUsed);
    const version = control.tableVersion() + 1;
    control.setTableVersion(version);
    this.ring();
    return version;
  }
}

interface GenerationTable {
  generation(row: number): number;
  setGeneration(row: number, value: number): void;
}
