import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Event, EventFilterSpec, ManagedObjectReference, TaskInfo } from '../../lib/vim/index.js';
import { typeNameOf } from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { faultOf, TestHost } from './testing/test-host.js';
import { added, flatDisk } from './testing/vm-specs.js';

let test: TestHost;
let session: string;
let vm: ManagedObjectReference;
beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
  vm = await test.register(session);
});
afterEach(() => test.stop());

async function power(method: 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'ResetVM_Task'): Promise<TaskInfo> {
  return test.finish(session, await test.call(vm, method, {}, { session }));
}

const types = (events: readonly Event[] | undefined) => (events ?? []).map(event => typeNameOf(event));
const query = async (filter: EventFilterSpec) =>
  (await test.call(moids.eventManager, 'QueryEvents', { filter }, { session })) ?? [];
const ofVm = (recursion: 'self' | 'children' | 'all' = 'self') => ({ entity: { entity: vm, recursion } });

it('posts what happens to a machine, in one chain for each task', async () => {
  await power('PowerOnVM_Task');
  await power('ResetVM_Task');
  const off = await power('PowerOffVM_Task');
  const events = await query(ofVm());
  expect(types(events)).toEqual([
    'VmRegisteredEvent',
    'TaskEvent',
    'VmStartingEvent',
    'VmPoweredOnEvent',
    'TaskEvent',
    'VmResettingEvent',
    'TaskEvent',
    'VmStoppingEvent',
    'VmPoweredOffEvent',
  ]);
  const last = events.at(-1);
  expect(last).toMatchObject({
    chainId: off.eventChainId,
    userName: 'root',
    fullFormattedMessage: 'linux is off',
    vm: { name: 'linux', vm },
    host: { host: moids.host },
    datacenter: { name: 'ha-datacenter' },
    template: false,
  });
  const chain = await query({ eventChainId: off.eventChainId });
  expect(types(chain)).toEqual(['TaskEvent', 'VmStoppingEvent', 'VmPoweredOffEvent']);
  expect(chain[0]?.key).toBe(off.eventChainId);
  expect(await test.read(session, moids.eventManager, 'latestEvent')).toEqual(last);
});

it('posts that a machine went off by itself, and nothing of one that ran before hostd did', async () => {
  await power('PowerOnVM_Task');
  const off = (events: Event[]) => events.filter(event => typeNameOf(event) === 'VmPoweredOffEvent');
  test.kernel.die(`/vmfs/volumes/${test.kernel.volume}/linux/linux.vmx`, 'killed by a trap');
  await vi.waitFor(async () => expect(off(await query(ofVm()))).toHaveLength(1));
  expect(off(await query(ofVm()))[0]).toMatchObject({ userName: '', vm: { vm } });
  const [error] = await query({ ...ofVm(), category: ['error'] });
  expect(error).toMatchObject({ _type: 'GeneralVmErrorEvent', message: 'killed by a trap' });
  await power('PowerOnVM_Task');
  const count = (await query(ofVm())).length;
  const before = test.host;
  await test.boot();
  before.close();
  session = await test.login();
  expect(await test.read(session, vm, 'runtime.powerState')).toBe('poweredOn');
  expect(await query(ofVm())).toHaveLength(count);
});

it('remembers a machine that is gone, by name, by itself and below what held it', async () => {
  await test.call(vm, 'UnregisterVM', {}, { session });
  for (const filter of [ofVm(), { entity: { entity: moids.vmFolder, recursion: 'children' as const } }]) {
    const events = await query(filter);
    expect(types(events)).toEqual(['VmRegisteredEvent', 'VmRemovedEvent']);
    expect(events[1]).toMatchObject({ vm: { name: 'linux', vm }, userName: 'root' });
  }
});

it('posts the reason with what fails', async () => {
  const info = await power('PowerOffVM_Task');
  const [event] = await query({ type: ['VmFailedToPowerOffEvent'] });
  expect(event).toMatchObject({
    chainId: info.eventChainId,
    reason: { fault: { _type: 'InvalidPowerState' } },
  });
  expect(event?.fullFormattedMessage).toContain('linux could not be powered off: ');
});

