import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  Event,
  ManagedObjectReference,
  ResourceAllocationInfo,
  ResourceConfigSpec,
  ResourcePoolRuntimeInfo,
} from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { faultOf, linuxVmx, SeenFault, TestHost } from './testing/test-host.js';
import { poolSpec } from './testing/vm-specs.js';

let test: TestHost;
let session: string;

beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
});
afterEach(async () => {
  expect(test.errors).toEqual([]);
  await test.stop();
});

type Ref = ManagedObjectReference;

const create = (parent: Ref, name: string, spec: ResourceConfigSpec = poolSpec()): Promise<Ref> =>
  test.call(parent, 'CreateResourcePool', { name, spec }, { session });
const move = (target: Ref, ...list: Ref[]): Promise<void> =>
  test.call(target, 'MoveIntoResourcePool', { list }, { session });
const update = (pool: Ref, name: string | undefined, config?: ResourceConfigSpec): Promise<void> =>
  test.call(pool, 'UpdateConfig', { name, config }, { session });
const values = async (object: Ref, property: string): Promise<string[]> =>
  ((await test.read(session, object, property)) as Ref[]).map(({ value }) => value);
const config = async (pool: Ref): Promise<ResourceConfigSpec> =>
  (await test.read(session, pool, 'config')) as ResourceConfigSpec;
const cpuUse = async (pool: Ref) =>
  ((await test.read(session, pool, 'runtime')) as ResourcePoolRuntimeInfo).cpu;

async function detailOf(call: Promise<unknown>): Promise<object> {
  try {
    await call;
  } catch (error) {
    if (error instanceof SeenFault) return error.detail;
    throw error;
  }
  return { _type: 'no fault' };
}

async function finished(task: Promise<Ref>): Promise<string> {
  const info = await test.finish(session, await task);
  return info.state === 'success' ? 'success' : (info.error?.fault._type ?? 'error');
}

