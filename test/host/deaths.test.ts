import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VmkernelClient } from '../../kernel/client/index.js';
import { isAlive, processesNaming, type SerialPort, TestHost, until } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;
let guest: SerialPort;
let vmxPid: number;

const PROMPT = /# (?:.\[6n)?$/;

/** A guest that writes to its disk, for ever. */
beforeEach(async () => {
  host = new TestHost();
  await host.up({ vm: 'linux' });
  kernel = await host.kernel();
  const vm = await host.world(kernel, 'linux');
  if (vm === undefined) throw new Error('linux does not run');
  vmxPid = vm.pid;
  guest = await host.serial(vm.worldId);
  await guest.command('true');
  guest.send(
    'n=0; while :; do n=$((n+1)); dd if=/dev/zero of=/root/w bs=64k count=16 2>/dev/null; sync; echo wrote $n; done\n',
  );
  await guest.waitFor(/^wrote 2/m);
}, 600_000);
afterEach(() => host.stop());

async function expectNothingRuns(): Promise<void> {
  await until('every process of the host to end', () => processesNaming(host.root).length === 0).catch(() =>
    expect(processesNaming(host.root)).toEqual([]),
  );
}

async function linuxBootsAgain(): Promise<void> {
  await host.up({ vm: 'linux' });
  const again = await host.kernel();
  const vm = await host.world(again, 'linux');
  if (vm === undefined) throw new Error('linux does not run');
  const port = await host.serial(vm.worldId);
  await port.waitFor(PROMPT);
  expect(await port.command('ls /root/w && echo whole')).toContain('whole');
}

describe('kill -9 while a guest runs and writes', () => {
  it.each(['hostd', 'sshd'])('of %s: no VM notices, and it comes back', async name => {
    const pid = await host.pid(name);
    process.kill(pid, 'SIGKILL');
    await until('a new process', async () => {
      const found = (await host.status()).daemons.find(d => d.name === name);
      return found?.state === 'running' && found.pid !== pid;
    });
    await guest.waitFor(/^wrote \d+/m);
    await guest.waitFor(/^wrote \d+/m);
    expect(isAlive(vmxPid)).toBe(true);
    expect((await host.ssh('vim-cmd vmsvc/power.getstate 16')).stdout.toString()).toContain('Powered on');
  });

  it('of a vmx: it takes its own VM and nothing else', async () => {
    const before = await host.status();
    const changes: string[] = [];
    await kernel.watch(change => changes.push(`${change.topic} ${change.event}`));
    process.kill(vmxPid, 'SIGKILL');
    await until('the VM to be off', async () => (await host.vm('linux')).state === 'poweredOff');
    const after = await host.status();
    expect(after.daemons).toEqual(before.daemons);
    expect(changes.length).toBeGreaterThan(0);
    expect(readdirSync(join(host.root, 'run/vmx'))).toEqual([]);
    const on = await host.ssh('vim-cmd vmsvc/power.on 16');
    expect(on.status).toBe(0);
    expect((await host.vm('linux')).state).toBe('poweredOn');
  });

  it('of the VMkernel: the host goes down, cleanly, and the next up starts it again', async () => {
    const { bootId } = await host.status();
    process.kill(await host.pid('vmkernel'), 'SIGKILL');
    await expectNothingRuns();
    expect(existsSync(`/dev/shm/esx-${bootId}`)).toBe(false);
    expect((await host.status()).bootId).toBeNull();
    await linuxBootsAgain();
  });

  it('of init: what it started ends, and the next up clears and starts again', async () => {
    const { bootId } = await host.status();
    process.kill(await host.pid('init'), 'SIGKILL');
    await linuxBootsAgain();
    expect(existsSync(`/dev/shm/esx-${bootId}`)).toBe(false);
  });
});
