import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostAccountSpec, Methods } from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { faultOf, TestHost } from './testing/test-host.js';

let test: TestHost;
let root: string;
beforeEach(async () => {
  test = await TestHost.start();
  root = await test.login();
});
afterEach(() => test.stop());

const manager = moids.accountManager;
const create = (user: HostAccountSpec) => test.call(manager, 'CreateUser', { user }, { session: root });
const createGroup = (id: string) => test.call(manager, 'CreateGroup', { group: { id } }, { session: root });
const remove = (userName: string) => test.call(manager, 'RemoveUser', { userName }, { session: root });
const assign = (user: string, group: string) =>
  test.call(manager, 'AssignUserToGroup', { user, group }, { session: root });

async function search(args: Partial<Methods['RetrieveUserGroups']['args']>): Promise<string[]> {
  const all = { searchStr: '', exactMatch: false, findUsers: true, findGroups: true, ...args };
  const found = await test.call(moids.userDirectory, 'RetrieveUserGroups', all, { session: root });
  return (found ?? []).map(one => `${one.group ? 'group' : 'user'} ${one.principal}`);
}

async function permit(principal: string, group: boolean, roleId: number): Promise<void> {
  const permission = [{ principal, group, roleId, propagate: true }];
  const args = { entity: moids.rootFolder, permission };
  await test.call(moids.authorizationManager, 'SetEntityPermissions', args, { session: root });
}

describe('a local account', () => {
  it('is made by shadow-utils, its password not among the arguments', async () => {
    await create({ id: 'carol', password: 'se:cret -x', description: 'Carol C' });
    expect(test.shadow.argvs).toEqual([
      ['useradd', '-m', '-s', '/bin/bash', '-c', 'Carol C', '--', 'carol'],
      ['chpasswd'],
    ]);
    expect(await faultOf(create({ id: 'carol' }))).toBe('AlreadyExists');
    expect(await search({ searchStr: 'CAR' })).toEqual(['user carol', 'group carol']);
  });

  it.each([
    '-x',
    '--root=/',
    'a b',
    'a:0:0',
    'a\nroot',
    '../x',
    'a/b',
    '',
    'A',
    'a$(id)',
    '0',
    `a${'b'.repeat(40)}`,
    'é',
  ])('is refused the name %j before anything runs', async id => {
    expect(await faultOf(create({ id }))).toBe('InvalidArgument');
    expect(await faultOf(createGroup(id))).toBe('InvalidArgument');
    expect(await faultOf(remove(id))).toBe('InvalidArgument');
    expect(await faultOf(assign('alice', id))).toBe('InvalidArgument');
    expect(await faultOf(assign(id, 'operators'))).toBe('InvalidArgument');
    expect(test.shadow.argvs).toEqual([]);
  });

  it.each([
    { password: 'a\nroot:x' },
    { password: 'x'.repeat(600) },
    { password: '' },
    { description: 'a:b' },
    { description: 'a\nb' },
  ])('is refused %j before anything runs', async more => {
    expect(await faultOf(create({ id: 'carol', ...more }))).toBe('InvalidArgument');
    expect(test.shadow.argvs).toEqual([]);
  });

  it('takes its sessions and permissions away with it', async () => {
    await permit('alice', false, -2);
    const alice = await test.login('alice');
    await remove('alice');
    expect(await faultOf(test.read(alice, moids.rootFolder, 'name'))).toBe('NotAuthenticated');
    expect(test.host.access.permissions.some(entry => entry.principal === 'alice')).toBe(false);
    expect(await faultOf(remove('alice'))).toBe('UserNotFound');
  });

  it('keeps its permissions when it cannot be removed, and leaves none to another of its name', async () => {
    await permit('alice', false, -2);
    const held = () => test.host.access.permissions.filter(entry => entry.principal === 'alice');
    test.shadow.refusal = { status: 8, complaint: 'user alice is currently used by process 1' };
    expect(await faultOf(remove('alice'))).toBe('ResourceInUse');
    expect(held().length).toBe(1);
    test.shadow.refusal = undefined;
    // As an administrator does it in the shell, past hostd.
    await test.shadow.run(['userdel', '-r', '--', 'alice'], '');
    expect(held().length).toBe(1);
    await create({ id: 'alice', password: 'alice-password' });
    expect(held()).toEqual([]);
    expect(await faultOf(test.login('alice'))).toBe('NoPermission');
  });

  it('that a host names before there is one is an administrator once it is made', async () => {
    await create({ id: 'vpxuser', password: 'vpxuser-password' });
    const session = await test.login('vpxuser');
    expect(await test.read(session, moids.rootFolder, 'effectiveRole')).toEqual([-1]);
  });

  it('that the console itself needs stays', async () => {
    appendFileSync(join(test.folder, 'passwd'), 'sshd:x:105:65534::/run/sshd:/usr/sbin/nologin\n');
    appendFileSync(join(test.folder, 'group'), 'shadow:x:42:\n');
    expect(await faultOf(remove('sshd'))).toBe('InvalidArgument');
    const group = test.call(manager, 'RemoveGroup', { groupName: 'shadow' }, { session: root });
    expect(await faultOf(group)).toBe('InvalidArgument');
    expect(test.shadow.argvs).toEqual([]);
  });

  it('of root, and of the last administrator, stays', async () => {
    expect(await faultOf(remove('root'))).toBe('InvalidArgument');
    await permit('alice', false, -1);
    const args = { entity: moids.rootFolder, user: 'root', isGroup: false };
    await test.call(moids.authorizationManager, 'RemoveEntityPermission', args, { session: root });
    const alice = await test.login('alice');
    const removal = test.call(manager, 'RemoveUser', { userName: 'alice' }, { session: alice });
    expect(await faultOf(removal)).toBe('AuthMinimumAdminPermission');
    expect(test.shadow.argvs).toEqual([]);
  });
});

describe('groups', () => {
  it('give what they hold to who is put in, and take it from who is put out', async () => {
    await createGroup('crew');
    await permit('crew', true, -2);
    expect(await faultOf(test.login('bob'))).toBe('NoPermission');
    await assign('bob', 'crew');
    const bob = await test.login('bob');
    expect(await faultOf(assign('bob', 'crew'))).toBe('AlreadyExists');
    const args = { user: 'bob', group: 'crew' };
    await test.call(manager, 'UnassignUserFromGroup', args, { session: root });
    expect(await faultOf(test.read(bob, moids.rootFolder, 'name'))).toBe('ManagedObjectNotFound');
    expect(await faultOf(test.call(manager, 'UnassignUserFromGroup', args, { session: root }))).toBe(
      'UserNotFound',
    );
  });

  it('are found by name and by member, users by group', async () => {
    expect(await search({ searchStr: 'OPERATORS', exactMatch: true })).toEqual(['group operators']);
    expect(await search({ searchStr: 'operator', exactMatch: true })).toEqual([]);
    expect(await search({ belongsToUser: 'alice' })).toEqual([
      'group alice',
      'group operators',
      'group auditors',
    ]);
    expect(await search({ belongsToGroup: 'auditors' })).toEqual(['user alice', 'user bob']);
    expect(await search({ findGroups: false })).toEqual(['user root', 'user alice', 'user bob']);
    expect(await faultOf(search({ belongsToGroup: 'no-such' }))).toBe('NotFound');
    expect(await faultOf(search({ domain: 'EXAMPLE' }))).toBe('NotFound');
  });
});
