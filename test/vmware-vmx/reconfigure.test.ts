import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import type { RunningChanges } from '../../kernel/abi/index.js';
import { attachStatistics } from '../../kernel/client/index.js';
import { isAlive, until } from '../harness/index.js';
import { BareHost } from './bare-host.js';

const NAME = 'busy';
let host: BareHost;
beforeAll(async () => {
  host = await BareHost.start();
}, 60_000);
afterAll(() => host.stop(), 60_000);
beforeEach(() => host.define(NAME, new MiniBios().say('up>').spin()));
afterEach(() => host.clear());

const vmxPath = () => host.path(NAME);
const text = () => readFileSync(join(host.folder(NAME), `${NAME}.vmx`), 'utf8');
const reconfigure = (changes: RunningChanges) =>
  host.kernel.call('reconfigure', { vmxPath: vmxPath(), changes });

/** The scheduler's rows of the VM. */
async function rows() {
  const { shmDir } = await host.kernel.call('hostInfo', {});
  const statistics = attachStatistics(shmDir);
  const { world, vm } = statistics.host;
  const count = statistics.host.hostControl.worldCount();
  const vmm = Array.from({ length: count }, (_, row) => row).find(
    row => /^vmm0:/.test(world.name(row)) && world.vmRow(row) >= 0,
  );
  if (vmm === undefined) throw new Error('no VMM world');
  return { statistics, vmm, group: world.groupRow(vmm), vmRow: world.vmRow(vmm), vm };
}

describe('a running VM that is reconfigured', () => {
  it('is held by its new limit at once, and runs free again without it', async () => {
    await host.powerOn(NAME);
    const { statistics, vmm, group } = await rows();
    const limited = () => statistics.sched.schedWorld.limitedUs(vmm);
    expect(limited()).toBe(0);
    await reconfigure({ settings: { 'sched.cpu.max': '200', 'sched.cpu.shares': 'high' } });
    expect(statistics.host.group.cpuShares(group)).toBe(2000);
    await until('time held by the limit', () => limited() > 100_000);
    await reconfigure({ settings: { 'sched.cpu.max': 'unlimited', 'sched.cpu.shares': null } });
    expect(statistics.host.group.cpuShares(group)).toBe(1000);
    expect(statistics.host.group.cpuMax(group)).toBe(-1);
    const { schedWorld } = statistics.sched;
    const [before, ran] = [limited(), schedWorld.runUs(vmm)];
    await until('half a second of running', () => schedWorld.runUs(vmm) > ran + 500_000);
    expect(limited() - before).toBeLessThan(100_000);
  });

  it('is written to its .vmx, told, and called by its new name', async () => {
    const { worldId } = await host.powerOn(NAME);
    const old = text();
    await reconfigure({ settings: { displayName: 'renamed', annotation: 'a "note"', 'my.key': 'value' } });
    expect(text()).toBe(
      `${old.replace(`displayName = "${NAME}"`, 'displayName = "renamed"')}annotation = "a |22note|22"\nmy.key = "value"\n`,
    );
    await until('the change', () =>
      host.changes.some(c => c.topic === 'config' && c.object.endsWith(`/${NAME}.vmx`)),
    );
    const [vm] = (await host.kernel.call('listVms', {})).vms;
    expect(vm).toMatchObject({ worldId, name: 'renamed' });
    expect(readdirSync(host.folder(NAME)).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is changed by nobody else: writes of its .vmx are refused while it runs, and only then', async () => {
    const write = () => host.kernel.files.writeAtomic(vmxPath(), Buffer.from(text()));
    await write();
    await host.powerOn(NAME);
    await expect(write()).rejects.toMatchObject({ code: 'FileLocked' });
    await expect(host.kernel.files.append(vmxPath(), Buffer.from('x'))).rejects.toMatchObject({
      code: 'FileLocked',
    });
    await host.kernel.call('powerOff', { vmxPath: vmxPath() });
    await write();
  });

  it.each([
    [{ settings: { memsize: '8' } }, 'InvalidPowerState', { key: 'memsize' }],
    [{ settings: { 'ethernet0.present': 'TRUE' } }, 'InvalidPowerState', { key: 'ethernet0.present' }],
    [{ settings: { 'sched.cpu.min': '99999999' } }, 'InsufficientCpu', {}],
    [{ settings: { 'sched.cpu.max': '5', 'sched.cpu.min': '10' } }, 'InvalidVmx', { key: 'sched.cpu.max' }],
    [{ settings: { 'a key': '1' } }, 'InvalidVmx', { key: 'a key' }],
    [
      { settings: { annotation: 'x' }, connections: { ethernet0: true } },
      'NotSupported',
      { device: 'ethernet0' },
    ],
  ])('refuses %j and stays as it is', async (changes, code, details) => {
    await host.powerOn(NAME);
    const { statistics, group } = await rows();
    const old = text();
    await expect(reconfigure(changes as RunningChanges)).rejects.toMatchObject({ code, details });
    expect(text()).toBe(old);
    expect(statistics.host.group.cpuMin(group)).toBe(0);
    // What was refused has taken nothing of the host's CPU.
    await reconfigure({ settings: { 'sched.cpu.min': '100' } });
    expect(statistics.host.group.cpuMin(group)).toBeGreaterThan(0);
  });

  it('has its serial port disconnected and connected', async () => {
    const vm = await host.powerOn(NAME);
    const socket = join(host.root, 'run/vmx', String(vm.worldId), 'serial0.sock');
    const connections = async () => (await host.kernel.call('listVms', {})).vms[0]?.connections;
    expect(await connections()).toEqual({ serial0: true });
    const port = await host.serial(vm);
    await port.waitFor(/up>/);
    await reconfigure({ settings: {}, connections: { serial0: false } });
    expect(await connections()).toEqual({ serial0: false });
    expect(existsSync(socket)).toBe(false);
    await reconfigure({ settings: { 'serial0.startConnected': 'TRUE' }, connections: { serial0: true } });
    expect(await connections()).toEqual({ serial0: true });
    await host.kernel.call('reset', { vmxPath: vmxPath() });
    const again = await host.serial(vm);
    await again.waitFor(/up>/);
  });

  it('takes changes of many at once one after the other, none lost or torn', async () => {
    await host.powerOn(NAME);
    const changes = Array.from({ length: 12 }, (_, i) =>
      reconfigure({ settings: { [`key${i}`]: String(i) } }),
    );
    await Promise.all(changes);
    for (let i = 0; i < 12; i++) expect(text()).toContain(`key${i} = "${i}"\n`);
  });

  it('answers who asks a vmx that dies meanwhile, and the file is whole', async () => {
    const vm = await host.powerOn(NAME);
    const asked = Array.from({ length: 8 }, (_, i) =>
      reconfigure({ settings: { annotation: String(i).repeat(1000) } }).then(
        () => 'done',
        (error: { code: string }) => error.code,
      ),
    );
    process.kill(vm.pid, 'SIGKILL');
    const outcomes = await Promise.all(asked);
    expect(outcomes.every(o => ['done', 'VmxDied', 'InvalidState'].includes(o))).toBe(true);
    await host.ended(NAME);
    expect(isAlive(vm.pid)).toBe(false);
    expect(text()).toMatch(/displayName = "busy"\n(.*\n)*$/);
    await host.powerOn(NAME);
  });
});
