import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { POWER_ON_STEPS } from '../../kernel/boot/ledger.js';
import { isAlive, processesNaming, until } from '../harness/index.js';
import { BareHost } from './bare-host.js';

let host: BareHost;
let shmDir: string;
const NAME = 'guest';

beforeAll(async () => {
  host = await BareHost.start('--inject-failures');
  host.define(NAME, new MiniBios().say('up>').spin());
  shmDir = (await host.kernel.call('hostInfo', {})).shmDir;
  // The first VM makes the VMkernel start what it then keeps.
  await host.powerOn(NAME);
  await host.kernel.call('powerOff', { vmxPath: host.path(NAME) });
}, 60_000);
afterAll(() => host.stop());

/** Everything of a VM that can be seen from outside: processes, run folders, shared memory, files, descriptors. */
async function traces() {
  const ours = (pid: number) =>
    readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[3] === `${host.kernelPid}`;
  return {
    vms: (await host.kernel.call('listVms', {})).vms,
    vmx: processesNaming('daemons/vmware-vmx/').filter(ours),
    run: readdirSync(join(host.root, 'run/vmx')),
    shm: readdirSync(shmDir).sort(),
    folder: readdirSync(host.folder(NAME)).filter(name => !name.startsWith('vmware')),
    descriptors: readdirSync(`/proc/${host.kernelPid}/fd`).length,
  };
}

describe('a power-on that fails', () => {
  it.each(POWER_ON_STEPS)('after step %s leaves nothing behind', async step => {
    const before = await traces();
    const failed = host.kernel.call('powerOn', { vmxPath: host.path(NAME), failAfterStep: step });
    await expect(failed).rejects.toMatchObject({ code: 'Cancelled' });
    await until(
      'the traces of the failed power-on to go',
      async () => JSON.stringify(await traces()) === JSON.stringify(before),
    ).catch(async () => expect(await traces()).toEqual(before));
  });

  it('does not keep the VM from being powered on afterwards', async () => {
    const vm = await host.powerOn(NAME);
    expect(vm.state).toBe('poweredOn');
    await host.kernel.call('powerOff', { vmxPath: host.path(NAME) });
    expect(isAlive(vm.pid)).toBe(false);
  });
});
