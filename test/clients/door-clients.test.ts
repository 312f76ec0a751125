import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectByTicket, connectThrough } from '../../lib/authd/index.js';
import { TREE } from '../harness/host.js';
import { type Finished, runProgram, TestHost } from '../harness/index.js';

const PASSWORD = 'users secret 1';
let host: TestHost;
let ports: Awaited<ReturnType<TestHost['status']>>['ports'];
let vmxPath: string;

beforeAll(async () => {
  host = await TestHost.up();
  ports = (await host.status()).ports;
  vmxPath = await host.addGuest('asm-idler');
  const registered = await host.ssh(`vmware-cmd -s register ${vmxPath}`);
  expect(registered.status, registered.stderr).toBe(0);
  await (await host.kernel()).call('powerOn', { vmxPath });
}, 300_000);
afterAll(() => host.stop());

/** Debian's hydra with a list of passwords, against authd. */
function hydra(passwords: readonly string[]): Promise<Finished> {
  writeFileSync(join(host.root, 'passwords'), `${passwords.join('\n')}\n`);
  const argv = ['-I', '-t', '1', '-l', 'root', '-P', 'passwords', '-s', String(ports.authd)];
  return runProgram('hydra', [...argv, '127.0.0.1', 'vmauthd'], { cwd: host.root, timeoutMs: 30_000 });
}

function nmap(port: number, ...flags: string[]): Promise<Finished> {
  return runProgram('nmap', ['-Pn', '-p', String(port), ...flags, '127.0.0.1'], { timeoutMs: 30_000 });
}

const asUser = (user: string, service: 'mks' | 'vmctl'): Promise<TLSSocket> =>
  connectThrough({ host: '127.0.0.1', port: ports.authd, user, password: PASSWORD, vmxPath, service });
const first = async (stream: TLSSocket): Promise<Buffer> => (await once(stream, 'data'))[0] as Buffer;

describe('authd', () => {
  it('shows hydra which password is right, and none where none is', async () => {
    const found = await hydra(['wrong', host.password]);
    expect(found.stdout.toString()).toContain(`login: root   password: ${host.password}`);
    expect((await hydra(['wrong', 'worse'])).stdout.toString()).toContain('0 valid password found');
  }, 60_000);

  it("answers nmap's vmauthd-brute", async () => {
    for (const [file, text] of [
      ['users', 'root'],
      ['passwords', `wrong\n${host.password}`],
    ] as const)
      writeFileSync(join(host.root, file), `${text}\n`);
    const lists = `userdb=${join(host.root, 'users')},passdb=${join(host.root, 'passwords')}`;
    const tried = await nmap(ports.authd, '-sV', '--script', 'vmauthd-brute', '--script-args', lists);
    expect(tried.stdout.toString()).toContain(`root:${host.password} - Valid credentials`);
  }, 60_000);

  it('opens a VM to users by name as far as hostd lets them', async () => {
    const port = ['--port', String(ports.https), '--password-file', join(host.root, 'password')];
    const script = join(TREE, 'test/clients/pyvmomi/tickets.py');
    const args = [script, ...port, '--user-password', PASSWORD, '--vm', 'asm-idler'];
    const { status, stdout, stderr } = await runProgram('/usr/bin/python3', args);
    expect(status, stderr).toBe(0);
    const { ticket, cfgFile, port: door, sslThumbprint: thumbprint } = JSON.parse(stdout.toString());
    expect(door).toBe(ports.vmkauthd);
    // pyVmomi's ticket, by version 4.1
    const where = { host: '127.0.0.1', port: door, vmxPath: cfgFile, thumbprint };
    const screen = await connectByTicket({ ...where, ticket, service: 'mks' });
    expect((await first(screen)).subarray(24).toString()).toContain('asm-idler');
    screen.destroy();
    for (const service of ['mks', 'vmctl'] as const) {
      const opened = await asUser('looker', service);
      expect((await first(opened)).toString('latin1')).toContain('asm-idler');
      opened.destroy();
      await expect(asUser('blind', service)).rejects.toMatchObject({ code: 'ConnectRefused' });
    }
    const lines = await asUser('looker', 'vmctl');
    await first(lines);
    lines.write('poweroff\r\n');
    expect(String(await first(lines))).toMatch(/^403 NoPermission /);
    lines.destroy();
  }, 60_000);

  it('takes eight management connections of a user to a VM, not one more', async () => {
    const open: TLSSocket[] = [];
    const asRoot = (): Promise<TLSSocket> =>
      connectThrough({
        ...{ host: '127.0.0.1', port: ports.authd, user: 'root' },
        ...{ password: host.password, vmxPath, service: 'vmctl' },
      });
    for (let i = 0; i < 8; i++) open.push(await asRoot());
    await expect(asRoot()).rejects.toThrow('8 management connections are open already');
    for (const stream of open) stream.destroy();
  }, 60_000);

  it('and the VMkernel are closed to sockets of console users who are not root', async () => {
    const paths = '("control", "vmkauthd")';
    const connected = `socket.socket(socket.AF_UNIX).connect_ex("/var/run/vmware/%s.sock" % path) for path in ${paths}`;
    writeFileSync(join(host.root, 'console/tmp/connect.py'), `import socket\nprint([${connected}])\n`);
    const tried = await host.ssh(
      'python3 /tmp/connect.py; su nobody -s /bin/sh -c "python3 /tmp/connect.py"',
    );
    expect(tried.stdout.toString()).toBe(`[0, 0]\n[${constants.errno.EACCES}, ${constants.errno.EACCES}]\n`);
  }, 60_000);
});

it("hostd tells nmap's vmware-version what it is", async () => {
  const asked = (await nmap(ports.https, '--script', '+vmware-version')).stdout.toString();
  expect(asked).toContain('Server version: VMware ESX Server 3.5.0');
  expect(asked).toContain('OS type: vmnix-x86');
}, 60_000);
