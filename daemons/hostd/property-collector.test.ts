import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ManagedObjectReference,
  type ObjectUpdate,
  type PropertyFilterSpec,
  type SelectionSpec,
  type TraversalSpec,
  type UpdateSet,
  type UserSession,
  untyped,
  type WaitOptions,
} from '../../lib/vim/index.js';
import { defineClass } from '../../lib/vim-server/index.js';
import { moids } from './mo/moids.js';
import { faultOf, TestHost } from './testing/test-host.js';

let test: TestHost;
let session: string;
let vm: ManagedObjectReference;
const collector = moids.propertyCollector;

beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
  vm = await test.register(session);
});

afterEach(() => test.stop());

function traversal(spec: Omit<TraversalSpec, '_type'>): SelectionSpec {
  return { ...spec, _type: 'TraversalSpec' } as SelectionSpec;
}

function vmSpec(pathSet: string[], type = 'VirtualMachine'): PropertyFilterSpec {
  return { propSet: [{ type, all: false, pathSet }], objectSet: [{ obj: vm, skip: false }] };
}

/** Selects the whole tree the way the SDK's samples do, by two specs that name each other. */
function treeSpec(type: string, pathSet: string[]): PropertyFilterSpec {
  const selectSet = [
    traversal({
      name: 'folders',
      type: 'Folder',
      path: 'childEntity',
      skip: false,
      selectSet: [{ name: 'folders' }, { name: 'vmFolder' }, { name: 'hostFolder' }, { name: 'hosts' }],
    }),
    traversal({
      name: 'vmFolder',
      type: 'Datacenter',
      path: 'vmFolder',
      skip: false,
      selectSet: [{ name: 'folders' }],
    }),
    traversal({
      name: 'hostFolder',
      type: 'Datacenter',
      path: 'hostFolder',
      skip: false,
      selectSet: [{ name: 'folders' }],
    }),
    traversal({
      name: 'hosts',
      type: 'ComputeResource',
      path: 'host',
      skip: false,
      selectSet: [{ name: 'hostVms' }],
    }),
    traversal({ name: 'hostVms', type: 'HostSystem', path: 'vm', skip: false }),
  ];
  const objectSet = [{ obj: moids.rootFolder, skip: false, selectSet }];
  return { propSet: [{ type, all: false, pathSet }], objectSet };
}

const call = {
  get session() {
    return session;
  },
};
const createFilter = (spec: PropertyFilterSpec, partialUpdates = false) => {
  return test.call(collector, 'CreateFilter', { spec, partialUpdates }, call);
};
const check = (version: string) => test.call(collector, 'CheckForUpdates', { version }, call);
const wait = (version: string) => test.call(collector, 'WaitForUpdates', { version }, call);
const power = async (method: 'PowerOnVM_Task' | 'PowerOffVM_Task') => {
  await test.finish(session, await test.call(vm, method, {}, call));
  await test.host.inventory.settled();
};

function updates(set: UpdateSet | undefined): ObjectUpdate[] {
  return (set?.filterSet ?? []).flatMap(filter => filter.objectSet ?? []);
}

function changes(set: UpdateSet | undefined): Record<string, unknown> {
  const all = updates(set).flatMap(update => update.changeSet ?? []);
  return Object.fromEntries(all.map(change => [change.name, untyped(change.val)]));
}

