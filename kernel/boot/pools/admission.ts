import { ROOT_POOL_ID, VmkernelError } from '../../abi/index.js';
import { accountPools, findOverdraft, type PoolAccount } from '../../sched/policy/index.js';
import { fitOnPcpus } from './pcpu-reservations.js';
import type { PoolTree } from './pool-tree.js';

const KB_PER_MB = 1024;

/** What there is for VMs: whole MHz and MB. */
export interface Capacity {
  /** Of each PCPU, without what the service console is sure of. */
  readonly pcpuMhz: readonly number[];
  /** Speed of a PCPU: the most that one virtual CPU can use. */
  readonly vcpuMhz: number;
  readonly memoryMb: number;
}

/** What a VM that is powered on has reserved. */
export interface Demand {
  readonly vmxPath: string;
  readonly cpuMhz: number;
  /** Its memory and the overhead of its vmx. */
  readonly memoryMb: number;
  readonly vcpus: number;
  /** PCPU numbers; undefined: all. */
  readonly affinity: readonly number[] | undefined;
}

/** By advanced options, as they are at this moment. */
export interface AdmissionLimits {
  /** Virtual CPUs that may be powered on at once. */
  readonly poweredOnVcpus: () => number;
  /** A VM reserves at most what its virtual CPUs can use. */
  readonly checkPerVcpu: () => boolean;
}

export interface Accounts {
  readonly cpu: ReadonlyMap<number, PoolAccount>;
  readonly memory: ReadonlyMap<number, PoolAccount>;
}

/** What is set aside for powered-on VMs and pools: all of it must be there at once. */
export class Admission {
  readonly #demands = new Map<number, Demand>();

  constructor(
    private readonly capacity: Capacity,
    private readonly limits: AdmissionLimits,
    private readonly tree: () => PoolTree,
  ) {}

  /** Where a VM's row goes. */
  poolOf(vmxPath: string): number {
    return this.tree().poolOf(vmxPath);
  }

  get poweredOn(): Iterable<Demand> {
    return this.#demands.values();
  }

  demandOf(vmRow: number): Demand | undefined {
    return this.#demands.get(vmRow);
  }

  /**
   * Sets aside what a VM wants; what it had before is free for it. All or nothing.
   * @throws VmkernelError TooManyVcpus {max, count, poweredOn}, InsufficientCpu {neededMhz, availableMhz, poolId or
   *   pcpus}, InsufficientMemory {neededKb, availableKb, poolId}, InvalidVmx {key} for PCPUs that do not exist
   */
  admit(vmRow: number, demand: Demand): void {
    const others = [...this.#demands].filter(([row]) => row !== vmRow).map(([, other]) => other);
    this.#checkVcpus(others, demand);
    this.#checkPools(others, demand);
    this.#checkPcpus(others, demand);
    this.#demands.set(vmRow, demand);
  }

  /** Takes an admission back: the VM has what it had before. */
  restore(vmRow: number, demand: Demand | undefined): void {
    if (demand === undefined) this.#demands.delete(vmRow);
    else this.#demands.set(vmRow, demand);
  }

  release(vmRow: number): void {
    this.#demands.delete(vmRow);
  }

  accounts(tree = this.tree(), demands: Iterable<Demand> = this.#demands.values()): Accounts {
    const cpu = tree.pools.map(({ poolId, parentId, cpu }) => ({ id: poolId, parentId, ...cpu }));
    const memory = tree.pools.map(({ poolId, parentId, memory }) => ({ id: poolId, parentId, ...memory }));
    const users = [...demands].map(demand => ({ poolId: tree.poolOf(demand.vmxPath), demand }));
    return {
      cpu: accountPools(
        cpu,
        users.map(({ poolId, demand }) => ({ poolId, reservation: demand.cpuMhz })),
      ),
      memory: accountPools(
        memory,
        users.map(({ poolId, demand }) => ({ poolId, reservation: demand.memoryMb })),
      ),
    };
  }

  /** @throws VmkernelError InsufficientCpu, InsufficientMemory when a change of the pools takes more than there is */
  checkTree(next: PoolTree): void {
    const before = this.accounts();
    const after = this.accounts(next);
    const cpu = findOverdraft(before.cpu, after.cpu);
    if (cpu !== undefined) throw insufficientCpu(next, cpu.id, cpu.needed, cpu.available);
    const memory = findOverdraft(before.memory, after.memory);
    if (memory !== undefined) throw insufficientMemory(next, memory.id, memory.needed, memory.available);
  }

  #checkVcpus(others: readonly Demand[], { vcpus }: Demand): void {
    const poweredOn = others.reduce((sum, other) => sum + other.vcpus, 0);
    const max = this.limits.poweredOnVcpus();
    if (poweredOn + vcpus <= max) return;
    throw new VmkernelError(
      'TooManyVcpus',
      `${poweredOn} virtual CPUs are powered on; the host runs ${max} and ${vcpus} more are wanted`,
      { max, count: vcpus, poweredOn },
    );
  }

