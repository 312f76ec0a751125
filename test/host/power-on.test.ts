import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmkernelClient } from '../../kernel/client/index.js';
import { isAlive, processesNaming, TestHost, until } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;
let vmxPath: string;
let shmDir: string;
let vmkernelPid: number;

beforeAll(async () => {
  host = await TestHost.up();
  kernel = await host.kernel();
  vmxPath = await host.addGuest('linux');
  vmkernelPid = await host.pid('vmkernel');
  shmDir = (await kernel.call('hostInfo', {})).shmDir;
  // The first VM makes the VMkernel start what it then keeps.
  await kernel.call('powerOn', { vmxPath });
  await kernel.call('powerOff', { vmxPath });
}, 300_000);
afterAll(() => host.stop());

/** Everything of a VM that can be seen from outside: processes, run folders, shared memory, files of its folder. */
async function traces() {
  return {
    vms: (await kernel.call('listVms', {})).vms,
    vmx: processesNaming('daemons/vmware-vmx/').filter(pid => commandOf(pid).includes(host.root)),
    run: readdirSync(join(host.root, 'run/vmx')),
    shm: readdirSync(shmDir).sort(),
    folder: readdirSync(join(host.root, 'datastores/storage1/linux')).filter(
      name => !name.startsWith('vmware'),
    ),
    descriptors: readdirSync(`/proc/${vmkernelPid}/fd`).length,
  };
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
}

describe('a power-on', () => {
  it('is refused while the VM runs, and says in which state it is', async () => {
    await kernel.call('powerOn', { vmxPath });
    await expect(kernel.call('powerOn', { vmxPath })).rejects.toMatchObject({ code: 'InvalidState' });
    await kernel.call('powerOff', { vmxPath });
    await expect(kernel.call('powerOff', { vmxPath })).rejects.toMatchObject({ code: 'InvalidState' });
  });

  it('is failed on purpose by nobody in the console', async () => {
    const injected = kernel.call('powerOn', { vmxPath, failAfterStep: 'ram' });
    await expect(injected).rejects.toMatchObject({ code: 'NotSupported' });
    expect((await kernel.call('listVms', {})).vms).toEqual([]);
  });

  it('survives a SIGTERM of its vmx: the VM ends, the VMkernel says so and nothing is left', async () => {
    const before = await traces();
    const changes: string[] = [];
    await kernel.watch(change => changes.push(`${change.topic} ${change.event}`));
    const powerOn = kernel.call('powerOn', { vmxPath }).catch((error: unknown) => error);
    const pid = await until('the vmx to start', async () => {
      const vm = await host.world(kernel, 'linux');
      return vm !== undefined && vm.pid > 0 && vm.pid;
    });
    process.kill(pid, 'SIGTERM');
    await powerOn;
    await until('the VM to be gone', async () => (await host.world(kernel, 'linux')) === undefined);
    expect(isAlive(pid)).toBe(false);
    await until(
      'its traces to go',
      async () => JSON.stringify(await traces()) === JSON.stringify(before),
    ).catch(async () => expect(await traces()).toEqual(before));
    expect(changes.some(change => change.startsWith('vm '))).toBe(true);
  });
});
