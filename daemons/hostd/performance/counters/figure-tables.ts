import {
  emptySchedGroupFigures,
  emptySchedPcpuFigures,
  emptySchedWorldFigures,
  GroupKind,
  type SchedGroupFigures,
  type SchedPcpuFigures,
  type SchedWorldFigures,
  WorldKind,
} from '../../../../kernel/abi/index.js';
import type { FigureSources } from '../../machine/host-figures.js';

const inUse = (generation: number): boolean => (generation & 1) === 1;

/** A row of a table and whose it was when it was looked up. */
export interface RowOwner {
  readonly row: number;
  readonly generation: number;
}

export interface WorldRow extends RowOwner {
  readonly kind: number;
  readonly worldId: number;
}

/** A machine that runs, as the VMkernel's tables have it. */
export interface VmRows {
  readonly group: RowOwner;
  readonly vcpus: number;
  readonly poweredOnUs: number;
  /** In the order of their ids: virtual CPUs by number. */
  readonly worlds: readonly WorldRow[];
}

/** Finds rows of the VMkernel's shared memory by who they are of; looked up anew whenever the tables have changed. */
export class FigureTables {
  readonly sources: FigureSources;
  #version: number | undefined;
  #vms: ReadonlyMap<number, VmRows> = new Map();
  #pools: ReadonlyMap<number, RowOwner> = new Map();
  #root: RowOwner | undefined;
  #idle: RowOwner | undefined;

  constructor(sources: FigureSources) {
    this.sources = sources;
  }

  /** @param worldId of the machine */
  vm(worldId: number): VmRows | undefined {
    this.#refresh();
    return this.#vms.get(worldId);
  }

  pool(poolId: number): RowOwner | undefined {
    this.#refresh();
    return this.#pools.get(poolId);
  }

  /** The group of all that the host schedules. */
  root(): RowOwner | undefined {
    this.#refresh();
    return this.#root;
  }

  /** The group of what PCPUs do when there is nothing to do; it is below the root. */
  idle(): RowOwner | undefined {
    this.#refresh();
    return this.#idle;
  }

  get pcpuCount(): number {
    return this.sources.host.hostControl.pcpuCount();
  }

  get pcpuMhz(): number {
    return this.sources.host.hostControl.pcpuMhz();
  }

  /** What running machines have reserved, in PCPUs. */
  vmReservation(): number {
    this.#refresh();
    const { group } = this.sources.host;
    return [...this.#vms.values()].reduce((sum, vm) => sum + group.cpuMin(vm.group.row), 0);
  }

  world({ row, generation }: RowOwner): SchedWorldFigures | undefined {
    const figures = emptySchedWorldFigures();
    const isRead = this.sources.sched.schedWorld.read(row, figures);
    return isRead && figures.generation === generation && figures.takenUs > 0 ? figures : undefined;
  }

  group({ row, generation }: RowOwner): SchedGroupFigures | undefined {
    const figures = emptySchedGroupFigures();
    const isRead = this.sources.sched.schedGroup.read(row, figures);
    return isRead && figures.generation === generation && figures.takenUs > 0 ? figures : undefined;
  }

  pcpu(number: number): SchedPcpuFigures | undefined {
    const figures = emptySchedPcpuFigures();
    return this.sources.sched.schedPcpu.read(number, figures) && figures.takenUs > 0 ? figures : undefined;
  }

  #refresh(): void {
    const version = this.sources.host.hostControl.tableVersion();
    if (version === this.#version) return;
    this.#vms = this.#readVms();
    this.#readGroups();
    this.#version = version;
  }

  #readVms(): Map<number, VmRows> {
    const { vm, group, hostControl } = this.sources.host;
    const worlds = this.#worldsByVm();
    const rows = Array.from({ length: hostControl.vmCount() }, (_, row) => row);
    return new Map(
      rows
        .filter(row => inUse(vm.generation(row)))
        .map(row => {
          const groupRow = vm.groupRow(row);
          const found: VmRows = {
            group: { row: groupRow, generation: group.generation(groupRow) },
            vcpus: vm.vcpus(row),
            poweredOnUs: vm.poweredOnUs(row),
            worlds: worlds.get(row) ?? [],
          };
          return [vm.worldId(row), found];
        }),
    );
  }

  #worldsByVm(): Map<number, WorldRow[]> {
    const { world, hostControl } = this.sources.host;
    const found = new Map<number, WorldRow[]>();
    for (let row = 0; row < hostControl.worldCount(); row++) {
      const generation = world.generation(row);
      const vmRow = world.vmRow(row);
      if (!inUse(generation) || vmRow === -1) continue;
      const one = { row, generation, kind: world.kind(row), worldId: world.worldId(row) };
      const others = found.get(vmRow);
      if (others === undefined) found.set(vmRow, [one]);
      else others.push(one);
    }
    for (const worlds of found.values()) worlds.sort((a, b) => a.worldId - b.worldId);
    return found;
  }

  #readGroups(): void {
    const { group, hostControl } = this.sources.host;
    const pools = new Map<number, RowOwner>();
    for (let row = 0; row < hostControl.groupCount(); row++) {
      const generation = group.generation(row);
      if (!inUse(generation)) continue;
      if (group.kind(row) === GroupKind.pool) pools.set(group.poolId(row), { row, generation });
      if (group.kind(row) === GroupKind.host) this.#root = { row, generation };
      if (group.kind(row) === GroupKind.idle) this.#idle = { row, generation };
    }
    this.#pools = pools;
  }
}

export const isVcpu = ({ kind }: WorldRow): boolean => kind === WorldKind.vmm;
