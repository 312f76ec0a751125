import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ManagedObjectReference, Methods, Permission } from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { faultOf, linuxVmx, SeenFault, TestHost } from './testing/test-host.js';

let test: TestHost;
let root: string;
let vm: ManagedObjectReference;
beforeEach(async () => {
  test = await TestHost.start();
  root = await test.login();
  vm = await test.register(root);
});
afterEach(() => test.stop());

const manager = moids.authorizationManager;
const roleIds = { admin: -1, readOnly: -2, view: -3, noAccess: -5 };

function set(entity: ManagedObjectReference, ...permission: Partial<Permission>[]): Promise<void> {
  const full = permission.map(one => ({
    principal: 'alice',
    group: false,
    roleId: roleIds.readOnly,
    propagate: true,
    ...one,
  }));
  return test.call(manager, 'SetEntityPermissions', { entity, permission: full }, { session: root });
}

const login = (user: string): Promise<string> => test.login(user);

/** What the user is denied, or 'no fault'. */
async function denial(session: string, call: (session: string) => Promise<unknown>): Promise<unknown> {
  try {
    await call(session);
    return 'no fault';
  } catch (error) {
    if (error instanceof SeenFault) return error.detail;
    throw error;
  }
}

const powerOn = (session: string) => test.call(vm, 'PowerOnVM_Task', {}, { session });
const roles = (session: string) => test.read(session, vm, 'effectiveRole');
const addRole = (args: Methods['AddAuthorizationRole']['args']) =>
  test.call(manager, 'AddAuthorizationRole', args, { session: root });