  #checkPools(others: readonly Demand[], { vmxPath, cpuMhz, memoryMb, vcpus }: Demand): void {
    const tree = this.tree();
    const poolId = tree.poolOf(vmxPath);
    const { cpu, memory } = this.accounts(tree, others);
    const mostMhz = this.limits.checkPerVcpu() ? vcpus * this.capacity.vcpuMhz : Number.POSITIVE_INFINITY;
    const freeMhz = Math.min(cpu.get(poolId)?.free ?? 0, mostMhz);
    if (cpuMhz > freeMhz) throw insufficientCpu(tree, poolId, cpuMhz, freeMhz);
    const freeMb = memory.get(poolId)?.free ?? 0;
    if (memoryMb > freeMb) throw insufficientMemory(tree, poolId, memoryMb, freeMb);
  }

  #checkPcpus(others: readonly Demand[], demand: Demand): void {
    if (demand.affinity === undefined) return;
    const { pcpuMhz } = this.capacity;
    const missing = demand.affinity.find(pcpu => pcpuMhz[pcpu] === undefined);
    if (missing !== undefined)
      throw new VmkernelError(
        'InvalidVmx',
        `sched.cpu.affinity: there is no PCPU ${missing}, the host has ${pcpuMhz.length}`,
        { line: 0, reason: 'BadValue', key: 'sched.cpu.affinity', pcpu: missing, pcpus: pcpuMhz.length },
      );
    if (demand.cpuMhz === 0) return;
    const bound = [...others, demand].filter(other => other.affinity !== undefined && other.cpuMhz > 0);
    const fits = fitOnPcpus(
      bound.map(({ cpuMhz, affinity = [] }) => ({ amount: cpuMhz, pcpus: affinity })),
      pcpuMhz,
    );
    const got = fits.at(-1) ?? 0;
    if (got >= demand.cpuMhz) return;
    const pcpus = demand.affinity.join(',');
    throw new VmkernelError(
      'InsufficientCpu',
      `The VM reserves ${demand.cpuMhz} MHz of PCPU ${pcpus}; ${got} MHz are free there`,
      { neededMhz: demand.cpuMhz, availableMhz: got, pcpus: demand.affinity },
    );
  }
}

function nameOf(tree: PoolTree, poolId: number): string {
  return poolId === ROOT_POOL_ID ? 'The host' : `Resource pool ${tree.get(poolId).name}`;
}

function insufficientCpu(
  tree: PoolTree,
  poolId: number,
  neededMhz: number,
  availableMhz: number,
): VmkernelError {
  return new VmkernelError(
    'InsufficientCpu',
    `${nameOf(tree, poolId)} has ${availableMhz} MHz for a reservation of ${neededMhz} MHz`,
    { poolId, neededMhz, availableMhz },
  );
}

function insufficientMemory(
  tree: PoolTree,
  poolId: number,
  neededMb: number,
  availableMb: number,
): VmkernelError {
  const details = { poolId, neededKb: neededMb * KB_PER_MB, availableKb: availableMb * KB_PER_MB };
  return new VmkernelError(
    'InsufficientMemory',
    `${nameOf(tree, poolId)} has ${details.availableKb} KB of machine memory for a reservation of ${details.neededKb} KB`,
    details,
  );
}
