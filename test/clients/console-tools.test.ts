import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmkernelClient } from '../../kernel/client/index.js';
import { isAlive, TestHost } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;
const VMX = '/vmfs/volumes/storage1/asm-idler/asm-idler.vmx';

beforeAll(async () => {
  host = await TestHost.up();
  await host.addGuest('asm-idler');
  kernel = await host.kernel();
}, 300_000);
afterAll(() => host.stop());

/** One session of the service console; its output with what was said on stderr. */
async function inConsole(...commands: string[]): Promise<string[]> {
  const { stdout, stderr } = await host.ssh(`{ ${commands.join('; ')}; } 2>&1`);
  expect(stderr).not.toContain('Permission denied');
  return stdout.toString('utf8').trimEnd().split('\n');
}

const vmxText = (): string =>
  readFileSync(join(host.root, 'datastores/storage1/asm-idler/asm-idler.vmx'), 'utf8');

describe('vmware-cmd in the service console, without a password', () => {
  it('registers a machine, changes its file, and drives its power', async () => {
    expect(await inConsole(`vmware-cmd ${VMX} getstate; echo $?`)).toEqual([
      `/usr/bin/vmware-cmd: Could not connect to VM ${VMX}`,
      `  (VMControl error -11: No such virtual machine: The config file ${VMX} is not registered.`,
      'Please register the config file on the server.  For example:',
      `vmware-cmd -s register "${VMX}")`,
      '255',
    ]);
    expect(
      await inConsole(
        `vmware-cmd -s register ${VMX}`,
        `vmware-cmd ${VMX} setconfig annotation spoken`,
        `vmware-cmd ${VMX} setguestinfo color blue`,
        `vmware-cmd ${VMX} getguestinfo color`,
        `vmware-cmd -q ${VMX} start`,
        `vmware-cmd ${VMX} getstate`,
      ),
    ).toEqual([
      `register(${VMX}) = 1`,
      'setconfig(annotation spoken) = 1',
      'setguestinfo(color blue) = 1',
      'getguestinfo(color) = blue',
      '1',
      'getstate() = on',
    ]);
    expect(vmxText()).toMatch(/^annotation = "spoken"$/m);
    expect(vmxText()).toMatch(/^guestinfo\.color = "blue"$/m);
    const running = await host.world(kernel, 'asm-idler');
    const [pid] = await inConsole(`vmware-cmd -q ${VMX} getpid`);
    expect(Number(pid)).toBe(running?.pid);
    expect(await inConsole(`vmware-cmd ${VMX} stop hard`, `vmware-cmd ${VMX} getstate`)).toEqual([
      'stop(hard) = 1',
      'getstate() = off',
    ]);
    expect(isAlive(running?.pid ?? 0)).toBe(false);
  }, 120_000);
});

describe('vim-cmd in the service console', () => {
  it('shows the machine and its datastore in the form that scripts take apart', async () => {
    const [, row = ''] = await inConsole('vim-cmd vmsvc/getallvms');
    const [vmid = '', name, file] = row.split(/ {3,}/);
    expect([name, file]).toEqual(['asm-idler', '[storage1] asm-idler/asm-idler.vmx']);
    const summary = await inConsole(`vim-cmd vmsvc/get.summary ${vmid}`);
    expect(summary.slice(0, 5)).toEqual([
      'Listsummary:',
      '',
      '(vim.vm.Summary) {',
      '   dynamicType = <unset>,',
      `   vm = 'vim.VirtualMachine:${vmid}',`,
    ]);
    expect(summary).toContain('      annotation = "spoken",');
    const stores = (await inConsole('vim-cmd hostsvc/datastore/listsummary')).join('\n');
    const capacity = Number(/^ +capacity = (\d+),$/m.exec(stores)?.[1]);
    const { datastores } = await kernel.call('listDatastores', {});
    expect(capacity).toBe(datastores.find(one => one.label === 'storage1')?.capacityBytes);
  }, 120_000);

  it('refuses what is not built with the fault’s name and status 1', async () => {
    const [, row = ''] = await inConsole('vim-cmd vmsvc/getallvms');
    const vmid = row.split(' ')[0];
    expect(await inConsole(`vim-cmd vmsvc/snapshot.create ${vmid} before; echo $?`)).toEqual([
      'Create Snapshot:',
      '(vim.fault.NotSupported) The operation is not supported on the object.',
      '1',
    ]);
  }, 60_000);
});
