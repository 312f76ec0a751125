import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VmkernelClient } from '../../kernel/client/index.js';
import { TestHost, TREE, until } from '../harness/index.js';

const MACHINE_MB = 1024;
const VM_MB = 400;
const BOOT_ID = `nomem${process.pid}`;

let host: TestHost;
let vmkernel: ChildProcess;
let kernel: VmkernelClient;

/** A VMkernel by itself that plays a machine of 1024 MB. */
beforeAll(async () => {
  host = new TestHost();
  await host.up();
  await host.esx(['down']);
  const main = join(TREE, 'dist/kernel/boot/main.js');
  vmkernel = spawn(
    process.execPath,
    [main, '--root', host.root, '--boot-id', BOOT_ID, '--memory-mb', String(MACHINE_MB)],
    { stdio: 'ignore' },
  );
  const socket = join(host.root, 'run/vmkernel/control.sock');
  kernel = await until('the VMkernel to answer', () => VmkernelClient.connect(socket).catch(() => undefined));
}, 300_000);

afterAll(async () => {
  kernel.close();
  const ended = new Promise(resolve => vmkernel.once('exit', resolve));
  vmkernel.kill('SIGTERM');
  await ended;
  expect(existsSync(`/dev/shm/esx-${BOOT_ID}`)).toBe(false);
  await host.stop();
});

const sized = (vmx: string) => vmx.replace(/^memsize = .*$/m, `memsize = "${VM_MB}"`);

describe('a machine without memory left', () => {
  it('refuses the next power-on by name and figures, and the VM that runs goes on', async () => {
    const first = await host.addGuest('asm-counter', 'first', sized);
    const second = await host.addGuest('asm-counter', 'second', sized);
    const { serial } = await host.powerOn(kernel, first);
    await serial.waitFor(/count \d+/);
    const error = await kernel.call('powerOn', { vmxPath: second }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'InsufficientMemory',
      details: { neededKb: expect.any(Number), availableKb: expect.any(Number) },
    });
    await serial.waitFor(/count \d+/);
    await kernel.call('powerOff', { vmxPath: first });
    const { vm } = await host.powerOn(kernel, second);
    expect(vm.state).toBe('poweredOn');
    await kernel.call('powerOff', { vmxPath: second });
  });
});
