import { type PoolInfo, ROOT_POOL_ID } from '../../../kernel/abi/index.js';
import { ManagedObjectReference, type ResourceConfigSpec } from '../../../lib/vim/index.js';
import {
  type CallContext,
  defineClass,
  notSupported,
  type ObjectClass,
} from '../../../lib/vim-server/index.js';
import { type Entity, entityClass } from './entity.js';
import type { HostFacts } from './host/host-facts.js';
import { moids } from './moids.js';
import { poolConfig, poolConfigOption, poolRuntime, poolSummary } from './resource-pool-views.js';
import type { VirtualMachine } from './virtual-machine.js';

/** What clients do with pools; each ends when the VMkernel has done it. */
export interface PoolOperations {
  create(
    parent: ResourcePool,
    args: { readonly name: string; readonly spec: ResourceConfigSpec },
    call: CallContext,
  ): Promise<ManagedObjectReference>;
  update(
    pool: ResourcePool,
    args: { readonly name?: string | undefined; readonly config?: ResourceConfigSpec | undefined },
    call: CallContext,
  ): Promise<void>;
  updateChildren(pool: ResourcePool, specs: readonly ResourceConfigSpec[], call: CallContext): Promise<void>;
  moveInto(pool: ResourcePool, list: readonly ManagedObjectReference[], call: CallContext): Promise<void>;
  destroyChildren(pool: ResourcePool, call: CallContext): Promise<void>;
  rename(pool: ResourcePool, newName: string, call: CallContext): ManagedObjectReference;
  destroy(pool: ResourcePool, call: CallContext): ManagedObjectReference;
  /** Asks the VMkernel anew. */
  refresh(): Promise<void>;
}

export interface ResourcePoolDependencies {
  readonly facts: HostFacts;
  /** The pools directly in it. */
  children(pool: ResourcePool): readonly ResourcePool[];
  /** The registered machines directly in it. */
  vms(pool: ResourcePool): readonly VirtualMachine[];
  find(poolId: number): ResourcePool | undefined;
  recentTasks(pool: ResourcePool): ManagedObjectReference[];
  operations(): PoolOperations;
}

export function poolReference(poolId: number): ManagedObjectReference {
  return poolId === ROOT_POOL_ID
    ? moids.rootPool
    : new ManagedObjectReference('ResourcePool', `pool${poolId}`);
}

/** A resource pool as the VMkernel last described it. The root is there before the VMkernel has said anything. */
export class ResourcePool implements Entity {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = resourcePoolClass;
  readonly poolId: number;
  readonly dependencies: ResourcePoolDependencies;
  #info: PoolInfo | undefined;

  constructor(poolId: number, info: PoolInfo | undefined, dependencies: ResourcePoolDependencies) {
    this.ref = poolReference(poolId);
    this.poolId = poolId;
    this.#info = info;
    this.dependencies = dependencies;
  }

  get isRoot(): boolean {
    return this.poolId === ROOT_POOL_ID;
  }

  get info(): PoolInfo | undefined {
    return this.#info;
  }

  get name(): string {
    return this.isRoot ? 'Resources' : (this.#info?.name ?? this.ref.value);
  }

  /** The pool it is in; undefined of the root. */
  get container(): ResourcePool | undefined {
    return this.isRoot ? undefined : this.dependencies.find(this.#info?.parentId ?? ROOT_POOL_ID);
  }

  get parent(): ManagedObjectReference {
    return this.container?.ref ?? moids.computeResource;
  }

  /** It and what it is in, up to the root. */
  get path(): ResourcePool[] {
    const { container } = this;
    return container === undefined ? [this] : [this, ...container.path];
  }

  /** Pools in it, in those, and so on, each after the one it is in. */
  get below(): ResourcePool[] {
    return this.dependencies.children(this).flatMap(child => [child, ...child.below]);
  }

  update(info: PoolInfo): void {
    this.#info = info;
  }

  recentTasks(): ManagedObjectReference[] {
    return this.dependencies.recentTasks(this);
  }
}

/** @throws VimFault NotSupported of the root, which is the host itself */
function changeable(pool: ResourcePool): PoolOperations {
  if (pool.isRoot) throw notSupported();
  return pool.dependencies.operations();
}

export const resourcePoolClass: ObjectClass = defineClass<'ResourcePool', ResourcePool>(
  'ResourcePool',
  {
    properties: {
      summary: poolSummary,
      runtime: poolRuntime,
      owner: () => moids.computeResource,
      resourcePool: pool => pool.dependencies.children(pool).map(({ ref }) => ref),
      vm: pool => pool.dependencies.vms(pool).map(({ ref }) => ref),
      config: poolConfig,
      childConfiguration: pool => [
        ...pool.dependencies.children(pool).map(poolConfig),
        ...pool.dependencies.vms(pool).flatMap(vm => vm.resourceConfig ?? []),
      ],
    },
    methods: {
      CreateResourcePool: (pool, args, call) => pool.dependencies.operations().create(pool, args, call),
      UpdateConfig: (pool, args, call) => changeable(pool).update(pool, args, call),
      UpdateChildResourceConfiguration: (pool, { spec }, call) =>
        pool.dependencies.operations().updateChildren(pool, spec, call),
      MoveIntoResourcePool: (pool, { list }, call) =>
        pool.dependencies.operations().moveInto(pool, list, call),
      DestroyChildren: (pool, _, call) => pool.dependencies.operations().destroyChildren(pool, call),
      Rename_Task: (pool, { newName }, call) => changeable(pool).rename(pool, newName, call),
      Destroy_Task: (pool, _, call) => changeable(pool).destroy(pool, call),
      QueryResourceConfigOption: poolConfigOption,
      RefreshRuntime: pool => pool.dependencies.operations().refresh(),
    },
  },
  entityClass,
);
