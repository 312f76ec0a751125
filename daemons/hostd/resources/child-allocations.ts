import type { PoolChange } from '../../../kernel/abi/index.js';
import type {
  ManagedObjectReference,
  ResourceConfigSpec,
  VirtualMachineConfigSpec,
} from '../../../lib/vim/index.js';
import {
  type CallContext,
  invalidArgument,
  type ManagedObject,
  managedObjectNotFound,
  vimFault,
} from '../../../lib/vim-server/index.js';
import { ResourcePool } from '../mo/resource-pool.js';
import { VirtualMachine } from '../mo/virtual-machine.js';
import { changedAllocations } from './pool-spec.js';

/** Gives a machine other shares, reservations and limits: in its file, and at once where it runs. */
export type Reallocate = (
  vm: VirtualMachine,
  spec: VirtualMachineConfigSpec,
  call: CallContext,
) => Promise<void>;

export interface ChildAllocationsDependencies {
  find(ref: ManagedObjectReference): ManagedObject | undefined;
  reallocate(vm: VirtualMachine, spec: VirtualMachineConfigSpec): Promise<void>;
  /** @param changes made when it is this change's turn */
  updatePools(changes: () => readonly PoolChange[]): Promise<void>;
}

interface VmChange {
  readonly vm: VirtualMachine;
  readonly spec: ResourceConfigSpec;
  readonly before: ResourceConfigSpec;
}

interface Step {
  do(): Promise<void>;
  undo(): Promise<void>;
}

/**
 * Changes what the members of one pool are given, all of them or none: what has been done is taken back when a later
 * step is refused. What gives reservations up comes first, so that the others can have them.
 */
export class ChildAllocations {
  readonly #pool: ResourcePool;
  readonly #dependencies: ChildAllocationsDependencies;

  constructor(pool: ResourcePool, dependencies: ChildAllocationsDependencies) {
    this.#pool = pool;
    this.#dependencies = dependencies;
  }

  /** @throws VimFault InvalidArgument, ConcurrentAccess and what refuses a reservation */
  async apply(specs: readonly ResourceConfigSpec[]): Promise<void> {
    const done: Step[] = [];
    try {
      for (const step of this.#steps(specs)) {
        await step.do();
        done.push(step);
      }
    } catch (error) {
      for (const step of done.reverse()) await step.undo();
      throw error;
    }
  }

  #steps(specs: readonly ResourceConfigSpec[]): Step[] {
    const members = specs.map(spec => ({ spec, member: this.#member(spec) }));
    if (new Set(members.map(({ member }) => member)).size < specs.length) throw invalidArgument('spec');
    const pools = members.flatMap(({ spec, member }) =>
      member instanceof ResourcePool ? [{ pool: member, spec }] : [],
    );
    const vms = members.flatMap(({ spec, member }) =>
      member instanceof VirtualMachine ? [vmChange(member, spec)] : [],
    );
    return [
      ...vms.filter(change => !raises(change)).map(change => this.#vmStep(change)),
      ...(pools.length === 0 ? [] : [this.#poolStep(pools)]),
      ...vms.filter(raises).map(change => this.#vmStep(change)),
    ];
  }

  #member({ entity }: ResourceConfigSpec): ResourcePool | VirtualMachine {
    if (entity === undefined) throw invalidArgument('spec.entity');
    const member = this.#dependencies.find(entity);
    if (member === undefined) throw managedObjectNotFound(entity);
    const container =
      member instanceof ResourcePool
        ? member.container
        : member instanceof VirtualMachine
          ? member.pool
          : undefined;
    if (container !== this.#pool) throw invalidArgument('spec.entity');
    return member as ResourcePool | VirtualMachine;
  }

  #vmStep({ vm, spec, before }: VmChange): Step {
    const { reallocate } = this.#dependencies;
    const { changeVersion, cpuAllocation, memoryAllocation } = spec;
    const old = { cpuAllocation: before.cpuAllocation, memoryAllocation: before.memoryAllocation };
    return {
      do: () => reallocate(vm, { changeVersion, cpuAllocation, memoryAllocation }),
      undo: () => reallocate(vm, old),
    };
  }

  #poolStep(pools: readonly { readonly pool: ResourcePool; readonly spec: ResourceConfigSpec }[]): Step {
    const { updatePools } = this.#dependencies;
    const before = pools.flatMap(({ pool: { poolId, info } }) =>
      info === undefined ? [] : [{ poolId, cpu: info.cpu, memory: info.memory }],
    );
    const changes = (): PoolChange[] =>
      pools.map(({ pool, spec }) => {
        return { poolId: pool.poolId, ...changedAllocations(pool, spec, 'spec') };
      });
    changes(); // what is wrong with them is told before anything is done
    return { do: () => updatePools(changes), undo: () => updatePools(() => before) };
  }
}

/** @throws VimFault InvalidState of a machine whose configuration cannot be read */
function vmChange(vm: VirtualMachine, spec: ResourceConfigSpec): VmChange {
  const before = vm.resourceConfig;
  if (before === undefined)
    throw vimFault('InvalidState', {}, `The configuration of ${vm.name} cannot be read.`);
  return { vm, spec, before };
}

function raises({ spec, before }: VmChange): boolean {
  const isMore = (property: 'cpuAllocation' | 'memoryAllocation'): boolean =>
    Number(spec[property].reservation ?? 0) > Number(before[property].reservation ?? 0);
  return isMore('cpuAllocation') || isMore('memoryAllocation');
}