async function register(name: string, pool: Ref, lines = ''): Promise<Ref> {
  const number = (name.codePointAt(0) ?? 0).toString(16).padStart(2, '0');
  const vmx = linuxVmx.replace('"linux"', `"${name}"`).replace(/0d 0e"/, `0d ${number}"`);
  test.kernel.putFile(`${name}/${name}.vmx`, `${vmx}${lines}`);
  const args = { path: `[storage1] ${name}/${name}.vmx`, asTemplate: false, pool };
  const info = await test.finish(
    session,
    await test.call(moids.vmFolder, 'RegisterVM_Task', args, { session }),
  );
  if (info.state !== 'success') throw new SeenFault(info.error?.fault._type ?? '', info.error?.fault ?? {});
  return info.result as unknown as Ref;
}

/** Events since the last call, the oldest first: type, user, what it is about. */
let seenKey = 0;
async function events(): Promise<string[]> {
  const all = ((await test.call(moids.eventManager, 'QueryEvents', { filter: {} }, { session })) ??
    []) as Event[];
  const news = all.filter(({ key }) => key > seenKey);
  seenKey = Math.max(seenKey, ...all.map(({ key }) => key));
  return news
    .filter(({ _type = '' }) => /Pool|Realloc/.test(_type))
    .map(({ _type, userName, fullFormattedMessage }) => `${_type} (${userName}): ${fullFormattedMessage}`);
}

beforeEach(() => {
  seenKey = 0;
});

describe('a resource pool', () => {
  it('is made below another, has what it was given, and is seen from all sides', async () => {
    const cpu: ResourceAllocationInfo = {
      reservation: 500,
      expandableReservation: false,
      limit: 1500,
      shares: { level: 'custom', shares: 1234 },
    };
    const outer = await create(
      moids.rootPool,
      'outer',
      poolSpec(cpu, { shares: { level: 'high', shares: 1 } }),
    );
    const inner = await create(outer, 'inner');
    expect([outer.type, outer.value, inner.value]).toEqual(['ResourcePool', 'pool1', 'pool2']);
    expect(await config(outer)).toMatchObject({
      entity: outer,
      cpuAllocation: cpu,
      memoryAllocation: { limit: -1, shares: { level: 'high', shares: 327_680 } },
    });
    expect(await values(moids.rootPool, 'resourcePool')).toEqual(['pool1']);
    expect(await values(outer, 'resourcePool')).toEqual(['pool2']);
    expect(await test.read(session, inner, 'parent')).toEqual(outer);
    expect(await test.read(session, inner, 'owner')).toEqual(moids.computeResource);
    expect(await test.read(session, inner, 'name')).toBe('inner');
    expect(await test.read(session, outer, 'childConfiguration')).toEqual([await config(inner)]);
    expect(await cpuUse(outer)).toMatchObject({ unreservedForVm: 500, maxUsage: 1500 });
    expect((await cpuUse(inner)).maxUsage).toBe(1500);
    expect(await cpuUse(moids.rootPool)).toMatchObject({ reservationUsed: 500, maxUsage: 4000 });
    const inventoryPath = 'ha-datacenter/host/esx1.local/Resources/outer/inner';
    const found = await test.call(moids.searchIndex, 'FindByInventoryPath', { inventoryPath }, { session });
    expect(found).toEqual(inner);
    const view = { container: moids.rootFolder, type: ['ResourcePool'], recursive: true };
    const shown = await test.call(moids.viewManager, 'CreateContainerView', view, { session });
    expect((await values(shown, 'view')).sort()).toEqual(['ha-root-pool', 'pool1', 'pool2']);
    await create(inner, 'innermost');
    expect((await values(shown, 'view')).sort()).toEqual(['ha-root-pool', 'pool1', 'pool2', 'pool3']);
  });

  it('is there again after a restart of hostd, with the machines in it', async () => {
    const outer = await create(moids.rootPool, 'outer');
    const inner = await create(outer, 'inner');
    const vm = await register('a', inner);
    const before = await config(inner);
    test.host.close();
    await test.boot();
    session = await test.login();
    expect(await config(inner)).toEqual(before);
    expect(await test.read(session, inner, 'parent')).toEqual(outer);
    expect(await test.read(session, vm, 'resourcePool')).toEqual(inner);
    expect(await values(inner, 'vm')).toEqual([vm.value]);
    expect(await values(moids.rootPool, 'vm')).toEqual([]);
  });

  it('is changed by UpdateConfig in what is named, unless somebody else was faster', async () => {
    const pool = await create(moids.rootPool, 'pool', poolSpec({ reservation: 100 }));
    const read = await config(pool);
    await update(pool, 'other', {
      changeVersion: read.changeVersion,
      cpuAllocation: { limit: 800, shares: { level: 'low', shares: 0 } },
      memoryAllocation: {},
    });
    expect(await test.read(session, pool, 'name')).toBe('other');
    expect((await config(pool)).cpuAllocation).toMatchObject({
      reservation: 100,
      expandableReservation: true,
      limit: 800,
      shares: { level: 'low', shares: 2000 },
    });
    const stale = { changeVersion: read.changeVersion, cpuAllocation: {}, memoryAllocation: {} };
    expect(await faultOf(update(pool, undefined, stale))).toBe('ConcurrentAccess');
    expect(await finished(test.call(pool, 'Rename_Task', { newName: 'a/b' }, { session }))).toBe('success');
    expect(await test.read(session, pool, 'name')).toBe('a%2fb');
  });

  it('is refused what cannot be, each by its own fault', async () => {
    const pool = await create(moids.rootPool, 'pool', poolSpec({ reservation: 3000 }));
    const of = (name: string, cpu: ResourceAllocationInfo) =>
      detailOf(create(moids.rootPool, name, poolSpec(cpu)));
    expect(await of('pool', {})).toMatchObject({ _type: 'DuplicateName', name: 'pool', object: pool });
    expect(await of(' ', {})).toMatchObject({ _type: 'InvalidName', name: ' ' });
    expect(await of('x'.repeat(81), {})).toMatchObject({ _type: 'InvalidName' });
    expect(await of('b', { reservation: 1500 })).toMatchObject({
      _type: 'InsufficientCpuResourcesFault',
      requested: 1500,
      unreserved: 1000,
    });
    const wrong: [ResourceAllocationInfo, string][] = [
      [{ reservation: -1 }, 'reservation'],
      [{ reservation: 10, limit: 9 }, 'limit'],
      [{ limit: -2 }, 'limit'],
      [{ shares: { level: 'custom', shares: 0 } }, 'shares'],
      [{ shares: { level: 'custom', shares: 1_000_001 } }, 'shares'],
      [{ expandableReservation: undefined }, 'expandableReservation'],
    ];
    for (const [cpu, property] of wrong)
      expect(await of('b', cpu)).toMatchObject({
        _type: 'InvalidArgument',
        invalidProperty: `spec.cpuAllocation.${property}`,
      });
    const memory = poolSpec({}, { reservation: 5000 });
    expect(await detailOf(create(moids.rootPool, 'b', memory))).toMatchObject({
      _type: 'InsufficientMemoryResourcesFault',
      requested: 5000 * 2 ** 20,
    });
    expect(await values(moids.rootPool, 'resourcePool')).toEqual([pool.value]);
  });

  it('goes with its machines where it is moved, never into itself', async () => {
    const a = await create(moids.rootPool, 'a');
    const b = await create(a, 'b');
    const c = await create(b, 'c');
    const vm = await register('x', c);
    expect(await detailOf(move(c, a))).toMatchObject({ _type: 'InvalidArgument', invalidProperty: 'list' });
    expect(await faultOf(move(a, a))).toBe('InvalidArgument');
    expect(await faultOf(move(a, moids.rootPool))).toBe('InvalidArgument');
    expect(await faultOf(move(a, moids.host))).toBe('InvalidArgument');
    await events();
    await move(moids.rootPool, c, vm);
    expect(await test.read(session, c, 'parent')).toEqual(moids.rootPool);
    expect(await test.read(session, vm, 'resourcePool')).toEqual(moids.rootPool);
    expect(await values(moids.rootPool, 'vm')).toEqual([vm.value]);
    expect(await events()).toEqual([
      'ResourcePoolMovedEvent (root): Resource pool c moved from b to Resources',
      'VmResourcePoolMovedEvent (root): x moved from resource pool c to Resources',
    ]);
    await create(moids.rootPool, 'd');
    const other = await create(a, 'd');
    expect(await faultOf(move(moids.rootPool, other))).toBe('DuplicateName');
  });

  it('leaves what is in it to its parent when it is destroyed', async () => {
    const a = await create(moids.rootPool, 'a');
    const b = await create(a, 'b');
    const vm = await register('x', a);
    await events();
    expect(await finished(test.call(a, 'Destroy_Task', {}, { session }))).toBe('success');
    expect(await faultOf(test.read(session, a, 'name'))).toBe('ManagedObjectNotFound');
    expect(await test.read(session, b, 'parent')).toEqual(moids.rootPool);
    expect(await test.read(session, vm, 'resourcePool')).toEqual(moids.rootPool);
    expect(await events()).toEqual([
      'ResourcePoolMovedEvent (root): Resource pool b moved from a to Resources',
      'VmResourcePoolMovedEvent (root): x moved from resource pool a to Resources',
      'ResourcePoolDestroyedEvent (root): Resource pool a was removed',
    ]);
  });

  it('is destroyed, and the task says so, also where hostd did not live to end it', async () => {
    const pool = await create(moids.rootPool, 'pool');
    let isAnswered = false;
    const silence = new Promise<void>(() => undefined);
    test.kernel.tap = async (name, at) => {
      if (name !== 'destroyPool' || at === 'before') return;
      isAnswered = true;
      await silence;
    };
    const task = await test.call(pool, 'Destroy_Task', {}, { session });
    await expect.poll(() => isAnswered).toBe(true);
    test.kernel.tap = async () => undefined;
    test.host.close();
    await test.boot();
    session = await test.login();
    expect((await test.finish(session, task)).state).toBe('success');
  });

  it('loses all pools below it by DestroyChildren, and no machine', async () => {
    const a = await create(moids.rootPool, 'a');
    const same = await create(a, 'a');
    await create(same, 'a');
    const vm = await register('x', await create(same, 'b'));
    await test.call(a, 'DestroyChildren', {}, { session });
    expect(await values(a, 'resourcePool')).toEqual([]);
    expect(await values(a, 'vm')).toEqual([vm.value]);
  });

  it('that is the root cannot be changed', async () => {
    const calls = [
      test.call(moids.rootPool, 'Destroy_Task', {}, { session }),
      test.call(moids.rootPool, 'Rename_Task', { newName: 'x' }, { session }),
      update(moids.rootPool, 'x'),
    ];
    for (const call of calls) expect(await faultOf(call)).toBe('NotSupported');
  });

  it('is never a vApp', async () => {
    const body = { name: 'x', resSpec: poolSpec(), configSpec: {} };
    const options = { session, version: '4.1' } as const;
    expect(await faultOf(test.call(moids.rootPool, 'CreateVApp', body, options))).toBe('NotSupported');
  });
});

describe('what somebody else does', () => {
  it('is seen by the change feed, and told as nobody’s doing', async () => {
    const spec = { reservation: 0, expandable: true, limit: null, shares: 4000, level: 'normal' } as const;
    await events();
    test.kernel.pools.call('createPool', { parentId: 0, name: 'theirs', cpu: spec, memory: spec });
    await expect.poll(() => values(moids.rootPool, 'resourcePool')).toEqual(['pool1']);
    test.kernel.pools.call('destroyPool', { poolId: 1 });
    await expect.poll(() => values(moids.rootPool, 'resourcePool')).toEqual([]);
    expect(await events()).toEqual([
      'ResourcePoolCreatedEvent (): Resource pool theirs was made in Resources',
      'ResourcePoolDestroyedEvent (): Resource pool theirs was removed',
    ]);
  });
});

describe('a machine', () => {
  it('is made in a pool, forgotten with its registration, and left in no pool by a failure', async () => {
    const pool = await create(moids.rootPool, 'pool');
    const spec = { name: 'made', files: { vmPathName: '[storage1]' }, memoryMB: 32 };
    const made = await test.finish(
      session,
      await test.call(moids.vmFolder, 'CreateVM_Task', { config: spec, pool }, { session }),
    );
    expect(made.state).toBe('success');
    const vm = made.result as unknown as Ref;
    expect(await values(pool, 'vm')).toEqual([vm.value]);
    await test.call(vm, 'UnregisterVM', {}, { session });
    expect(test.host.inventory.pools.at(pool)?.info?.vms).toEqual([]);
    const gone = await create(moids.rootPool, 'gone');
    await finished(test.call(gone, 'Destroy_Task', {}, { session }));
    const args = { config: spec, pool: gone };
    expect(await faultOf(test.call(moids.vmFolder, 'CreateVM_Task', args, { session }))).toBe(
      'ManagedObjectNotFound',
    );
  });

  it('that runs has its reservation taken of the pools it is in, and a fifth is refused', async () => {
    const outer = await create(moids.rootPool, 'outer', poolSpec({ reservation: 4000 }));
    const inner = await create(outer, 'inner');
    const vms: Ref[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      vms.push(await register(name, inner, 'sched.cpu.min = "1000"\n'));
    for (const vm of vms.slice(0, 4))
      expect(await finished(test.call(vm, 'PowerOnVM_Task', {}, { session }))).toBe('success');
    expect(await cpuUse(inner)).toMatchObject({ reservationUsedForVm: 4000, unreservedForVm: 0 });
    const fifth = await test.finish(
      session,
      await test.call(vms[4] as Ref, 'PowerOnVM_Task', {}, { session }),
    );
    expect(fifth.error?.fault).toMatchObject({
      _type: 'InsufficientCpuResourcesFault',
      unreserved: 0,
      requested: 1000,
    });
    expect(await finished(test.call(vms[0] as Ref, 'PowerOffVM_Task', {}, { session }))).toBe('success');
    expect(await cpuUse(inner)).toMatchObject({ reservationUsedForVm: 3000, unreservedForVm: 1000 });
  });

  it('cannot use more than its limit, and not more than its pools’', async () => {
    const pool = await create(moids.rootPool, 'pool', poolSpec({ limit: 700 }, { limit: 48 }));
    const vm = await register('a', pool, 'sched.cpu.max = "900"\n');
    const runtime = (): Promise<unknown> => test.read(session, vm, 'summary.runtime');
    expect(await runtime()).toMatchObject({ maxCpuUsage: 700, maxMemoryUsage: 48 });
    await move(moids.rootPool, vm);
    expect(await runtime()).toMatchObject({ maxCpuUsage: 900, maxMemoryUsage: 64 });
  });

  it('is seen through a permission on the pool that it is in now', async () => {
    const pool = await create(moids.rootPool, 'pool');
    const vm = await register('a', pool);
    const permission = [{ principal: 'alice', group: false, roleId: -2, propagate: true }];
    await test.call(
      moids.authorizationManager,
      'SetEntityPermissions',
      { entity: pool, permission },
      { session },
    );
    const alice = await test.login('alice');
    const name = (): Promise<unknown> => test.read(alice, vm, 'name');
    expect(await name()).toBe('a');
    await move(moids.rootPool, vm);
    expect(await faultOf(name())).toBe('ManagedObjectNotFound');
    await move(pool, vm);
    expect(await name()).toBe('a');
    await finished(test.call(pool, 'Destroy_Task', {}, { session }));
    expect(test.host.access.permissions.filter(({ principal }) => principal === 'alice')).toEqual([]);
  });
});

describe('UpdateChildResourceConfiguration', () => {
  const give = (pool: Ref, ...spec: ResourceConfigSpec[]): Promise<void> =>
    test.call(pool, 'UpdateChildResourceConfiguration', { spec }, { session });
  const reserved = async (object: Ref, property: string): Promise<unknown> =>
    ((await test.read(session, object, property)) as ResourceConfigSpec).cpuAllocation.reservation;

  it('changes pools and machines together, running or not, giving up before taking', async () => {
    const pool = await create(
      moids.rootPool,
      'pool',
      poolSpec({ reservation: 4000, expandableReservation: false }),
    );
    const child = await create(pool, 'child', poolSpec({ reservation: 3000 }));
    const on = await register('a', pool, 'sched.cpu.min = "1000"\n');
    const off = await register('b', pool);
    await finished(test.call(on, 'PowerOnVM_Task', {}, { session }));
    await events();
    await give(
      pool,
      { entity: child, cpuAllocation: { reservation: 4000 }, memoryAllocation: {} },
      { entity: off, cpuAllocation: { shares: { level: 'high', shares: 0 } }, memoryAllocation: {} },
      { entity: on, cpuAllocation: { reservation: 0 }, memoryAllocation: {} },
    );
    expect([await reserved(child, 'config'), await reserved(on, 'resourceConfig')]).toEqual([4000, 0]);
    expect(test.kernel.fileText('a/a.vmx')).toContain('sched.cpu.min = "0"');
    expect(test.kernel.fileText('b/b.vmx')).toContain('sched.cpu.shares = "high"');
    expect((await events()).map(text => text.split(':')[0]).sort()).toEqual([
      'ResourcePoolReconfiguredEvent (root)',
      'VmResourceReallocatedEvent (root)',
      'VmResourceReallocatedEvent (root)',
    ]);
  });

  it('changes nothing where one of them is refused', async () => {
    const pool = await create(
      moids.rootPool,
      'pool',
      poolSpec({ reservation: 2000, expandableReservation: false }),
    );
    const child = await create(pool, 'child', poolSpec({ reservation: 1000 }));
    const vm = await register('a', pool, 'sched.cpu.min = "500"\n');
    const less = { entity: vm, cpuAllocation: { reservation: 100 }, memoryAllocation: {} };
    const more = { entity: child, cpuAllocation: { reservation: 2500 }, memoryAllocation: {} };
    expect(await faultOf(give(pool, less, more))).toBe('InsufficientCpuResourcesFault');
    expect([await reserved(child, 'config'), await reserved(vm, 'resourceConfig')]).toEqual([1000, 500]);
    const stranger = { ...less, entity: moids.rootPool };
    expect(await faultOf(give(pool, less, stranger))).toBe('InvalidArgument');
    expect(await faultOf(give(pool, less, less))).toBe('InvalidArgument');
    expect(await faultOf(give(moids.rootPool, less))).toBe('InvalidArgument');
    const stale = { ...less, changeVersion: 'another' };
    expect(await faultOf(give(pool, stale))).toBe('ConcurrentAccess');
    expect(await reserved(vm, 'resourceConfig')).toBe(500);
  });
});

describe('many pools', () => {
  it('are made by two clients at once, and none is lost', async () => {
    const other = await test.login();
    const names = Array.from({ length: 40 }, (_, index) => `p${index}`);
    const make = async (who: string, prefix: string): Promise<void> => {
      for (const name of names) {
        const args = { name: `${prefix}${name}`, spec: poolSpec() };
        await test.call(moids.rootPool, 'CreateResourcePool', args, { session: who });
      }
    };
    await Promise.all([make(session, 'a'), make(other, 'b')]);
    expect(await values(moids.rootPool, 'resourcePool')).toHaveLength(80);
    await test.call(moids.rootPool, 'DestroyChildren', {}, { session });
    expect(await values(moids.rootPool, 'resourcePool')).toEqual([]);
  });

  it.each(['пул', '池', 'a b', "'; DROP", '<&>"', '%', 'a%2fb', 'ẞ', '..'])(
    'may be called %s',
    async name => {
      const pool = await create(moids.rootPool, name);
      expect(await test.read(session, pool, 'name')).toBe(name === '%' ? '%25' : name);
    },
  );
});
