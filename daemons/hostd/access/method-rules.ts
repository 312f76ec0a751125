import type {
  ManagedObjectReference,
  VirtualDeviceFileBackingInfo,
  VirtualDisk,
  VirtualMachineConfigSpec,
} from '../../../lib/vim/index.js';
import type { ManagedObject, MethodRules, Need } from '../../../lib/vim-server/index.js';
import { moids } from '../mo/moids.js';
import { ResourcePool } from '../mo/resource-pool.js';
import { VirtualMachine } from '../mo/virtual-machine.js';
import {
  createNeeds,
  fileNeeds,
  type MachineDisk,
  reconfigureNeeds,
  type SpecMachine,
} from './vm-spec-rules.js';

export interface MethodRulesDependencies {
  /** The datastore that a path such as `[storage1] linux/linux.vmx` names. */
  datastoreOf(path: string): ManagedObjectReference | undefined;
}

const destroyPrivileges: Readonly<Record<string, string>> = {
  VirtualMachine: 'VirtualMachine.Inventory.Delete',
  Folder: 'Folder.Delete',
  Datacenter: 'Datacenter.Delete',
  ComputeResource: 'Host.Inventory.RemoveHostFromCluster',
  HostSystem: 'Host.Inventory.RemoveHostFromCluster',
  ResourcePool: 'Resource.DeletePool',
  Datastore: 'Datastore.Delete',
  Network: 'Network.Delete',
};

const renamePrivileges: Readonly<Record<string, string>> = {
  VirtualMachine: 'VirtualMachine.Config.Rename',
  Folder: 'Folder.Rename',
  Datacenter: 'Datacenter.Rename',
  ComputeResource: 'Host.Inventory.RenameCluster',
  HostSystem: 'Host.Inventory.RenameCluster',
  ResourcePool: 'Resource.RenamePool',
  Datastore: 'Datastore.Rename',
  Network: 'Network.Config',
};

const movePrivileges: Readonly<Record<string, string>> = {
  VirtualMachine: 'VirtualMachine.Inventory.Move',
  Folder: 'Folder.Move',
  Datacenter: 'Datacenter.Move',
  ComputeResource: 'Host.Inventory.MoveHost',
  Datastore: 'Datastore.Move',
  Network: 'Network.Move',
};

const need = (on: ManagedObjectReference, privilege: string): Need => ({ on, privilege });

/** What nobody has said a privilege for takes all of them. */
function byType(privileges: Readonly<Record<string, string>>, ref: ManagedObjectReference): Need {
  return need(ref, privileges[ref.type] ?? 'System.Unruled');
}

const networkConfig = (self: ManagedObject): Need[] => [need(self.ref, 'Host.Config.Network')];

/** What calls take on this host beyond the schema's privilege; see MethodRules. */
export function hostMethodRules(dependencies: MethodRulesDependencies): MethodRules {
  /** A path without a datastore is refused later; asking on the folder of all datastores gives nothing away. */
  const onPath = (path: string | undefined, privilege: string): Need =>
    need(dependencies.datastoreOf(path ?? '') ?? moids.datastoreFolder, privilege);
  const spaceOn = (path: string | undefined): Need => onPath(path, 'Datastore.FileManagement');
  return {
    ...machineRules(onPath),
    ...hostRules(),
    ...fileRules(onPath, spaceOn),
    ...diskRules(spaceOn),
    ...performanceRules(),
  };
}

type OnPath = (path: string | undefined, privilege: string) => Need;
type SpaceOn = (path: string | undefined) => Need;

function machineRules(onPath: OnPath): MethodRules {
  return {
    Destroy_Task: self => [byType(destroyPrivileges, self.ref)],
    Rename_Task: self => [byType(renamePrivileges, self.ref)],
    MoveIntoFolder_Task: (self, { list }) => [
      ...list.map(entity => byType(movePrivileges, entity)),
      need(self.ref, 'System.Read'),
    ],
    CreateVM_Task: (self, { config, pool }) => [
      need(pool, 'Resource.AssignVMToPool'),
      ...createNeeds(self.ref, config),
      ...needsOnFiles(config, newMachine(config), onPath),
      onPath(config.files?.vmPathName, 'Datastore.FileManagement'),
    ],
    RegisterVM_Task: (_, { path, pool }) => [
      ...(pool === undefined ? [] : [need(pool, 'Resource.AssignVMToPool')]),
      onPath(path, 'Datastore.Browse'),
    ],
    ReconfigVM_Task: (self, { spec }) => [
      ...reconfigureNeeds(self.ref, spec),
      ...needsOnFiles(spec, machineOf(self), onPath),
    ],
    CloneVM_Task: (self, { folder }) => [
      need(self.ref, 'VirtualMachine.Provisioning.Clone'),
      need(folder, 'VirtualMachine.Inventory.Create'),
    ],
    MigrateVM_Task: (self, { pool }) => [
      need(self.ref, 'Resource.HotMigrate'),
      ...(pool === undefined ? [] : [need(pool, 'Resource.AssignVMToPool')]),
    ],
    AcquireTicket: self => [need(self.ref, 'VirtualMachine.Interact.ConsoleInteract')],
    UpdateConfig: (self, { name, config }) => [
      ...(name === undefined ? [] : [need(self.ref, 'Resource.RenamePool')]),
      ...(config === undefined ? [] : [need(self.ref, 'Resource.EditPool')]),
    ],
    UpdateChildResourceConfiguration: (self, { spec }, session) => [
      need(self.ref, 'Resource.EditPool'),
      ...spec.flatMap(({ entity }) => {
        return entity === undefined ? [] : [childNeed(entity, session.find(entity.value))];
      }),
    ],
    MoveIntoResourcePool: (self, { list }, session) =>
      list.flatMap(entity => moveIntoPool(self.ref, entity, session.find(entity.value))),
    DestroyChildren: self => poolsFrom(self).map(({ ref }) => need(ref, 'Resource.DeletePool')),
  };
}

