import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmkernelClient } from '../../kernel/client/index.js';
import { TestHost, until } from '../harness/index.js';

let host: TestHost;

beforeAll(async () => {
  host = new TestHost();
  await host.up();
}, 300_000);
afterAll(() => host.stop());

const inConsole = async (command: string): Promise<string> => {
  const { status, stdout, stderr } = await host.ssh(command);
  if (status !== 0) throw new Error(`${command}: ${status}: ${stderr}`);
  return stdout.toString();
};

describe('a host that its console’s root reboots', () => {
  it('comes back by itself with the machines that start with it, and its events say who it was', async () => {
    await host.addGuest('asm-counter');
    await inConsole('vim-cmd solo/registervm /vmfs/volumes/storage1/asm-counter/asm-counter.vmx');
    const [, row = ''] = (await inConsole('vim-cmd vmsvc/getallvms')).split('\n');
    const vmid = row.split(' ')[0];
    const autostart = 'vim-cmd hostsvc/autostartmanager';
    await inConsole(
      `${autostart}/update_autostartentry ${vmid} powerOn 0 1 powerOff 0 no && ${autostart}/enable_autostart true`,
    );
    const before = await host.status();
    await inConsole('reboot');
    const after = await until('another boot with its machine on', async () => {
      const status = await host.status();
      const isUp = status.daemons.every(daemon => daemon.state === 'running');
      return status.bootId !== before.bootId && isUp && status.vms[0]?.state === 'poweredOn' && status;
    });
    expect(after.ports).toEqual(before.ports);
    const kernel: VmkernelClient = await host.kernel();
    expect((await kernel.call('hostInfo', {})).bootId).toBe(after.bootId);
    expect((await kernel.call('hostInfo', {})).goingDown).toBeUndefined();
    const history = new Database(join(host.root, 'console/etc/vmware/hostd/hostd.sqlite'), {
      readonly: true,
    });
    const ended = history
      .prepare("SELECT user_name, value FROM event WHERE type = 'HostShutdownEvent'")
      .all();
    history.close();
    expect(ended).toEqual([
      { user_name: 'root', value: expect.stringContaining('is shutting down: reboot') },
    ]);
  }, 120_000);
});
