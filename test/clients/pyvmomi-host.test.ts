import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TREE } from '../harness/host.js';
import { runProgram, TestHost, until } from '../harness/index.js';

let host: TestHost;

beforeAll(async () => {
  host = await TestHost.up();
  await host.addGuest('asm-idler');
  const registered = await host.ssh('vim-cmd solo/registervm /vmfs/volumes/storage1/asm-idler/asm-idler.vmx');
  expect(registered.status, registered.stderr).toBe(0);
}, 300_000);
afterAll(() => host.stop());

/** Debian's interpreter, which has Debian's python3-pyvmomi. */
async function pyvmomi(...args: string[]): Promise<string> {
  const script = join(TREE, 'test/clients/pyvmomi/manage_host.py');
  const { https } = (await host.status()).ports;
  const where = ['--port', String(https), '--password-file', join(host.root, 'password')];
  const { status, stdout, stderr } = await runProgram('/usr/bin/python3', [script, ...where, ...args]);
  expect(status, `${stdout.toString()}${stderr}`).toBe(0);
  return stdout.toString();
}

it('lets unmodified pyVmomi manage the host, and does itself what it was told when it goes down and up', async () => {
  expect(await pyvmomi('--manage', 'asm-idler')).toContain('ok   power-on is InvalidState');
  await host.esx(['down']);
  await host.up();
  const kernel = await host.kernel();
  await until(
    'the machine to run',
    async () => (await host.world(kernel, 'asm-idler'))?.state === 'poweredOn',
  );
  expect(await pyvmomi('--after', 'asm-idler')).toContain('ok   the host stopped and started it');
}, 240_000);
