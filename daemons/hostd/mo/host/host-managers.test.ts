import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AutoStartPowerInfo,
  type HostAutoStartManagerConfig,
  ManagedObjectReference,
  type OptionValue,
  TypedValue,
  untyped,
} from '../../../../lib/vim/index.js';
import { faultOf, TestHost } from '../../testing/test-host.js';
import { moids } from '../moids.js';

let test: TestHost;
let session: string;
beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
});
afterEach(() => test.stop());

/** A new hostd on the same files. */
async function restart(): Promise<void> {
  test.host.close();
  await test.boot();
  session = await test.login();
}

const config = () =>
  test.read(session, moids.autoStartManager, 'config') as Promise<HostAutoStartManagerConfig>;

function startsWithHost(
  vm: ManagedObjectReference,
  changes: Partial<AutoStartPowerInfo> = {},
): AutoStartPowerInfo {
  return {
    key: vm,
    startOrder: -1,
    startDelay: -1,
    waitForHeartbeat: 'systemDefault',
    startAction: 'powerOn',
    stopDelay: -1,
    stopAction: 'systemDefault',
    ...changes,
  };
}

const reconfigure = (spec: HostAutoStartManagerConfig) =>
  test.call(moids.autoStartManager, 'ReconfigureAutostart', { spec }, { session });

const powerCalls = () => test.kernel.calls.map(({ name }) => name).filter(name => name.startsWith('power'));

describe('HostAutoStartManager', () => {
  it('keeps what was configured over a restart, and changes only what the spec names', async () => {
    const vm = await test.register(session);
    await reconfigure({ defaults: { enabled: true, startDelay: 7 } });
    await reconfigure({ powerInfo: [startsWithHost(vm, { startOrder: 3 })] });
    await restart();
    expect(await config()).toMatchObject({
      defaults: { enabled: true, startDelay: 7, stopDelay: 120 },
      powerInfo: [{ key: vm, startOrder: 3, startAction: 'powerOn', waitForHeartbeat: 'systemDefault' }],
    });
  });

  it('refuses machines that are not there and settings that are none, and changes nothing then', async () => {
    const vm = await test.register(session);
    const none = new ManagedObjectReference(vm.type, '9999');
    const refused = (info: AutoStartPowerInfo) =>
      faultOf(reconfigure({ powerInfo: [startsWithHost(vm), info] }));
    expect(await refused(startsWithHost(none))).toBe('ManagedObjectNotFound');
    expect(await refused(startsWithHost(vm, { startAction: 'fly' }))).toBe('InvalidArgument');
    expect(await refused(startsWithHost(vm, { startDelay: -2 }))).toBe('InvalidArgument');
    expect((await config()).powerInfo ?? []).toEqual([]);
  });

  it('forgets a machine that is unregistered', async () => {
    const vm = await test.register(session);
    await reconfigure({ powerInfo: [startsWithHost(vm)] });
    await test.call(vm, 'UnregisterVM', {}, { session });
    expect((await config()).powerInfo ?? []).toEqual([]);
    const file = join(test.folder, 'hostd', 'vmAutoStart.xml');
    await expect.poll(() => readFileSync(file, 'utf8')).not.toContain('<machine>');
  });

  it('starts machines when the host has booted, and not when only hostd has', async () => {
    const vm = await test.register(session);
    await reconfigure({ defaults: { enabled: true }, powerInfo: [startsWithHost(vm)] });
    await restart();
    expect(powerCalls()).toEqual([]);
    test.kernel.bootId = 'boot-2';
    await restart();
    await expect.poll(() => test.read(session, vm, 'runtime.powerState')).toBe('poweredOn');
    expect(powerCalls()).toEqual(['powerOn']);
    await restart();
    expect(powerCalls()).toEqual(['powerOn']);
  });

  it('stops machines when the host goes down, as each is configured', async () => {
    const vm = await test.register(session);
    await reconfigure({
      defaults: { enabled: true },
      powerInfo: [startsWithHost(vm, { stopAction: 'none' })],
    });
    const task = await test.call(vm, 'PowerOnVM_Task', {}, { session });
    await test.finish(session, task);
    await test.host.hostStops();
    expect(powerCalls()).toEqual(['powerOn']);
    await reconfigure({ powerInfo: [startsWithHost(vm)] });
    await test.host.hostStops();
    expect(powerCalls()).toEqual(['powerOn', 'powerOff']);
  });

  it('sets aside a file that it does not understand', async () => {
    await reconfigure({ defaults: { enabled: true } });
    const path = join(test.folder, 'hostd', 'vmAutoStart.xml');
    writeFileSync(path, '<ConfigRoot><a>');
    await restart();
    expect((await config()).defaults?.enabled).toBe(false);
    expect(existsSync(`${path}.broken`)).toBe(true);
  });
});