describe('RetrieveProperties', () => {
  const retrieve = (...specSet: PropertyFilterSpec[]) =>
    test.call(collector, 'RetrieveProperties', { specSet }, call);

  it('walks selection sets that name each other and reports each object once', async () => {
    const found = await retrieve(treeSpec('ManagedEntity', ['name']));
    const moidsFound = (found ?? []).map(content => content.obj.value);
    expect(moidsFound.sort()).toEqual(
      [
        '16',
        'ha-compute-res',
        'ha-datacenter',
        'ha-folder-host',
        'ha-folder-root',
        'ha-folder-vm',
        'ha-host',
      ].sort(),
    );
  });

  it('honours the type of the spec and reports no object that it does not ask for', async () => {
    const found = await retrieve(
      treeSpec('VirtualMachine', ['name', 'config.hardware.device[200].busNumber']),
    );
    expect(found).toHaveLength(1);
    const propSet = found?.[0]?.propSet?.map(({ name, val }) => [name, untyped(val)]);
    expect(propSet).toEqual([
      ['name', 'linux'],
      ['config.hardware.device[200].busNumber', 0],
    ]);
  });

  it('reads members by key, and nothing for a key that is not there', async () => {
    const path = 'config.extraConfig["someone.elses"].value';
    expect(untyped(await test.read(session, vm, path))).toBe('key');
    expect(await test.read(session, vm, 'config.hardware.device[9999]')).toBeUndefined();
    expect(await test.read(session, moids.vmFolder, 'childEntity["16"]')).toEqual(vm);
  });

  it.each([
    'nothing',
    'config.nothing',
    'config.hardware.device.key',
    'name[0]',
    'config..name',
    'config.',
    '',
  ])('refuses the path "%s" with InvalidProperty', async path => {
    expect(await faultOf(retrieve(vmSpec([path])))).toBe('InvalidProperty');
  });

  it('refuses a property that the version does not have', async () => {
    expect(await faultOf(test.read(session, moids.datacenter, 'datastoreFolder', '2.5'))).toBe(
      'InvalidProperty',
    );
    expect(await test.read(session, moids.datacenter, 'datastoreFolder', '4.1')).toEqual(
      moids.datastoreFolder,
    );
  });

  it('leaves out what is not there where it is asked to, but not who asks without a session', async () => {
    const ghost = new ManagedObjectReference('VirtualMachine', 'ghost');
    const spec = {
      ...vmSpec(['name']),
      objectSet: [{ obj: ghost }, { obj: vm }],
      reportMissingObjectsInResults: true,
    };
    expect((await retrieve(spec))?.map(content => content.obj)).toEqual([vm]);
    const specSet = [spec];
    expect(await faultOf(test.call(collector, 'RetrieveProperties', { specSet }))).toBe('NotAuthenticated');
  });

  it('reports a required property that is not built as missing, beside the others', async () => {
    const obj = new ManagedObjectReference('TaskManager', 'half-built');
    const properties = { maxCollector: () => 32 };
    test.host.registry.add({
      ref: obj,
      objectClass: defineClass('TaskManager', { properties, methods: {} }),
    });
    const spec = {
      propSet: [{ type: 'TaskManager', all: false, pathSet: ['description', 'maxCollector'] }],
      objectSet: [{ obj, skip: false }],
    };
    const [content] = (await retrieve(spec)) ?? [];
    expect(content?.missingSet).toMatchObject([
      { path: 'description', fault: { fault: { _type: 'NotSupported' } } },
    ]);
    expect(content?.propSet?.map(property => property.name)).toEqual(['maxCollector']);
  });

  it('gives results in parts by tokens that serve once', async () => {
    const specSet = [treeSpec('ManagedEntity', ['name'])];
    const first = await test.call(
      collector,
      'RetrievePropertiesEx',
      { specSet, options: { maxObjects: 4 } },
      call,
    );
    expect(first?.objects).toHaveLength(4);
    const token = first?.token ?? '';
    const second = await test.call(collector, 'ContinueRetrievePropertiesEx', { token }, call);
    expect(second.objects).toHaveLength(3);
    expect(second.token).toBeUndefined();
    expect(await faultOf(test.call(collector, 'ContinueRetrievePropertiesEx', { token }, call))).toBe(
      'InvalidProperty',
    );
  });
});