it('scrolls both ways and knows the latest page', async () => {
  await power('PowerOnVM_Task');
  const all = await query(ofVm());
  const keys = all.map(event => event.key);
  expect(keys).toHaveLength(4);
  const collector = await test.call(
    moids.eventManager,
    'CreateCollectorForEvents',
    { filter: ofVm() },
    { session },
  );
  const read = async (method: 'ReadNextEvents' | 'ReadPreviousEvents', maxCount: number) => {
    const events = await test.call(collector, method, { maxCount }, { session });
    return (events ?? []).map(event => keys.indexOf(event.key));
  };
  const latest = async () => {
    const page = (await test.read(session, collector, 'latestPage')) as Event[];
    return page.map(event => keys.indexOf(event.key));
  };
  expect(await read('ReadNextEvents', 3)).toEqual([0, 1, 2]);
  expect(await read('ReadNextEvents', 3)).toEqual([3]);
  expect(await read('ReadNextEvents', 3)).toEqual([]);
  expect(await read('ReadPreviousEvents', 3)).toEqual([3, 2, 1]);
  expect(await read('ReadPreviousEvents', 3)).toEqual([0]);
  expect(await read('ReadPreviousEvents', 3)).toEqual([]);
  expect(await latest()).toEqual([3, 2, 1, 0]);
  await test.call(collector, 'SetCollectorPageSize', { maxCount: 2 }, { session });
  expect(await latest()).toEqual([3, 2]);
  await test.call(collector, 'ResetCollector', {}, { session });
  expect(await read('ReadPreviousEvents', 9)).toEqual([1, 0]);
  await test.call(collector, 'RewindCollector', {}, { session });
  expect(await read('ReadNextEvents', 1)).toEqual([0]);
  expect(await test.read(session, collector, 'filter')).toMatchObject(ofVm());
  await test.call(collector, 'DestroyCollector', {}, { session });
  expect(await faultOf(read('ReadNextEvents', 1))).toBe('ManagedObjectNotFound');
});

it('tells a waiting client of the next event by the latest page', async () => {
  const filter = { type: ['GeneralUserEvent'], disableFullMessage: true };
  const collector = await test.call(moids.eventManager, 'CreateCollectorForEvents', { filter }, { session });
  const spec = {
    propSet: [{ type: 'EventHistoryCollector', all: false, pathSet: ['latestPage'] }],
    objectSet: [{ obj: collector, skip: false }],
  };
  await test.call(moids.propertyCollector, 'CreateFilter', { spec, partialUpdates: false }, { session });
  const wait = async (version: string) => {
    const set = await test.call(moids.propertyCollector, 'WaitForUpdates', { version }, { session });
    return { version: set.version, val: set.filterSet?.[0]?.objectSet?.[0]?.changeSet?.[0]?.val };
  };
  const first = await wait('');
  const waiting = wait(first.version);
  await test.call(moids.eventManager, 'LogUserEvent', { entity: vm, msg: 'look here' }, { session });
  const { val } = await waiting;
  expect(val).toMatchObject({
    value: [{ _type: 'GeneralUserEvent', message: 'look here', userName: 'root', entity: { entity: vm } }],
  });
  expect(JSON.stringify(val)).not.toContain('fullFormattedMessage');
});

it('keeps of long requests what somebody can still read', async () => {
  const long = 'x'.repeat(1 << 20);
  await test.call(moids.eventManager, 'LogUserEvent', { entity: vm, msg: long }, { session });
  const label = { label: long, summary: long };
  const disk = { ...flatDisk({ unitNumber: 1 }), deviceInfo: label };
  const spec = { deviceChange: [added(disk, 'create')], annotation: 'short' };
  const done = await test.finish(session, await test.call(vm, 'ReconfigVM_Task', { spec }, { session }));
  expect(done.state).toBe('success');
  const path = `[storage1] ${long}.vmdk`;
  const bad = { deviceChange: [added(flatDisk({ unitNumber: 1 }, { fileName: path }))] };
  const failed = await test.finish(
    session,
    await test.call(vm, 'ReconfigVM_Task', { spec: bad }, { session }),
  );
  expect(failed.state).toBe('error');
  expect(JSON.stringify(failed).length).toBeLessThan(32_768);
  const events = await query(ofVm());
  expect(types(events)).toEqual(expect.arrayContaining(['GeneralUserEvent', 'VmReconfiguredEvent']));
  expect(JSON.stringify(events).length).toBeLessThan(65_536);
  const change = events.find(event => typeNameOf(event) === 'VmReconfiguredEvent');
  expect(change).toMatchObject({ configSpec: { annotation: 'short', deviceChange: [{ operation: 'add' }] } });
});