function needsOnFiles(spec: VirtualMachineConfigSpec, machine: SpecMachine, onPath: OnPath): Need[] {
  return fileNeeds(spec, machine).map(({ path, privilege }) => onPath(path, privilege));
}

function newMachine({ files }: VirtualMachineConfigSpec): SpecMachine {
  return { path: files?.vmPathName ?? '', disk: () => undefined };
}

function machineOf(self: ManagedObject): SpecMachine {
  if (!(self instanceof VirtualMachine)) throw new Error(`${self.ref.type} has no configuration`);
  return { path: self.pathName, disk: key => diskOf(self, key) };
}

function diskOf({ config }: VirtualMachine, key: number): MachineDisk | undefined {
  const devices = config.kind === 'read' ? config.info.hardware.device : undefined;
  const found = devices?.find(device => device.key === key && device._type === 'VirtualDisk');
  if (found === undefined) return undefined;
  const { backing, capacityInKB } = found as VirtualDisk;
  const { fileName = '' } = (backing ?? {}) as Partial<VirtualDeviceFileBackingInfo>;
  return { path: fileName, capacityKb: Number(capacityInKB) };
}

/** A pool and all below it: each of these is destroyed. */
function poolsFrom(self: ManagedObject): ManagedObject[] {
  return self instanceof ResourcePool ? [self, ...self.below] : [self];
}

function childNeed(entity: ManagedObjectReference, child: ManagedObject | undefined): Need {
  return need(
    entity,
    child instanceof VirtualMachine ? 'VirtualMachine.Config.Resource' : 'Resource.EditPool',
  );
}

/** On what is moved, too: who may do anything in one pool would take machines of others into it. */
function moveIntoPool(
  pool: ManagedObjectReference,
  entity: ManagedObjectReference,
  moved: ManagedObject | undefined,
): Need[] {
  if (!(moved instanceof ResourcePool)) return [entity, pool].map(on => need(on, 'Resource.AssignVMToPool'));
  const former = moved.container?.ref ?? pool;
  return [entity, former, pool].map(on => need(on, 'Resource.MovePool'));
}

function hostRules(): MethodRules {
  return {
    UpdateNetworkConfig: networkConfig,
    AddVirtualNic: networkConfig,
    UpdateVirtualNic: networkConfig,
    AddServiceConsoleVirtualNic: networkConfig,
    UpdateServiceConsoleVirtualNic: networkConfig,
    UpdateOptions: self => [
      need(
        self.ref,
        self.ref.value === moids.setting.value ? 'Global.Settings' : 'Host.Config.AdvancedConfig',
      ),
    ],
    CreateAlarm: (_, { entity }) => [need(entity, 'Alarm.Create')],
    GetAlarmState: (_, { entity }) => [need(entity, 'System.Read')],
    CreateScheduledTask: (_, { entity }) => [need(entity, 'ScheduledTask.Create')],
  };
}

function fileRules(onPath: OnPath, spaceOn: SpaceOn): MethodRules {
  return {
    SearchDatastore_Task: (_, { datastorePath }) => [onPath(datastorePath, 'Datastore.Browse')],
    SearchDatastoreSubFolders_Task: (_, { datastorePath }) => [onPath(datastorePath, 'Datastore.Browse')],
    DeleteFile: (_, { datastorePath }) => [onPath(datastorePath, 'Datastore.DeleteFile')],
    MakeDirectory: (_, { name }) => [spaceOn(name)],
    ChangeOwner: (_, { name }) => [spaceOn(name)],
    DeleteDatastoreFile_Task: (_, { name }) => [spaceOn(name)],
    MoveDatastoreFile_Task: (_, args) => [spaceOn(args.sourceName), spaceOn(args.destinationName)],
    CopyDatastoreFile_Task: (_, args) => [
      onPath(args.sourceName, 'Datastore.Browse'),
      spaceOn(args.destinationName),
    ],
  };
}

/** The schema says System.View of all of these, and the product asks for the right to change the datastore. */
function diskRules(spaceOn: SpaceOn): MethodRules {
  const onName = (_: unknown, { name }: { name: string }): Need[] => [spaceOn(name)];
  return {
    CreateVirtualDisk_Task: onName,
    DeleteVirtualDisk_Task: onName,
    ExtendVirtualDisk_Task: onName,
    DefragmentVirtualDisk_Task: onName,
    ShrinkVirtualDisk_Task: onName,
    InflateVirtualDisk_Task: onName,
    EagerZeroVirtualDisk_Task: onName,
    ZeroFillVirtualDisk_Task: onName,
    SetVirtualDiskUuid: onName,
    QueryVirtualDiskUuid: onName,
    QueryVirtualDiskGeometry: onName,
    QueryVirtualDiskFragmentation: onName,
    QueryVirtualDiskInfo_Task: onName,
    MoveVirtualDisk_Task: (_, { sourceName, destName }) => [spaceOn(sourceName), spaceOn(destName)],
    CopyVirtualDisk_Task: (_, { sourceName, destName }) => [spaceOn(sourceName), spaceOn(destName)],
  };
}

/** Statistics are told of what the caller sees. */
function performanceRules(): MethodRules {
  return {
    QueryPerf: (_, { querySpec }) => querySpec.map(({ entity }) => need(entity, 'System.View')),
    QueryPerfComposite: (_, { querySpec }) => [need(querySpec.entity, 'System.View')],
  };
}