describe('filters', () => {
  it('tell everything first, then only what changes', async () => {
    await createFilter(vmSpec(['name', 'runtime.powerState']));
    const first = await check('');
    expect(updates(first)).toMatchObject([{ kind: 'enter', obj: vm }]);
    expect(changes(first)).toEqual({ name: 'linux', 'runtime.powerState': 'poweredOff' });
    const version = first?.version ?? '';
    expect(await check(version)).toBeUndefined();
    await power('PowerOnVM_Task');
    const second = await check(version);
    expect(updates(second)).toMatchObject([{ kind: 'modify', obj: vm }]);
    expect(changes(second)).toEqual({ 'runtime.powerState': 'poweredOn' });
  });

  it('tell the last update again when its reply was lost, and know no other version', async () => {
    await createFilter(vmSpec(['runtime.powerState']));
    const first = (await check(''))?.version ?? '';
    await power('PowerOnVM_Task');
    const second = await check(first);
    await power('PowerOffVM_Task');
    expect(await check(first)).toEqual(second);
    expect(changes(await check(second?.version ?? ''))).toEqual({ 'runtime.powerState': 'poweredOff' });
    expect(await faultOf(check('99'))).toBe('InvalidCollectorVersion');
  });

  it('wait until something changes', async () => {
    await createFilter(vmSpec(['runtime.powerState']));
    const { version } = await wait('');
    const waiting = wait(version);
    await power('PowerOnVM_Task');
    expect(changes(await waiting)).toEqual({ 'runtime.powerState': 'poweredOn' });
  });

  it('wait also where nothing is selected at first, until there is', async () => {
    await test.call(vm, 'UnregisterVM', {}, call);
    await createFilter(treeSpec('VirtualMachine', ['name']));
    const waiting = wait('');
    const registered = await test.register(session);
    expect(updates(await waiting)).toMatchObject([{ kind: 'enter', obj: registered }]);
  });

  it('tell that an object has left', async () => {
    await createFilter(treeSpec('VirtualMachine', ['name']));
    const { version } = await wait('');
    await test.call(vm, 'UnregisterVM', {}, call);
    expect(updates(await wait(version))).toMatchObject([{ kind: 'leave', obj: vm }]);
  });

  it('tell changes inside a property by their own paths when asked for partial updates', async () => {
    await createFilter(vmSpec(['runtime', 'config.hardware.device']), true);
    const { version } = await wait('');
    await power('PowerOnVM_Task');
    const told = changes(await wait(version));
    expect(told).toMatchObject({ 'runtime.powerState': 'poweredOn' });
    expect(told).toHaveProperty(['config.hardware.device[9000].connectable.connected'], true);
    expect(told).not.toHaveProperty(['runtime']);
  });

  it('give at most as many updates as the options say, and the rest after', async () => {
    await createFilter(treeSpec('ManagedEntity', ['name']));
    const options = { maxObjectUpdates: 5, maxWaitSeconds: 0 };
    const next = (version: string) => test.call(collector, 'WaitForUpdatesEx', { version, options }, call);
    const first = await next('');
    expect([updates(first).length, first?.truncated]).toEqual([5, true]);
    const second = await next(first?.version ?? '');
    expect([updates(second).length, second?.truncated]).toEqual([2, undefined]);
    expect(await next(second?.version ?? '')).toBeUndefined();
  });

  it('end with RequestCanceled when cancelled or when the client has gone', async () => {
    await createFilter(vmSpec(['name']));
    const { version } = await wait('');
    const cancelled = faultOf(wait(version));
    await test.call(collector, 'CancelWaitForUpdates', {}, call);
    expect(await cancelled).toBe('RequestCanceled');
    const gone = new AbortController();
    const left = faultOf(
      test.call(collector, 'WaitForUpdates', { version }, { session, signal: gone.signal }),
    );
    gone.abort();
    expect(await left).toBe('RequestCanceled');
  });

  it('are gone when destroyed, and with their collector', async () => {
    const filter = await createFilter(vmSpec(['name']));
    await test.call(filter, 'DestroyPropertyFilter', {}, call);
    expect(await faultOf(test.call(filter, 'DestroyPropertyFilter', {}, call))).toBe('ManagedObjectNotFound');
    const own = await test.call(collector, 'CreatePropertyCollector', {}, call);
    const inOwn = await test.call(
      own,
      'CreateFilter',
      { spec: vmSpec(['name']), partialUpdates: false },
      call,
    );
    await test.call(own, 'DestroyPropertyCollector', {}, call);
    expect(await faultOf(test.call(inOwn, 'DestroyPropertyFilter', {}, call))).toBe('ManagedObjectNotFound');
  });

  it('follow a view as the inventory changes', async () => {
    const args = { container: moids.rootFolder, type: ['VirtualMachine'], recursive: true };
    const view = await test.call(moids.viewManager, 'CreateContainerView', args, call);
    const selectSet = [traversal({ type: 'ContainerView', path: 'view', skip: false })];
    await createFilter({
      propSet: [{ type: 'VirtualMachine', all: false, pathSet: ['name'] }],
      objectSet: [{ obj: view, skip: true, selectSet }],
    });
    const { version } = await wait('');
    test.kernel.putFile(
      'b/b.vmx',
      'displayName = "b"\nuuid.bios = "56 4d 00 00 00 00 00 00-00 00 00 00 00 00 00 02"\n',
    );
    const waiting = wait(version);
    await test.register(session, '[storage1] b/b.vmx');
    expect(changes(await waiting)).toEqual({ name: 'b' });
  });

  it('belong to the collector that made them, which the session keeps', async () => {
    const filter = await createFilter(vmSpec(['name']));
    expect(await test.read(session, collector, 'filter')).toEqual([filter]);
    expect(await test.read(session, filter, 'spec.propSet')).toMatchObject([{ pathSet: ['name'] }]);
    expect(await faultOf(test.call(collector, 'DestroyPropertyCollector', {}, call))).toBe('NotSupported');
    await test.call(filter, 'DestroyPropertyFilter', {}, call);
    expect(await test.read(session, collector, 'filter')).toEqual([]);
  });

  it('are answered from the beginning by an empty version, whatever was told before', async () => {
    await createFilter(vmSpec(['name']));
    const first = await check('');
    const again = await check('');
    expect(updates(again)).toEqual(updates(first));
    expect(await faultOf(check(first?.version ?? ''))).toBe('InvalidCollectorVersion');
    expect(await check(again?.version ?? '')).toBeUndefined();
  });

  it('made while a client waits are told to it', async () => {
    const waiting = wait('');
    await createFilter(vmSpec(['name']));
    expect(changes(await waiting)).toEqual({ name: 'linux' });
  });

  it('end with NotAuthenticated when another terminates their session', async () => {
    const other = await test.login();
    const waiting = faultOf(test.call(collector, 'WaitForUpdates', {}, { session: other }));
    const { key } = (await test.read(other, moids.sessionManager, 'currentSession')) as UserSession;
    await test.call(moids.sessionManager, 'TerminateSession', { sessionId: [key] }, call);
    expect(await waiting).toBe('NotAuthenticated');
  });

  it('wait no longer than the options say, and refuse times and numbers that are none', async () => {
    await createFilter(vmSpec(['name']));
    const { version } = await wait('');
    const ex = (options: WaitOptions) => test.call(collector, 'WaitForUpdatesEx', { version, options }, call);
    expect(await ex({ maxWaitSeconds: 0 })).toBeUndefined();
    expect(await ex({ maxWaitSeconds: 1 })).toBeUndefined();
    expect(await faultOf(ex({ maxWaitSeconds: -1 }))).toBe('InvalidArgument');
    expect(await faultOf(ex({ maxObjectUpdates: 0 }))).toBe('InvalidArgument');
  });

  it('are refused for objects and properties that do not exist', async () => {
    const ghost = new ManagedObjectReference('VirtualMachine', 'ghost');
    const objectSet = [{ obj: ghost, skip: false }];
    expect(await faultOf(createFilter({ ...vmSpec(['name']), objectSet }))).toBe('ManagedObjectNotFound');
    expect(await faultOf(createFilter(vmSpec(['nothing'])))).toBe('InvalidProperty');
    expect(await faultOf(createFilter(vmSpec(['name'], 'Nothing')))).toBe('InvalidArgument');
  });
});

