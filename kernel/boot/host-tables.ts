import { type HostFileWriter, MAX_VMS, MAX_WORLDS, type SchedFile, WorldKind } from '../abi/index.js';
import { type CpuClaim, GroupRows, type PoolClaim } from './group-rows.js';
import { hideRow, showRow, TableRows } from './table-rows.js';

const FIRST_WORLD_ID = 1024;
/** The VMkernel's threads that drive devices; the others are the system's. */
const DRIVERS: readonly string[] = ['storage'];

export interface VmRows {
  readonly vmRow: number;
  readonly vmGeneration: number;
  readonly groupRow: number;
  readonly vmmRow: number;
  readonly vmmWorldId: number;
  readonly vmxRow: number;
  readonly worldId: number;
}

/** A VM that shall have rows. */
export interface NewVm {
  readonly name: string;
  readonly memoryMb: number;
  readonly vcpus: number;
  readonly poolId: number;
}

/**
 * The tables of groups, VMs and worlds: this process's main thread alone writes them. A row is filled first and
 * becomes visible when its generation turns odd; every change moves the table's version and rings the scheduler.
 */
export class HostTables {
  readonly #groups: GroupRows;
  readonly #vms = new TableRows(MAX_VMS, 'VMs');
  readonly #worlds = new TableRows(MAX_WORLDS, 'worlds');
  #nextWorldId = FIRST_WORLD_ID;

  constructor(
    private readonly host: HostFileWriter,
    private readonly sched: SchedFile,
    private readonly ring: () => void,
  ) {
    this.#groups = new GroupRows(host.group, host.hostControl.pcpuCount());
  }

  /** The worlds that exist without any VM: idle worlds, threads of the VMkernel, init, the service console. */
  createSystem(cpus: readonly number[], initPid: number, threads: ReadonlyMap<string, number>): void {
    const { idle, system, drivers, console } = this.#groups.fixed;
    cpus.forEach((_cpu, pcpu) => {
      this.#addWorld({ group: idle, kind: WorldKind.idle, name: `idle${pcpu}`, pid: 0, tid: 0, pcpu });
    });
    const world = (name: string, pid: number, tid: number): void => {
      const group = DRIVERS.includes(name) ? drivers : system;
      this.#addWorld({ group, kind: WorldKind.system, name, pid, tid, pcpu: -1 });
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
    const world = { group: this.#groups.fixed.system, kind: WorldKind.system, name, pid, tid: 0, pcpu: -1 };
    const row = this.#addWorld(world, seen);
    this.#moved();
    return { row, worldId };
  }

  removeUserWorld(row: number): void {
    hideRow(this.host.world, row);
    this.#worlds.give(row, this.#moved());
  }

  /** Sets rows aside for a VM; nobody sees them yet. */
  reserveVm({ name, memoryMb, vcpus, poolId }: NewVm, cpu: CpuClaim): VmRows {
    const seen = this.sched.schedControl.seenTableVersion();
    const vmRow = this.#vms.take(seen);
    const groupRow = this.#groups.reserveVm(name, vmRow, poolId, cpu, seen);
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
    this.#groups.show(rows.groupRow);
    showRow(world, rows.vmmRow);
    showRow(world, rows.vmxRow);
    this.#moved();
  }

  /** What an administrator changed of a running VM; the scheduler follows at once. */
  changeVm(rows: VmRows, name: string, cpu: CpuClaim): void {
    const { vm, world } = this.host;
    vm.setName(rows.vmRow, name);
    world.setName(rows.vmmRow, `vmm0:${name}`);
    this.#groups.change(rows.groupRow, name, cpu);
    this.#moved();
  }

  /**
   * The pools are these from now on, and these VMs are in these pools.
   * @throws VmkernelError Busy when there are no rows for them
   */
  followPools(
    pools: readonly PoolClaim[],
    vms: Iterable<{ readonly rows: VmRows; readonly poolId: number }>,
  ): void {
    const gone = this.#groups.followPools(pools, this.sched.schedControl.seenTableVersion());
    for (const { rows, poolId } of vms) this.#groups.putVm(rows.groupRow, poolId);
    const version = this.#moved();
    for (const row of gone) this.#groups.give(row, version);
  }

  setVmState(rows: VmRows, state: number, poweredOnUs: number): void {
    this.host.vm.setState(rows.vmRow, state);
    this.host.vm.setPoweredOnUs(rows.vmRow, poweredOnUs);
  }

  /** Takes a VM's rows away, whether they were shown or not. */
  releaseVm(rows: VmRows): void {
    const { vm, world } = this.host;
    hideRow(world, rows.vmmRow);
    hideRow(world, rows.vmxRow);
    this.#groups.hide(rows.groupRow);
    hideRow(vm, rows.vmRow);
    const version = this.#moved();
    this.#worlds.give(rows.vmmRow, version);
    this.#worlds.give(rows.vmxRow, version);
    this.#groups.give(rows.groupRow, version);
    this.#vms.give(rows.vmRow, version);
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
    showRow(world, row);
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
