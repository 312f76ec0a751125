import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  loadVimSchema,
  type ManagedObjectReference,
  type MethodDefinition,
  type Methods,
  readReply,
  type VirtualDeviceConfigSpec,
  type VirtualMachineConfigSpec,
} from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { SeenFault, TestHost } from './testing/test-host.js';
import {
  adapter,
  added,
  backing,
  device,
  edited,
  flatDisk,
  isoDrive,
  poolSpec,
  removed,
} from './testing/vm-specs.js';

const schema = loadVimSchema();
const manager = moids.authorizationManager;
const readOnly = -2;
const noAccess = -5;

let test: TestHost;
let root: string;
let alice: string;
let vm: ManagedObjectReference;
let pool: ManagedObjectReference;
let every: string[];
let roleId: number;

beforeAll(async () => {
  test = await TestHost.start();
  root = await test.login();
  vm = await test.register(root);
  const args = { name: 'pool', spec: poolSpec() };
  pool = await test.call(moids.rootPool, 'CreateResourcePool', args, { session: root });
  const list = (await test.read(root, manager, 'privilegeList')) as { privId: string }[];
  every = list.map(privilege => privilege.privId);
  roleId = await test.call(manager, 'AddAuthorizationRole', { name: 'tested' }, { session: root });
  await give(readOnly);
  alice = await test.login('alice');
});
afterAll(() => test.stop());

async function give(role: number): Promise<void> {
  const permission = [{ principal: 'alice', group: false, roleId: role, propagate: true }];
  const args = { entity: moids.rootFolder, permission };
  await test.call(manager, 'SetEntityPermissions', args, { session: root });
}

/** Everything but one privilege. */
async function giveAllBut(privilege: string): Promise<void> {
  const privIds = every.filter(one => one !== privilege);
  await test.call(
    manager,
    'UpdateAuthorizationRole',
    { roleId, newName: 'tested', privIds },
    { session: root },
  );
  await give(roleId);
}

/** Every method that some object of the host has, once for each type. */
function builtMethods(): { target: ManagedObjectReference; method: MethodDefinition }[] {
  const found = new Map<string, { target: ManagedObjectReference; method: MethodDefinition }>();
  for (const { ref, objectClass } of test.host.registry.all())
    for (const name of objectClass.methods.keys()) {
      const method = schema.method(name);
      if (method === undefined) throw new Error(`${name} is no method`);
      found.set(`${objectClass.typeName} ${name}`, { target: ref, method });
    }
  return [...found.values()];
}

/** Who is asked first needs no arguments to be right. */
async function bareCall(
  { target, method }: { target: ManagedObjectReference; method: MethodDefinition },
  session: string | undefined,
): Promise<{ _type?: string; privilegeId?: string }> {
  const self = `<_this type="${target.type}">${target.value}</_this>`;
  const body = `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><${method.name} xmlns="urn:vim25">${self}</${method.name}></Body></Envelope>`;
  const { body: reply } = await test.host.dispatcher.handle({
    body,
    soapAction: 'urn:vim25/5.5',
    cookie: session,
    remoteAddress: '127.0.0.1',
    userAgent: 'test',
    signal: new AbortController().signal,
  });
  const read = readReply(schema, 'CurrentTime', '5.5', reply);
  return 'fault' in read ? (read.fault.detail as { _type?: string }) : {};
}

const isOpen = (method: MethodDefinition): boolean => method.privilege === 'System.Anonymous';