describe('a permission', () => {
  it('lets its user log in; nobody else may', async () => {
    expect(await faultOf(login('alice'))).toBe('NoPermission');
    await set(moids.rootFolder, {});
    await login('alice');
    expect(await faultOf(login('bob'))).toBe('NoPermission');
  });

  it('read-only shows everything and changes nothing', async () => {
    await set(moids.rootFolder, {});
    const alice = await login('alice');
    expect(await test.read(alice, vm, 'config.name')).toBe('linux');
    expect(await denial(alice, powerOn)).toMatchObject({
      _type: 'NoPermission',
      object: vm,
      privilegeId: 'VirtualMachine.Interact.PowerOn',
    });
    const collector = moids.propertyCollector;
    const specSet = [
      {
        propSet: [{ type: 'SessionManager', all: false, pathSet: ['sessionList', 'defaultLocale'] }],
        objectSet: [{ obj: moids.sessionManager, skip: false }],
      },
    ];
    const [found] = (await test.call(collector, 'RetrieveProperties', { specSet }, { session: alice })) ?? [];
    expect(found?.propSet?.map(property => property.name)).toEqual(['defaultLocale']);
    expect(found?.missingSet).toMatchObject([
      {
        path: 'sessionList',
        fault: { fault: { _type: 'NoPermission', privilegeId: 'Sessions.TerminateSession' } },
      },
    ]);
  });

  it('on a machine alone shows the machine, the way to it and nothing else', async () => {
    await set(vm, { roleId: roleIds.readOnly });
    const alice = await login('alice');
    expect(await roles(alice)).toEqual([roleIds.readOnly]);
    expect(await test.read(alice, moids.vmFolder, 'effectiveRole')).toEqual([roleIds.view]);
    expect(await test.read(alice, moids.vmFolder, 'name')).toBe('vm');
    expect(await test.read(alice, moids.vmFolder, 'overallStatus')).toBeUndefined();
    expect(await faultOf(test.read(alice, moids.networkFolder, 'name'))).toBe('ManagedObjectNotFound');
    const view = await test.call(
      moids.viewManager,
      'CreateContainerView',
      { container: moids.rootFolder, recursive: true },
      { session: alice },
    );
    const seen = (await test.read(alice, view, 'view')) as ManagedObjectReference[];
    expect(seen.map(ref => ref.value).sort()).toEqual(
      [
        moids.datacenter.value,
        moids.vmFolder.value,
        moids.hostFolder.value,
        moids.computeResource.value,
        moids.rootPool.value,
        vm.value,
      ].sort(),
    );
  });

  it('on a machine leaves other machines out of every list, also of one that is followed', async () => {
    test.kernel.putFile('other/other.vmx', linuxVmx.replace('"linux"', '"other"'));
    const other = await test.register(root, '[storage1] other/other.vmx');
    await set(vm, {});
    const alice = await login('alice');
    expect(await test.read(alice, moids.vmFolder, 'childEntity')).toEqual([vm]);
    expect(await test.read(alice, moids.rootPool, 'vm')).toEqual([vm]);
    expect(await test.read(alice, vm, 'datastore')).toEqual([]);
    expect(await test.read(alice, moids.vmFolder, `childEntity["${other.value}"]`)).toBeUndefined();
    const target = await test.call(moids.environmentBrowser, 'QueryConfigTarget', {}, { session: alice });
    expect(target?.datastore ?? []).toEqual([]);
    expect(await test.read(root, moids.vmFolder, 'childEntity')).toEqual([vm, other]);
    const spec = {
      propSet: [{ type: 'Folder', all: false, pathSet: ['childEntity'] }],
      objectSet: [{ obj: moids.vmFolder, skip: false }],
    };
    const collector = moids.propertyCollector;
    await test.call(collector, 'CreateFilter', { spec, partialUpdates: true }, { session: alice });
    const { version } = await test.call(collector, 'WaitForUpdates', {}, { session: alice });
    test.kernel.putFile('third/third.vmx', linuxVmx.replace('"linux"', '"third"'));
    await test.register(root, '[storage1] third/third.vmx');
    expect(await test.call(collector, 'CheckForUpdates', { version }, { session: alice })).toBeUndefined();
    await set(other, {});
    const update = await test.call(collector, 'CheckForUpdates', { version }, { session: alice });
    expect(update?.filterSet?.[0]?.objectSet?.[0]?.changeSet).toMatchObject([
      { name: `childEntity["${other.value}"]`, op: 'add' },
    ]);
  });

  it('that is nearer wins, upwards and downwards', async () => {
    await set(moids.rootFolder, { roleId: roleIds.admin });
    await set(vm, { roleId: roleIds.noAccess });
    const alice = await login('alice');
    expect(await denial(alice, powerOn)).toMatchObject({ privilegeId: 'VirtualMachine.Interact.PowerOn' });
    expect(await faultOf(test.read(alice, vm, 'name'))).toBe('ManagedObjectNotFound');
    expect(await test.read(alice, moids.host, 'effectiveRole')).toEqual([roleIds.admin]);
  });

  it('that does not propagate ends where it is', async () => {
    await set(moids.rootFolder, {});
    await set(moids.vmFolder, { roleId: roleIds.admin, propagate: false });
    const alice = await login('alice');
    expect(await test.read(alice, moids.vmFolder, 'effectiveRole')).toEqual([roleIds.admin]);
    // The machine is below the folder and the root pool; both inherit the root's.
    expect(await roles(alice)).toEqual([roleIds.readOnly]);
  });

  it('of groups adds up, and the one of the user beats them', async () => {
    const on = await addRole({ name: 'on', privIds: ['VirtualMachine.Interact.PowerOn'] });
    const off = await addRole({ name: 'off', privIds: ['VirtualMachine.Interact.PowerOff'] });
    await set(
      moids.rootFolder,
      { principal: 'operators', group: true, roleId: on },
      { principal: 'auditors', group: true, roleId: off },
      { principal: 'bob', roleId: roleIds.noAccess },
    );
    const alice = await login('alice');
    expect((await roles(alice)) as number[]).toEqual([on, off]);
    const privId = ['VirtualMachine.Interact.PowerOn', 'VirtualMachine.Interact.PowerOff', 'Folder.Create'];
    const asked = { entity: vm, sessionId: test.keyOf(alice), privId };
    expect(
      await test.call(manager, 'HasPrivilegeOnEntity', asked, { session: root, version: '5.5' }),
    ).toEqual([true, true, false]);
    expect(await faultOf(login('bob'))).toBe('NoPermission');
  });

  it('that is taken away counts at once, also in a filter that is followed', async () => {
    await set(moids.rootFolder, {});
    const alice = await login('alice');
    const spec = {
      propSet: [{ type: 'VirtualMachine', all: false, pathSet: ['name'] }],
      objectSet: [{ obj: vm, skip: false }],
    };
    const collector = moids.propertyCollector;
    await test.call(collector, 'CreateFilter', { spec, partialUpdates: false }, { session: alice });
    const first = await test.call(collector, 'WaitForUpdates', {}, { session: alice });
    const second = test.call(collector, 'WaitForUpdates', { version: first.version }, { session: alice });
    await set(vm, { roleId: roleIds.noAccess });
    expect((await second).filterSet?.[0]?.objectSet).toMatchObject([{ kind: 'leave', obj: vm }]);
  });

  it('is there again after a restart, and goes with its machine', async () => {
    const on = await addRole({ name: 'on', privIds: ['VirtualMachine.Interact.PowerOn'] });
    await set(vm, { roleId: on, propagate: false });
    test.host.close();
    await test.boot();
    root = await test.login();
    const all = () => test.call(manager, 'RetrieveRolePermissions', { roleId: on }, { session: root });
    expect(await all()).toEqual([
      expect.objectContaining({ entity: vm, principal: 'alice', group: false, propagate: false }),
    ]);
    await test.call(vm, 'UnregisterVM', {}, { session: root });
    expect((await all()) ?? []).toEqual([]);
  });
});

