import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../lib/tls/make-certificate.js';
import { VimClient, VimClientError, VimClientFault } from '../../lib/vim-client/index.js';
import { TREE } from '../harness/host.js';
import { isAlive, runProgram, TestHost, until } from '../harness/index.js';

let host: TestHost;
let port: number;
const vmxPath = '[storage1] linux/linux.vmx';

beforeAll(async () => {
  host = await TestHost.up();
  await host.addGuest('linux');
  port = (await host.status()).ports.https;
}, 300_000);
afterAll(() => host.stop());

/** Debian's interpreter, which has Debian's python3-pyvmomi. */
async function pyvmomi(...args: string[]): Promise<string> {
  const script = join(TREE, 'test/clients/pyvmomi/drive_host.py');
  const where = ['--port', String(port), '--password-file', join(host.root, 'password')];
  const { status, stdout, stderr } = await runProgram('/usr/bin/python3', [script, ...where, ...args]);
  expect(status, `${stdout.toString()}${stderr}`).toBe(0);
  return stdout.toString();
}

async function client(): Promise<VimClient> {
  // The host's own certificate is the one it shows.
  const certificate = readFileSync(join(host.root, 'console/etc/vmware/ssl/rui.crt'), 'utf8');
  const opened = await VimClient.open({ host: '127.0.0.1', port, certificate });
  await opened.login('root', host.password);
  return opened;
}

/** Until another one answers. */
async function killHostd(): Promise<void> {
  const hostd = await host.pid('hostd');
  process.kill(hostd, 'SIGKILL');
  await until('another hostd', async () =>
    (await host.settled()).daemons.some(d => d.name === 'hostd' && d.pid !== hostd),
  );
  (await until('hostd to answer', () => client().catch(() => undefined))).close();
}

async function linux(vim: VimClient) {
  const [found] = await vim.find('VirtualMachine', ['name', 'runtime.powerState']);
  if (found === undefined) throw new Error('no virtual machine is registered');
  return found;
}

describe('unmodified pyVmomi', () => {
  it('logs in, walks the inventory, registers a machine and drives its power', async () => {
    const said = await pyvmomi('--register', vmxPath);
    expect(said).toContain('ok   PowerOnVM_Task succeeds');
    expect(said).not.toContain('FAIL');
  }, 120_000);

  it('reads and follows the history of tasks and events, and finds it whole after hostd was killed', async () => {
    const script = join(TREE, 'test/clients/pyvmomi/read_history.py');
    const where = ['--port', String(port), '--password-file', join(host.root, 'password'), '--vm', 'linux'];
    const read = async (phase: 'before' | 'after', input = '') => {
      const done = await runProgram('/usr/bin/python3', [script, ...where, '--phase', phase], { input });
      expect(done.status, `${done.stdout.toString()}${done.stderr}`).toBe(0);
      return done.stdout.toString();
    };
    const before = await read('before');
    await killHostd();
    expect(await read('after', before.trim().split('\n').at(-1))).toContain('ok   new keys are higher');
  }, 120_000);

  it('finds the machine again after hostd was killed, and the machine did not notice', async () => {
    const before = await client();
    const { object } = await linux(before);
    await before.waitForTask(await before.call(object, 'PowerOnVM_Task', {}));
    before.close();
    const { pid } = await host.vm('linux');
    await killHostd();
    const after = await client();
    expect((await linux(after)).properties.get('runtime.powerState')).toBe('poweredOn');
    expect((await host.vm('linux')).pid).toBe(pid);
    expect(await pyvmomi('--read-only')).toContain('ok   the host is connected');
    after.close();
  }, 120_000);

  it('sees a machine off once its vmware-vmx was killed, and PowerOff ends only when the process is gone', async () => {
    const vim = await client();
    const { object } = await linux(vim);
    const killed = (await host.vm('linux')).pid ?? 0;
    process.kill(killed, 'SIGKILL');
    await until('the machine to be off', async () => {
      return (await linux(vim)).properties.get('runtime.powerState') === 'poweredOff';
    });
    await vim.waitForTask(await vim.call(object, 'PowerOnVM_Task', {}));
    const pid = (await host.vm('linux')).pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    await vim.waitForTask(await vim.call(object, 'PowerOffVM_Task', {}));
    expect(isAlive(pid)).toBe(false);
    vim.close();
  }, 120_000);
});

describe('lib/vim-client', () => {
  it('refuses a server with another certificate, a port where nobody listens, and a wrong password', async () => {
    const { certificate: other } = await makeCertificate('esx1.local');
    const foreign = VimClient.open({ host: '127.0.0.1', port, certificate: other });
    await expect(foreign).rejects.toMatchObject({ code: 'Unreachable' });
    const closed = VimClient.open({ host: '127.0.0.1', port: 1, certificate: null });
    await expect(closed).rejects.toBeInstanceOf(VimClientError);
    const vim = await client();
    const refused = await vim.login('root', 'wrong').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(VimClientFault);
    expect((refused as VimClientFault).code).toBe('InvalidLogin');
    vim.close();
  });
});