describe('every built method', () => {
  it('asks for a session, unless it is one of those that lead to one', async () => {
    const answered: string[] = [];
    for (const call of builtMethods()) {
      if (isOpen(call.method)) continue;
      const fault = await bareCall(call, undefined);
      if (fault._type !== 'NotAuthenticated') answered.push(`${call.method.name}: ${fault._type}`);
    }
    expect(answered).toEqual([]);
    // What the API lets anybody call.
    const open = new Set([
      'AcquireLocalTicket',
      'CloneSession',
      'Login',
      'LoginBySSPI',
      'RetrieveProductComponents',
      'RetrieveServiceContent',
    ]);
    const opened = builtMethods().filter(call => isOpen(call.method) && !open.has(call.method.name));
    expect(opened.map(call => call.method.name)).toEqual([]);
  });

  it('denies a user whose permission was taken away meanwhile; he may leave', async () => {
    await give(noAccess);
    const allowed: string[] = [];
    for (const call of builtMethods()) {
      if (isOpen(call.method) || call.method.name === 'Logout') continue;
      const fault = await bareCall(call, alice);
      if (fault._type !== 'NoPermission') allowed.push(`${call.method.name}: ${fault._type}`);
    }
    expect(allowed).toEqual([]);
    await test.call(moids.sessionManager, 'Logout', {}, { session: alice });
    await give(readOnly);
    alice = await test.login('alice');
  });

  it('that changes anything denies a user who may read only, naming the privilege', async () => {
    await give(readOnly);
    const harmless = new Set(['System.Anonymous', 'System.View', 'System.Read']);
    const wrong: string[] = [];
    for (const call of builtMethods()) {
      const { privilege, name } = call.method;
      if (privilege === undefined || harmless.has(privilege)) continue;
      const fault = await bareCall(call, alice);
      if (fault._type !== 'NoPermission' || fault.privilegeId !== privilege) {
        wrong.push(`${name}: ${fault._type} ${fault.privilegeId}, not ${privilege}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** A method with arguments and the privileges that they take. */
interface Case<M extends keyof Methods = keyof Methods> {
  readonly method: M;
  target(): ManagedObjectReference;
  args(): Methods[M]['args'];
  readonly privileges: readonly string[];
}

function takes<M extends keyof Methods>(
  method: M,
  target: () => ManagedObjectReference,
  args: () => Methods[M]['args'],
  ...privileges: string[]
): Case<M> {
  return { method, target, args, privileges };
}

const onVm = () => vm;
const onPool = () => pool;
const reconfigure = (spec: VirtualMachineConfigSpec, ...names: string[]) =>
  takes('ReconfigVM_Task', onVm, () => ({ spec }), ...names.map(name => `VirtualMachine.${name}`));
const change = (deviceChange: VirtualDeviceConfigSpec, ...names: string[]) =>
  reconfigure({ deviceChange: [deviceChange] }, ...names);
const space = 'Datastore.FileManagement';
const path = '[storage1] linux/linux.vmdk';
const permission = { principal: 'bob', group: false, roleId: readOnly, propagate: true };
const files = () => moids.fileManager;
const disks = () => moids.virtualDiskManager;
const browser = () => find('HostDatastoreBrowser');
const disk = (method: keyof Methods, args: object) =>
  takes(method, disks, () => args as Methods[keyof Methods]['args'], space);

function find(type: string): ManagedObjectReference {
  const object = [...test.host.registry.all()].find(({ ref }) => ref.type === type);
  if (object === undefined) throw new Error(`there is no ${type}`);
  return object.ref;
}

const unbacked = { key: 3000, backing: undefined };
const serialFile = (fileName: string) =>
  device('VirtualSerialPort', {
    yieldOnPoll: false,
    backing: backing('VirtualSerialPortFileBackingInfo', { fileName }),
  });

const cases: readonly Case[] = [
  reconfigure({ name: 'x' }, 'Config.Rename'),
  reconfigure({ numCPUs: 1 }, 'Config.CPUCount'),
  reconfigure({ memoryMB: 32 }, 'Config.Memory'),
  reconfigure({ annotation: 'x' }, 'Config.Settings'),
  reconfigure({ guestId: 'other' }, 'Config.Settings'),
  reconfigure({ cpuAllocation: { limit: 100 } }, 'Config.Resource'),
  reconfigure({ extraConfig: [{ key: 'a', value: 'b' }] }, 'Config.AdvancedConfig'),
  reconfigure({ swapPlacement: 'inherit' }, 'Config.SwapPlacement'),
  reconfigure({ numCPUs: 1, memoryMB: 32 }, 'Config.CPUCount', 'Config.Memory'),
  change(added(flatDisk(), 'create'), 'Config.AddNewDisk'),
  change(added(flatDisk()), 'Config.AddExistingDisk'),
  change(removed(flatDisk()), 'Config.RemoveDisk'),
  change(edited(flatDisk()), 'Config.DiskExtend'),
  change(added(adapter()), 'Config.AddRemoveDevice'),
  change(removed(adapter()), 'Config.AddRemoveDevice'),
  change(edited(adapter()), 'Config.EditDevice'),
  change(edited(isoDrive()), 'Interact.SetCDMedia'),
  takes(
    'ReconfigVM_Task',
    onVm,
    () => ({ spec: { deviceChange: [added(flatDisk({}, { fileName: path }))] } }),
    'Datastore.Browse',
  ),
  takes(
    'ReconfigVM_Task',
    onVm,
    () => ({ spec: { deviceChange: [added(flatDisk({}, { fileName: path }), 'create')] } }),
    space,
  ),
  ...[
    { deviceChange: [added(flatDisk(), 'create')] },
    { deviceChange: [added(flatDisk({}, { fileName: '[]' }), 'create')] },
    { deviceChange: [removed(flatDisk(unbacked), 'destroy')] },
    { deviceChange: [edited(flatDisk({ ...unbacked, capacityInKB: 204_800 }))] },
    { deviceChange: [added(serialFile(path))] },
    { files: { logDirectory: '[storage1] other' } },
  ].map(spec => takes('ReconfigVM_Task', onVm, () => ({ spec }), space)),
  takes(
    'CreateVM_Task',
    () => moids.vmFolder,
    () => ({ config: { name: 'x', files: { vmPathName: '[storage1]' } }, pool: moids.rootPool }),
    'Resource.AssignVMToPool',
    space,
  ),
  takes(
    'RegisterVM_Task',
    () => moids.vmFolder,
    () => ({ path: '[storage1] linux/linux.vmx', asTemplate: false, pool: moids.rootPool }),
    'Resource.AssignVMToPool',
    'Datastore.Browse',
  ),
  takes('Destroy_Task', onVm, () => ({}), 'VirtualMachine.Inventory.Delete'),
  takes(
    'Destroy_Task',
    () => moids.vmFolder,
    () => ({}),
    'Folder.Delete',
  ),
  takes('Rename_Task', onVm, () => ({ newName: 'x' }), 'VirtualMachine.Config.Rename'),
  takes(
    'Rename_Task',
    () => moids.datacenter,
    () => ({ newName: 'x' }),
    'Datacenter.Rename',
  ),
  takes(
    'Rename_Task',
    () => find('Datastore'),
    () => ({ newName: 'x' }),
    'Datastore.Rename',
  ),
  takes('AcquireTicket', onVm, () => ({ ticketType: 'mks' }), 'VirtualMachine.Interact.ConsoleInteract'),
  takes(
    'UpdateOptions',
    () => moids.setting,
    () => ({ changedValue: [] }),
    'Global.Settings',
  ),
  takes(
    'UpdateConfig',
    () => moids.rootPool,
    () => ({ config: { cpuAllocation: {}, memoryAllocation: {} } }),
    'Resource.EditPool',
  ),
  takes(
    'UpdateConfig',
    () => pool,
    () => ({ name: 'x' }),
    'Resource.RenamePool',
  ),
  takes(
    'UpdateChildResourceConfiguration',
    () => moids.rootPool,
    () => ({ spec: [{ entity: vm, cpuAllocation: {}, memoryAllocation: {} }] }),
    'Resource.EditPool',
    'VirtualMachine.Config.Resource',
  ),
  takes('MoveIntoResourcePool', onPool, () => ({ list: [vm] }), 'Resource.AssignVMToPool'),
  takes(
    'MoveIntoResourcePool',
    () => moids.rootPool,
    () => ({ list: [pool] }),
    'Resource.MovePool',
  ),
  takes('DestroyChildren', onPool, () => ({}), 'Resource.DeletePool'),
  takes('Destroy_Task', onPool, () => ({}), 'Resource.DeletePool'),
  takes('Rename_Task', onPool, () => ({ newName: 'x' }), 'Resource.RenamePool'),
  takes(
    'SetEntityPermissions',
    () => manager,
    () => ({ entity: vm, permission: [permission] }),
    'Authorization.ModifyPermissions',
  ),
  takes(
    'ResetEntityPermissions',
    () => manager,
    () => ({ entity: vm, permission: [permission] }),
    'Authorization.ModifyPermissions',
  ),
  takes(
    'RemoveEntityPermission',
    () => manager,
    () => ({ entity: vm, user: 'bob', isGroup: false }),
    'Authorization.ModifyPermissions',
  ),
  takes(
    'LogUserEvent',
    () => moids.eventManager,
    () => ({ entity: vm, msg: 'x' }),
    'Global.LogEvent',
  ),
  takes(
    'CancelTask',
    () => find('Task'),
    () => ({}),
    'Global.CancelTask',
  ),
  takes('MakeDirectory', files, () => ({ name: '[storage1] d' }), space),
  takes('DeleteDatastoreFile_Task', files, () => ({ name: path }), space),
  takes(
    'MoveDatastoreFile_Task',
    files,
    () => ({ sourceName: path, destinationName: '[storage1] d' }),
    space,
  ),
  takes(
    'CopyDatastoreFile_Task',
    files,
    () => ({ sourceName: path, destinationName: '[storage1] d' }),
    'Datastore.Browse',
    space,
  ),
  takes('SearchDatastore_Task', browser, () => ({ datastorePath: '[storage1]' }), 'Datastore.Browse'),
  takes(
    'SearchDatastoreSubFolders_Task',
    browser,
    () => ({ datastorePath: '[storage1]' }),
    'Datastore.Browse',
  ),
  takes('DeleteFile', browser, () => ({ datastorePath: path }), 'Datastore.DeleteFile'),
  disk('CreateVirtualDisk_Task', { name: path, spec: { diskType: 'thin', adapterType: 'busLogic' } }),
  disk('DeleteVirtualDisk_Task', { name: path }),
  disk('ExtendVirtualDisk_Task', { name: path, newCapacityKb: 1024 }),
  disk('InflateVirtualDisk_Task', { name: path }),
  disk('EagerZeroVirtualDisk_Task', { name: path }),
  disk('ZeroFillVirtualDisk_Task', { name: path }),
  disk('ShrinkVirtualDisk_Task', { name: path }),
  disk('DefragmentVirtualDisk_Task', { name: path }),
  disk('SetVirtualDiskUuid', { name: path, uuid: 'x' }),
  disk('QueryVirtualDiskUuid', { name: path }),
  disk('QueryVirtualDiskGeometry', { name: path }),
  disk('QueryVirtualDiskFragmentation', { name: path }),
  disk('QueryVirtualDiskInfo_Task', { name: path, includeParents: false }),
  disk('MoveVirtualDisk_Task', { sourceName: path, destName: path }),
  disk('CopyVirtualDisk_Task', { sourceName: path, destName: path }),
];

/** Decided by arguments, and never more than a session, seeing or reading. */
const ofSessions = new Set([
  'RetrieveEntityPermissions',
  'HasPrivilegeOnEntity',
  'HasPrivilegeOnEntities',
  'CreateContainerView',
  'RetrieveUserGroups',
  'QueryPerf',
  'QueryPerfComposite',
  'QueryEvents',
  'CreateCollectorForEvents',
  'CreateCollectorForTasks',
]);

describe('arguments', () => {
  it.each(cases.flatMap(one => one.privileges.map(privilege => ({ ...one, privilege }))))(
    'of $method take $privilege',
    async ({ method, target, args, privilege }) => {
      await giveAllBut(privilege);
      const denied = test.call(target(), method, args(), { session: alice, version: '5.5' });
      await expect(denied).rejects.toMatchObject({
        type: 'NoPermission',
        detail: { privilegeId: privilege },
      });
    },
  );

  it('of every method that leaves its privilege to them are in that list', () => {
    const listed = new Set(cases.map(one => String(one.method)));
    const unlisted = builtMethods()
      .filter(({ method }) => method.privilege === undefined || test.host.authorizer.hasRule(method.name))
      .map(({ method }) => method.name)
      .filter(name => !listed.has(name) && !ofSessions.has(name));
    expect([...new Set(unlisted)]).toEqual([]);
    const unruled = builtMethods().filter(
      ({ method }) => method.privilege === undefined && !test.host.authorizer.hasRule(method.name),
    );
    expect(unruled.map(({ method }) => method.name)).toEqual([]);
  });

  it('of history take reading what it is about', async () => {
    const own = { entity: vm, permission: [{ ...permission, principal: 'alice' }] };
    await test.call(manager, 'SetEntityPermissions', own, { session: root });
    const args = { entity: moids.rootFolder, user: 'alice', isGroup: false };
    await test.call(manager, 'RemoveEntityPermission', args, { session: root });
    const ofVm = { entity: { entity: vm, recursion: 'self' as const } };
    const query = (filter: object) =>
      test.call(moids.eventManager, 'QueryEvents', { filter }, { session: alice });
    expect(((await query(ofVm)) ?? []).length).toBeGreaterThan(0);
    await expect(query({})).rejects.toMatchObject({ detail: { privilegeId: 'System.Read' } });
    const tasks = test.call(moids.taskManager, 'CreateCollectorForTasks', { filter: {} }, { session: alice });
    await expect(tasks).rejects.toMatchObject({ detail: { privilegeId: 'System.Read' } });
  });

  it('that name another object are refused where that one is hidden', async () => {
    await give(readOnly);
    const entity = moids.networkFolder;
    const args = { entity, permission: [{ ...permission, principal: 'alice', roleId: noAccess }] };
    await test.call(manager, 'SetEntityPermissions', args, { session: root });
    const view = { container: entity, recursive: true };
    await expect(
      test.call(moids.viewManager, 'CreateContainerView', view, { session: alice }),
    ).rejects.toBeInstanceOf(SeenFault);
    const hidden = { type: 'NoPermission', detail: { privilegeId: 'System.View' } };
    const shown = { entity: vm, maxSample: 1 };
    const samples = test.call(
      moids.perfManager,
      'QueryPerf',
      { querySpec: [shown, { entity }] },
      { session: alice },
    );
    await expect(samples).rejects.toMatchObject(hidden);
    const composite = test.call(
      moids.perfManager,
      'QueryPerfComposite',
      { querySpec: { entity } },
      { session: alice },
    );
    await expect(composite).rejects.toMatchObject(hidden);
    expect(
      await test.call(
        moids.searchIndex,
        'FindByInventoryPath',
        { inventoryPath: 'ha-datacenter/network' },
        { session: alice },
      ),
    ).toBeUndefined();
  });
});
