import { beforeEach, expect, it, vi } from 'vitest';
import { loadVimSchema, ManagedObjectReference } from '../../vim/index.js';
import { MemoryHistoryStore } from '../history/history-store.js';
import { defineClass } from '../object/managed-object.js';
import { ObjectRegistry } from '../object/object-registry.js';
import { eventsForTest, faultForTest } from '../testing/server-parts.js';
import { Task } from './task.js';
import { taskLabels } from './task-description.js';
import { matchesTask } from './task-filter.js';
import { TaskManager, type TaskWork } from './task-manager.js';

const vm = {
  ref: new ManagedObjectReference('VirtualMachine', '16'),
  objectClass: defineClass('VirtualMachine', { properties: {}, methods: {} }),
  name: 'linux',
};

let registry: ObjectRegistry;
let tasks: TaskManager;
beforeEach(() => {
  registry = new ObjectRegistry();
  const { events, places } = eventsForTest(registry);
  const store = new MemoryHistoryStore({ matches: matchesTask, maxRecords: 100 });
  tasks = new TaskManager('taskmgr', {
    schema: loadVimSchema(),
    registry,
    events,
    places,
    store,
    toFault: faultForTest,
  });
});

function start(work: TaskWork): Task {
  const request = {
    entity: vm,
    methodName: 'CopyVirtualDisk_Task',
    descriptionId: 'x.copy',
    call: undefined,
  };
  const task = registry.find(tasks.start(request, work).value);
  if (!(task instanceof Task)) throw new Error('no task');
  return task;
}

const isOver = (task: Task) => vi.waitFor(() => expect(task.isOver).toBe(true));

it('ends a task that may be canceled with RequestCanceled', async () => {
  const task = start(async ({ signal, allowCancel }) => {
    allowCancel();
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return undefined;
  });
  expect(task.info).toMatchObject({ state: 'running', cancelable: true, cancelled: false });
  task.cancel();
  await isOver(task);
  expect(task.info).toMatchObject({ state: 'error', cancelled: true, cancelable: false });
  expect(task.info.error?.fault._type).toBe('RequestCanceled');
});

it('refuses to cancel what does not allow it, what is past it and what is over', async () => {
  let goOn: (() => void) | undefined;
  const task = start(async control => {
    await new Promise<void>(resolve => {
      goOn = resolve;
    });
    control.allowCancel();
    control.forbidCancel();
    await new Promise<void>(resolve => {
      goOn = resolve;
    });
    return undefined;
  });
  const refused = (type: string) =>
    expect(() => task.cancel()).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ _type: type }) }),
    );
  refused('NotSupported');
  goOn?.();
  await Promise.resolve();
  refused('NotSupported');
  await vi.waitFor(() => {
    goOn?.();
    expect(task.info.state).toBe('success');
  });
  refused('InvalidState');
});

it('tells many steps of progress few times and the last one', async () => {
  const told: (number | undefined)[] = [];
  let task: Task | undefined;
  vi.spyOn(registry, 'changed').mockImplementation(object => {
    if (object instanceof Task) told.push(object.info.progress);
  });
  task = start(async ({ progress }) => {
    for (let percent = 1; percent <= 90; percent += 1) progress(percent);
    expect(task).toBeUndefined();
    await vi.waitFor(() => expect(told).toContain(90));
    return undefined;
  });
  expect(task.info.progress).toBe(90);
  await isOver(task);
  expect(told.length).toBeLessThan(8);
  expect(told.at(-1)).toBe(100);
});

it('names tasks in words, also those whose description has a name of its own', () => {
  const label = taskLabels(loadVimSchema());
  expect(label('HostSystem.reboot')).toBe('Reboot host');
  expect(label('VirtualMachine.reconfigure')).toBe('Reconfigure virtual machine');
  expect(label('VirtualMachine.powerOn')).toBe('Power on virtual machine');
  expect(label('nobody.knows')).toBe('nobody.knows');
});
