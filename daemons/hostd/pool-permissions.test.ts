import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManagedObjectReference } from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { SeenFault, TestHost } from './testing/test-host.js';
import { poolSpec } from './testing/vm-specs.js';

const administrator = -1;

let test: TestHost;
let root: string;
let alice: string;
let vm: ManagedObjectReference;
let own: ManagedObjectReference;
let other: ManagedObjectReference;

const create = (parent: ManagedObjectReference, name: string): Promise<ManagedObjectReference> =>
  test.call(parent, 'CreateResourcePool', { name, spec: poolSpec() }, { session: root });
const move = (target: ManagedObjectReference, moved: ManagedObjectReference, session = alice) =>
  test.call(target, 'MoveIntoResourcePool', { list: [moved] }, { session });
const denied = (on: ManagedObjectReference, privilegeId: string) => ({
  type: 'NoPermission',
  detail: { object: { value: on.value }, privilegeId },
});

async function administer(entity: ManagedObjectReference): Promise<void> {
  const permission = [{ principal: 'alice', group: false, roleId: administrator, propagate: true }];
  await test.call(
    moids.authorizationManager,
    'SetEntityPermissions',
    { entity, permission },
    { session: root },
  );
}

beforeEach(async () => {
  test = await TestHost.start();
  root = await test.login();
  vm = await test.register(root);
  own = await create(moids.rootPool, 'own');
  other = await create(moids.rootPool, 'other');
  await administer(own);
  alice = await test.login('alice');
});
afterEach(() => test.stop());

it('does not let who administers a pool take machines and pools of others into it', async () => {
  await expect(move(own, vm)).rejects.toMatchObject(denied(vm, 'Resource.AssignVMToPool'));
  await expect(move(own, other)).rejects.toMatchObject(denied(other, 'Resource.MovePool'));
  await administer(other);
  await expect(move(own, other)).rejects.toMatchObject(denied(moids.rootPool, 'Resource.MovePool'));
});

it('asks of what is moved whatever type the client gives it', async () => {
  const disguised = new ManagedObjectReference('VirtualMachine', other.value);
  await expect(move(own, disguised)).rejects.toBeInstanceOf(SeenFault);
  expect(await test.read(root, other, 'parent')).toMatchObject({ value: moids.rootPool.value });
});

it('lets her move what is hers among her pools', async () => {
  await move(own, vm, root);
  const inner = await create(own, 'inner');
  const second = await create(own, 'second');
  await move(inner, vm);
  await move(inner, second);
  expect(await test.read(alice, vm, 'resourcePool')).toMatchObject({ value: inner.value });
  await expect(move(moids.rootPool, vm)).rejects.toMatchObject(
    denied(moids.rootPool, 'Resource.AssignVMToPool'),
  );
});