describe('maintenance mode', () => {
  const finish = async (method: 'EnterMaintenanceMode_Task' | 'ExitMaintenanceMode_Task', timeout: number) =>
    test.finish(session, await test.call(moids.host, method, { timeout }, { session }));
  const powerOn = async (vm: ManagedObjectReference) =>
    test.finish(session, await test.call(vm, 'PowerOnVM_Task', {}, { session }));

  it('refuses power-on until it is left, also after a restart', async () => {
    const vm = await test.register(session);
    expect((await finish('EnterMaintenanceMode_Task', 0)).state).toBe('success');
    await restart();
    expect(await test.read(session, moids.host, 'runtime.inMaintenanceMode')).toBe(true);
    expect((await powerOn(vm)).error?.fault._type).toBe('InvalidState');
    expect((await finish('EnterMaintenanceMode_Task', 0)).error?.fault._type).toBe('InvalidState');
    expect((await finish('ExitMaintenanceMode_Task', 0)).state).toBe('success');
    expect((await powerOn(vm)).state).toBe('success');
    expect((await finish('ExitMaintenanceMode_Task', 0)).error?.fault._type).toBe('InvalidState');
  });

  it('waits for running machines, and gives up when the time is over', async () => {
    const vm = await test.register(session);
    await powerOn(vm);
    expect((await finish('EnterMaintenanceMode_Task', 1)).error?.fault._type).toBe('Timedout');
    expect(await test.read(session, moids.host, 'runtime.inMaintenanceMode')).toBe(false);
    const task = await test.call(moids.host, 'EnterMaintenanceMode_Task', { timeout: 0 }, { session });
    await test.finish(session, await test.call(vm, 'PowerOffVM_Task', {}, { session }));
    expect((await test.finish(session, task)).state).toBe('success');
  });

  it('is not entered when the client cancels', async () => {
    const vm = await test.register(session);
    await powerOn(vm);
    const task = await test.call(moids.host, 'EnterMaintenanceMode_Task', { timeout: 0 }, { session });
    await test.call(task, 'CancelTask', {}, { session });
    expect((await test.finish(session, task)).error?.fault._type).toBe('RequestCanceled');
    expect(await test.read(session, moids.host, 'runtime.inMaintenanceMode')).toBe(false);
  });
});

describe('OptionManager', () => {
  const level = 'Config.HostAgent.log.level';
  const query = async (name?: string) => {
    const found = await test.call(moids.setting, 'QueryOptions', name === undefined ? {} : { name }, {
      session,
    });
    return (found ?? []).map(({ key, value }: OptionValue) => [key, untyped(value)]);
  };
  const update = (key: string, value: string) =>
    test.call(
      moids.setting,
      'UpdateOptions',
      { changedValue: [{ key, value: new TypedValue('string', false, value) }] },
      { session },
    );

  it('finds options by name and by what their names begin with', async () => {
    expect(await query(level)).toEqual([[level, 'info']]);
    expect(await query('Config.HostAgent.log')).toEqual([[level, 'info']]);
    expect((await query()).length).toBeGreaterThan(1);
    expect(await faultOf(query('Config.HostAgent.lo'))).toBe('InvalidName');
    const advanced = test.call(moids.advancedOption, 'QueryOptions', { name: 'Mem.IdleTax' }, { session });
    expect(await faultOf(advanced)).toBe('InvalidName');
  });

  it('keeps the VMkernel’s options in the VMkernel, all of a change or none', async () => {
    const advanced = async (name?: string) => {
      const found = await test.call(moids.advancedOption, 'QueryOptions', { name }, { session });
      return (found ?? []).map(({ key, value }: OptionValue) => [key, untyped(value)]);
    };
    const set = (...values: [string, unknown][]) => {
      const changedValue = values.map(([key, value]) => ({
        key,
        value: new TypedValue(typeof value === 'number' ? 'int' : 'string', false, value),
      }));
      return test.call(moids.advancedOption, 'UpdateOptions', { changedValue }, { session });
    };
    await vi.waitFor(async () => expect((await advanced()).length).toBeGreaterThan(0));
    expect(await advanced('Cpu.Quantum')).toEqual([['Cpu.Quantum', 20]]);
    await set(['Cpu.Quantum', 50], ['Cpu.BoundLagQuanta', 3]);
    expect(test.kernel.config.get('/adv/Cpu/Quantum')).toBe('50');
    expect(await advanced('Cpu.')).toContainEqual(['Cpu.BoundLagQuanta', 3]);
    expect(await faultOf(set(['Cpu.Quantum', 30], ['Cpu.BoundLagQuanta', 999]))).toBe('InvalidArgument');
    expect(await faultOf(set(['Cpu.Quantum', '30']))).toBe('InvalidArgument');
    expect(await faultOf(set(['Cpu.Quantum', 30], ['Cpu.None', 1]))).toBe('InvalidName');
    expect(await advanced('Cpu.Quantum')).toEqual([['Cpu.Quantum', 50]]);
  });

  it('applies a changed option at once and again after a restart', async () => {
    await update(level, 'verbose');
    expect(test.logLevels).toEqual(['debug']);
    await restart();
    expect(test.logLevels).toEqual(['debug', 'debug']);
    expect(await query(level)).toEqual([[level, 'verbose']]);
    expect(await faultOf(update(level, 'loud'))).toBe('InvalidArgument');
    expect(await faultOf(update('Config.HostAgent.none', 'x'))).toBe('InvalidName');
  });

  it('advertises the version that the option says', async () => {
    expect(test.host.managers.advertisedVersion()).toBe('4.1');
    await update('Config.HostAgent.soap.advertisedVersion', '2.5');
    expect(test.host.managers.advertisedVersion()).toBe('2.5');
  });
});