it('finds tasks by entity, state, user and time', async () => {
  const before = new Date();
  await power('PowerOnVM_Task');
  await power('PowerOnVM_Task');
  const find = async (filter: object) => {
    const collector = await test.call(moids.taskManager, 'CreateCollectorForTasks', { filter } as never, {
      session,
    });
    const tasks = await test.call(collector, 'ReadNextTasks', { maxCount: 10 }, { session });
    return (tasks ?? []).map(task => `${task.descriptionId} ${task.state}`);
  };
  const [registered, on, failed] = [
    'Folder.registerVm success',
    'VirtualMachine.powerOn success',
    'VirtualMachine.powerOn error',
  ];
  expect(await find({})).toEqual([registered, on, failed]);
  expect(await find(ofVm())).toEqual([on, failed]);
  expect(await find({ entity: { entity: moids.vmFolder, recursion: 'children' } })).toEqual([on, failed]);
  expect(await find({ entity: { entity: moids.rootFolder, recursion: 'all' } })).toEqual([
    registered,
    on,
    failed,
  ]);
  expect(await find({ state: ['error'] })).toEqual([failed]);
  expect(await find({ time: { timeType: 'startedTime', beginTime: before } })).toEqual([on, failed]);
  expect(await find({ userName: { systemUser: false, userList: ['root'] }, state: ['success'] })).toEqual([
    registered,
    on,
  ]);
  expect(await find({ userName: { systemUser: true } })).toEqual([]);
  expect(await find({ alarm: vm })).toEqual([]);
});

it('gives a session 32 collectors of a kind and forgets them with it', async () => {
  const make = () => test.call(moids.taskManager, 'CreateCollectorForTasks', { filter: {} }, { session });
  const collectors = [];
  for (let count = 0; count < 32; count += 1) collectors.push(await make());
  expect(await faultOf(make())).toBe('InvalidState');
  const [first] = collectors;
  if (first === undefined) throw new Error('no collector');
  await test.call(first, 'DestroyCollector', {}, { session });
  await make();
  const other = await test.login();
  await test.call(moids.taskManager, 'CreateCollectorForTasks', { filter: {} }, { session: other });
});

it('refuses pages of no size, events that claim to be the host’s own, and notes on what is no entity', async () => {
  const collector = await test.call(
    moids.eventManager,
    'CreateCollectorForEvents',
    { filter: {} },
    { session },
  );
  for (const maxCount of [0, -1, 1001]) {
    const reading = test.call(collector, 'ReadNextEvents', { maxCount }, { session });
    expect(await faultOf(reading)).toBe('InvalidArgument');
  }
  const common = { key: 1, chainId: 1, createdTime: new Date(0), userName: 'nobody' };
  const post = (eventToPost: Event) =>
    test.call(moids.eventManager, 'PostEvent', { eventToPost }, { session });
  const claimed = { ...common, _type: 'VmPoweredOffEvent', template: false };
  expect(await faultOf(post(claimed))).toBe('InvalidEvent');
  await post({ ...common, ...{ _type: 'EventEx', eventTypeId: 'backup.done', message: 'saved' } });
  const posted = await test.read(session, moids.eventManager, 'latestEvent');
  expect(posted).toMatchObject({
    eventTypeId: 'backup.done',
    userName: 'root',
    fullFormattedMessage: 'saved',
  });
  const note = { entity: moids.sessionManager, msg: 'x' };
  expect(await faultOf(test.call(moids.eventManager, 'LogUserEvent', note, { session }))).toBe(
    'InvalidArgument',
  );
});

