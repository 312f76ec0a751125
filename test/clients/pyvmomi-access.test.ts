import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TREE } from '../harness/host.js';
import { runProgram, TestHost } from '../harness/index.js';

let host: TestHost;
const password = 'op:er secret 1';

beforeAll(async () => {
  host = await TestHost.up();
  await host.addGuest('linux');
}, 300_000);
afterAll(() => host.stop());

async function pyvmomi(script: string, ...args: string[]): Promise<string> {
  const path = join(TREE, 'test/clients/pyvmomi', script);
  const port = String((await host.status()).ports.https);
  const where = ['--port', port, '--password-file', join(host.root, 'password')];
  const { status, stdout, stderr } = await runProgram('/usr/bin/python3', [path, ...where, ...args]);
  expect(status, `${stdout.toString()}${stderr}`).toBe(0);
  return stdout.toString();
}

/** Debian's OpenSSH as a user of the console, by password. */
async function ssh(user: string, command: string) {
  const port = String((await host.status()).ports.ssh);
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  const flags = options.flatMap(option => ['-o', option]);
  const argv = ['-p', password, 'ssh', ...flags, '-p', port, `${user}@127.0.0.1`, command];
  return runProgram('sshpass', argv);
}

const consoleFile = (path: string): string => join(host.root, 'console', path);

describe('accounts that pyVmomi makes', () => {
  it('do what their role allows and nothing else, at once', async () => {
    await pyvmomi('drive_host.py', '--register', '[storage1] linux/linux.vmx');
    const said = await pyvmomi('access.py', '--user-password', password);
    expect(said).toContain('ok   what is taken away counts at once');
  }, 180_000);

  it('are in the console as shadow-utils leave them, the password hashed', () => {
    expect(readFileSync(consoleFile('etc/passwd'), 'utf8')).toMatch(
      /^oper:x:\d+:\d+:An Operator:\/home\/oper:\/bin\/bash$/m,
    );
    expect(readFileSync(consoleFile('etc/shadow'), 'utf8')).toMatch(/^oper:\$6\$[^:]+:/m);
    expect(readFileSync(consoleFile('etc/group'), 'utf8')).toMatch(/^crew:x:\d+:oper$/m);
    expect(existsSync(consoleFile('home/oper'))).toBe(true);
  });

  it('log in by ssh, with a permission in the inventory or without', async () => {
    for (const user of ['oper', 'shellonly']) {
      const { status, stdout, stderr } = await ssh(user, 'id -un; cat /etc/shadow');
      expect(stdout.toString(), stderr).toBe(`${user}\n`);
      expect(status).not.toBe(0);
    }
  }, 60_000);

  it('cannot read what hostd keeps', async () => {
    expect(statSync(consoleFile('etc/vmware/hostd/hostd.sqlite')).mode & 0o777).toBe(0o600);
    const { stdout } = await ssh('oper', 'cat /etc/vmware/hostd/hostd.sqlite*');
    expect(stdout.length).toBe(0);
  }, 60_000);
});