describe('a request that asks too much', () => {
  const retrieve = (specSet: PropertyFilterSpec[]) =>
    test.call(collector, 'RetrieveProperties', { specSet }, { session });
  const start = { obj: moids.rootFolder, skip: false };
  const way = { _type: 'TraversalSpec', type: 'Folder', path: 'childEntity', skip: false } as SelectionSpec;
  const many = (length: number) => Array.from({ length });

  it('is refused by its count of specs, objects, paths or ways', async () => {
    const spec = vmSpec(['name']);
    const tooMuch: PropertyFilterSpec[][] = [
      many(101).map(() => spec),
      [{ ...spec, objectSet: many(20_001).map(() => start) }],
      [vmSpec(many(5001).map(() => 'name'))],
      [{ ...spec, objectSet: many(2001).map(() => ({ ...start, selectSet: [way] })) }],
    ];
    for (const specSet of tooMuch) expect(await faultOf(retrieve(specSet))).toBe('InvalidArgument');
    const [, , filter] = tooMuch.map(([one]) => one);
    if (filter === undefined) throw new Error('there is no filter');
    const args = { spec: filter, partialUpdates: false };
    expect(await faultOf(test.call(collector, 'CreateFilter', args, { session }))).toBe('InvalidArgument');
  });

  it('lets others have their turns', async () => {
    // A millisecond passes whenever somebody looks.
    let nowMs = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => ++nowMs);
    let turns = 0;
    let next = setImmediate(function turn() {
      turns += 1;
      next = setImmediate(turn);
    });
    const all = { propSet: [{ type: 'VirtualMachine', all: true }], objectSet: [{ obj: vm, skip: false }] };
    const found = await retrieve(many(100).map(() => all));
    clearImmediate(next);
    clock.mockRestore();
    expect(found?.length).toBe(100);
    expect(turns).toBeGreaterThan(0);
  });
});
