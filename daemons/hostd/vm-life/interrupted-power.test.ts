import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Event, ManagedObjectReference, TaskInfo } from '../../../lib/vim/index.js';
import { moids } from '../mo/moids.js';
import { faultOf, TestHost } from '../testing/test-host.js';

let test: TestHost;
let session: string;
let vm: ManagedObjectReference;

beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
  vm = await test.register(session);
});
afterEach(async () => {
  await test.stop();
  expect(test.errors).toEqual([]);
});

const info = async (task: ManagedObjectReference): Promise<TaskInfo> =>
  (await test.read(session, task, 'info')) as TaskInfo;

/** hostd dies and another one takes its place. */
async function reborn(): Promise<void> {
  test.host.close();
  await test.boot();
  session = await test.login();
}

/** The VMkernel goes on although hostd has died. */
async function dieDuring(method: 'PowerOnVM_Task' | 'PowerOffVM_Task'): Promise<ManagedObjectReference> {
  let goOn = (): void => undefined;
  test.kernel.gate = new Promise(resolve => {
    goOn = resolve;
  });
  const name = method === 'PowerOnVM_Task' ? 'powerOn' : 'powerOff';
  const task = await test.call(vm, method, {}, { session });
  await vi.waitFor(() => expect(test.kernel.calls.some(call => call.name === name)).toBe(true));
  const { running } = test.kernel;
  test.host.close();
  const before = running.size;
  goOn();
  await vi.waitFor(() => expect(running.size).not.toBe(before));
  for (const [path, run] of running) running.set(path, { ...run, bootTimeMs: Date.now() });
  await test.boot();
  session = await test.login();
  return task;
}

describe('a power task whose hostd died', () => {
  it('ends as the VMkernel made it true', async () => {
    const on = await dieDuring('PowerOnVM_Task');
    expect(await info(on)).toMatchObject({ state: 'success' });
    const off = await dieDuring('PowerOffVM_Task');
    expect(await info(off)).toMatchObject({ state: 'success' });
  });

  it('goes on while the VMkernel is at it, and fails where its state says so', async () => {
    await test.finish(session, await test.call(vm, 'PowerOnVM_Task', {}, { session }));
    test.kernel.gate = new Promise(() => undefined);
    const task = await test.call(vm, 'PowerOffVM_Task', {}, { session });
    const [[path, run] = ['', undefined]] = test.kernel.running;
    if (run === undefined) throw new Error('it does not run');
    test.kernel.running.set(path, { ...run, state: 'poweringOff' });
    await reborn();
    expect(await info(task)).toMatchObject({ state: 'running' });
    test.kernel.running.set(path, run);
    test.kernel.publish({ topic: 'vm', object: path, event: 'poweredOn' });
    await vi.waitFor(async () => expect(await info(task)).toMatchObject({ state: 'error' }));
  });
});

describe('the power of the host', () => {
  const maintain = async (): Promise<void> => {
    const task = await test.call(moids.host, 'EnterMaintenanceMode_Task', { timeout: 0 }, { session });
    await test.finish(session, task);
  };
  const events = async (type: string): Promise<Event[]> => {
    const filter = { eventTypeId: [type] };
    return (await test.call(moids.eventManager, 'QueryEvents', { filter }, { session })) ?? [];
  };

  it('takes maintenance mode or force, and says who wants it', async () => {
    for (const method of ['RebootHost_Task', 'ShutdownHost_Task'] as const)
      expect(await faultOf(test.call(moids.host, method, { force: false }, { session }))).toBe(
        'InvalidState',
      );
    expect(test.kernel.goingDown).toBeUndefined();
    await maintain();
    const task = await test.call(moids.host, 'RebootHost_Task', { force: false }, { session });
    await vi.waitFor(() => expect(test.kernel.goingDown).toEqual({ action: 'reboot', by: 'root' }));
    expect(await info(task)).toMatchObject({ state: 'running', descriptionId: 'HostSystem.reboot' });
    const second = await test.call(moids.host, 'ShutdownHost_Task', { force: true }, { session });
    expect((await test.finish(session, second)).error?.fault._type).toBe('InvalidState');
    await test.host.hostStops();
    expect(await events('HostShutdownEvent')).toEqual([
      expect.objectContaining({
        userName: 'root',
        reason: 'reboot',
        fullFormattedMessage: 'esx1.local is shutting down: reboot',
      }),
    ]);
  });

  it('has its task end with the next boot, and fail where there was none', async () => {
    const reboot = async (): Promise<ManagedObjectReference> => {
      test.kernel.goingDown = undefined;
      const task = await test.call(moids.host, 'RebootHost_Task', { force: true }, { session });
      await vi.waitFor(() => expect(test.kernel.goingDown).toBeDefined());
      return task;
    };
    const vain = await reboot();
    await reborn();
    expect(await info(vain)).toMatchObject({ state: 'error' });
    const task = await reboot();
    test.kernel.hostBootTimeMs = Date.now() + 1;
    await reborn();
    expect(await info(task)).toMatchObject({ state: 'success' });
  });

  it('names the host by its own name when it is connected, and tasks by what they are called', async () => {
    expect((await events('HostConnectedEvent')).map(event => event.fullFormattedMessage)).toEqual([
      'esx1.local has a VMkernel to work with',
    ]);
    const spec = { memoryMB: 128 };
    await test.finish(session, await test.call(vm, 'ReconfigVM_Task', { spec }, { session }));
    const texts = (await events('TaskEvent')).map(event => event.fullFormattedMessage);
    expect(texts).toContain('Task: Reconfigure virtual machine on linux');
    const description = (await test.read(session, moids.taskManager, 'description')) as {
      methodInfo: { key: string; label: string }[];
    };
    expect(description.methodInfo.find(({ key }) => key === 'VirtualMachine.reconfigure')?.label).toBe(
      'Reconfigure virtual machine',
    );
  });
});