describe('the last administrator', () => {
  it('cannot be removed, demoted or merged away', async () => {
    const { rootFolder } = moids;
    const remove = (user: string) => {
      const args = { entity: rootFolder, user, isGroup: false };
      return test.call(manager, 'RemoveEntityPermission', args, { session: root });
    };
    // vpxuser and dcui have the role as well, but there are no such accounts yet.
    expect(await faultOf(remove('root'))).toBe('AuthMinimumAdminPermission');
    expect(await faultOf(set(rootFolder, { principal: 'root' }))).toBe('AuthMinimumAdminPermission');
    const merge = { srcRoleId: roleIds.admin, dstRoleId: roleIds.readOnly };
    expect(await faultOf(test.call(manager, 'MergePermissions', merge, { session: root }))).toBe(
      'AuthMinimumAdminPermission',
    );
    const reset = { entity: rootFolder, permission: [] };
    expect(await faultOf(test.call(manager, 'ResetEntityPermissions', reset, { session: root }))).toBe(
      'AuthMinimumAdminPermission',
    );
    await set(rootFolder, { principal: 'alice', roleId: roleIds.admin });
    await remove('root');
    expect(await faultOf(test.login())).toBe('NoPermission');
  });
});

describe('roles', () => {
  it('that administrators make have the basic privileges, and names of their own', async () => {
    const roleId = await addRole({ name: 'operator', privIds: ['VirtualMachine.Interact.PowerOn'] });
    const list = (await test.read(root, manager, 'roleList')) as { roleId: number; privilege: string[] }[];
    expect(list.map(role => role.roleId)).toEqual([-5, -4, -3, -2, -1, roleId]);
    expect(list.at(-1)?.privilege).toEqual([
      'System.Anonymous',
      'System.View',
      'System.Read',
      'VirtualMachine.Interact.PowerOn',
    ]);
    expect(await faultOf(addRole({ name: 'operator' }))).toBe('AlreadyExists');
    expect(await faultOf(addRole({ name: '' }))).toBe('InvalidName');
    expect(await faultOf(addRole({ name: 'x', privIds: ['No.Such'] }))).toBe('InvalidArgument');
  });

  it('change for everybody who has them, and go with their permissions', async () => {
    const roleId = await addRole({ name: 'operator', privIds: ['VirtualMachine.Interact.PowerOn'] });
    await set(moids.rootFolder, { roleId });
    const alice = await login('alice');
    expect(await denial(alice, powerOn)).toBe('no fault');
    const update = { roleId, newName: 'watcher', privIds: [] };
    await test.call(manager, 'UpdateAuthorizationRole', update, { session: root });
    expect(await denial(alice, powerOn)).toMatchObject({ _type: 'NoPermission' });
    const remove = (failIfUsed: boolean) =>
      test.call(manager, 'RemoveAuthorizationRole', { roleId, failIfUsed }, { session: root });
    expect(await faultOf(remove(true))).toBe('RemoveFailed');
    await remove(false);
    expect(await faultOf(remove(false))).toBe('NotFound');
    expect(await faultOf(login('alice'))).toBe('NoPermission');
  });

  it('and permissions that change leave an event each', async () => {
    const roleId = await addRole({ name: 'operator', privIds: ['VirtualMachine.Interact.PowerOn'] });
    const latest = () => test.host.events.latestEvent;
    expect(latest()).toMatchObject({ _type: 'RoleAddedEvent', role: { roleId, name: 'operator' } });
    await set(vm, { roleId });
    expect(latest()).toMatchObject({
      _type: 'PermissionAddedEvent',
      userName: 'root',
      principal: 'alice',
      entity: { entity: vm, name: 'linux' },
      role: { roleId },
    });
    await set(vm, {});
    expect(latest()).toMatchObject({ _type: 'PermissionUpdatedEvent', role: { name: 'ReadOnly' } });
    const args = { entity: vm, user: 'alice', isGroup: false };
    await test.call(manager, 'RemoveEntityPermission', args, { session: root });
    expect(latest()).toMatchObject({ _type: 'PermissionRemovedEvent', principal: 'alice' });
  });

  it('of the system stay as they are, and some cannot be given', async () => {
    const update = { roleId: -1, newName: 'x', privIds: [] };
    expect(await faultOf(test.call(manager, 'UpdateAuthorizationRole', update, { session: root }))).toBe(
      'InvalidArgument',
    );
    expect(await faultOf(set(vm, { roleId: roleIds.view }))).toBe('InvalidArgument');
    expect(await faultOf(set(vm, { roleId: 999 }))).toBe('NotFound');
    expect(await faultOf(set(vm, { principal: 'nobody-here' }))).toBe('UserNotFound');
    expect(await faultOf(set(vm, { principal: 'alice', group: true, roleId: -1 }))).toBe('no fault');
  });
});
