import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TREE } from '../harness/host.js';
import { isAlive, runProgram, TestHost } from '../harness/index.js';

let host: TestHost;

beforeAll(async () => {
  host = await TestHost.up();
  await host.addGuest('asm-idler');
  const registered = await host.ssh('vim-cmd solo/registervm /vmfs/volumes/storage1/asm-idler/asm-idler.vmx');
  expect(registered.status, registered.stderr).toBe(0);
}, 300_000);
afterAll(() => host.stop());

/** The program in the page, as it stands there. */
function program(): string {
  const page = readFileSync(join(TREE, 'docs/soap-client.md'), 'utf8');
  return /^```js\n(.*?)^```/ms.exec(page)?.[1] ?? '';
}

describe('npm soap, which knows only the WSDL', () => {
  it('logs in, lists machines, powers one on and waits for it, as docs/soap-client.md says', async () => {
    const { https } = (await host.status()).ports;
    const args = [`127.0.0.1:${https}`, 'root', host.password, 'asm-idler'];
    const { status, stdout, stderr } = await runProgram(
      process.execPath,
      ['--input-type=module', '-', ...args],
      { input: program(), cwd: TREE, timeoutMs: 60_000 },
    );
    expect(status, `${stdout.toString()}${stderr}`).toBe(0);
    const said = stdout.toString().split('\n');
    expect(said[0]).toBe('VMware ESX Server 3.5.0 build-153875');
    expect(said[1]).toMatch(/^\d+\tasm-idler\tpoweredOff$/);
    expect(said[2]).toBe('power on: success');
    const running = await host.world(await host.kernel(), 'asm-idler');
    expect(isAlive(running?.pid ?? 0)).toBe(true);
  }, 120_000);
});