it('shows a user the history of what he may read, and nothing else', async () => {
  await power('PowerOnVM_Task');
  // The root folder by itself, so that she may ask at all; and the machine.
  for (const entity of [moids.rootFolder, vm]) {
    const permission = [{ principal: 'alice', group: false, roleId: -2, propagate: false }];
    await test.call(moids.authorizationManager, 'SetEntityPermissions', { entity, permission }, { session });
  }
  const all = await query({});
  expect(types(all)).toContain('UserLoginSessionEvent');
  const own = await query(ofVm());
  expect(types(own)).toContain('VmPoweredOnEvent');
  const alice = { session: await test.login('alice') };
  const seen = (await test.call(moids.eventManager, 'QueryEvents', { filter: {} }, alice)) ?? [];
  expect(seen.filter(event => event.vm !== undefined)).toEqual(own);
  expect(types(seen.filter(event => event.vm === undefined))).toEqual(['PermissionAddedEvent']);
  const tasks = await test.call(moids.taskManager, 'CreateCollectorForTasks', { filter: {} }, alice);
  const read = await test.call(tasks, 'ReadNextTasks', { maxCount: 1 }, alice);
  expect(read?.map(task => task.descriptionId)).toEqual(['VirtualMachine.powerOn']);
  expect(await test.read(alice.session, moids.eventManager, 'latestEvent')).toBeUndefined();
  await test.call(moids.eventManager, 'LogUserEvent', { entity: vm, msg: 'hers, too' }, { session });
  const latest = await test.read(alice.session, moids.eventManager, 'latestEvent');
  expect(latest).toMatchObject({ message: 'hers, too' });
});

it('describes every event type that the client knows, and its arguments', async () => {
  const description = await test.read(session, moids.eventManager, 'description', '2.5');
  const keys = (description as { eventInfo: { key: string }[] }).eventInfo.map(one => one.key);
  expect(keys).toContain('VmPoweredOnEvent');
  expect(keys).not.toContain('EventEx');
  const args = { eventTypeId: 'vim.event.VmRenamedEvent' };
  const described = await test.call(moids.eventManager, 'RetrieveArgumentDescription', args, { session });
  expect(described?.map(one => `${one.name}: ${one.type}`)).toEqual([
    'template: boolean',
    'oldName: string',
    'newName: string',
  ]);
  const tasks = await test.read(session, moids.taskManager, 'description');
  const methods = (tasks as { methodInfo: { key: string }[] }).methodInfo.map(one => one.key);
  expect(methods).toEqual(expect.arrayContaining(['VirtualMachine.powerOn', 'ManagedEntity.destroy']));
});

it('remembers tasks and events after a kill, and ends those that were running', async () => {
  const done = await power('PowerOnVM_Task');
  const hung = test.host.tasks.start(
    {
      entity: {
        ref: vm,
        name: 'linux',
        objectClass: { typeName: 'VirtualMachine', properties: new Map(), methods: new Map() },
      },
      methodName: 'ReconfigVM_Task',
      descriptionId: 'VirtualMachine.reconfigure',
      call: undefined,
    },
    () => new Promise(() => undefined),
  );
  const before = await query({});
  const killed = test.host;
  await test.boot();
  session = await test.login();
  expect(await query({ type: ['VmEvent', 'TaskEvent'] })).toEqual(
    before.filter(event => /^(Vm|Task)/.test(typeNameOf(event) ?? '')),
  );
  expect(await test.read(session, hung, 'info')).toMatchObject({
    state: 'error',
    error: { fault: { _type: 'SystemError', reason: expect.stringContaining('ended before') } },
  });
  expect(await test.read(session, done.task, 'info')).toEqual(done);
  const [highest] = before.map(event => event.key).sort((one, other) => other - one);
  await test.call(moids.eventManager, 'LogUserEvent', { entity: vm, msg: 'again' }, { session });
  const next = (await test.read(session, moids.eventManager, 'latestEvent')) as Event;
  expect(next.key).toBeGreaterThan(highest ?? 0);
  killed.close();
});
