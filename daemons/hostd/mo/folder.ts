import type { ManagedObjectReference, VirtualMachineConfigSpec } from '../../../lib/vim/index.js';
import {
  type CallContext,
  defineClass,
  notSupported,
  type ObjectClass,
} from '../../../lib/vim-server/index.js';
import { type Entity, entityClass } from './entity.js';

export interface RegisterVmArgs {
  readonly path: string;
  readonly name?: string | undefined;
  readonly asTemplate: boolean;
  readonly pool?: ManagedObjectReference | undefined;
  readonly host?: ManagedObjectReference | undefined;
}

export interface CreateVmArgs {
  readonly config: VirtualMachineConfigSpec;
  readonly pool: ManagedObjectReference;
  readonly host?: ManagedObjectReference | undefined;
}

export interface FolderOptions {
  readonly ref: ManagedObjectReference;
  readonly name: string;
  readonly parent: ManagedObjectReference | undefined;
  readonly childType: readonly string[];
}

export interface FolderDependencies {
  children(): ManagedObjectReference[];
  recentTasks(folder: Folder): ManagedObjectReference[];
  /** Only the folder of virtual machines can. */
  createVm?(folder: Folder, args: CreateVmArgs, call: CallContext): ManagedObjectReference;
  registerVm?(folder: Folder, args: RegisterVmArgs, call: CallContext): ManagedObjectReference;
}

/** One of the host's fixed folders. */
export class Folder implements Entity {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = folderClass;
  readonly name: string;
  readonly parent: ManagedObjectReference | undefined;
  readonly childType: readonly string[];
  readonly dependencies: FolderDependencies;

  constructor(options: FolderOptions, dependencies: FolderDependencies) {
    this.ref = options.ref;
    this.name = options.name;
    this.parent = options.parent;
    this.childType = options.childType;
    this.dependencies = dependencies;
  }

  recentTasks(): ManagedObjectReference[] {
    return this.dependencies.recentTasks(this);
  }
}

export const folderClass: ObjectClass = defineClass<'Folder', Folder>(
  'Folder',
  {
    properties: {
      childType: folder => [...folder.childType],
      childEntity: folder => folder.dependencies.children(),
    },
    methods: {
      CreateVM_Task: (folder, args, call) => {
        const { createVm } = folder.dependencies;
        if (createVm === undefined) throw notSupported();
        return createVm(folder, args, call);
      },
      RegisterVM_Task: (folder, args, call) => {
        const { registerVm } = folder.dependencies;
        if (registerVm === undefined) throw notSupported();
        return registerVm(folder, args, call);
      },
    },
  },
  entityClass,
);
