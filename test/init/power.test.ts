import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceAction, ServiceState } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import {
  finished,
  freeOffset,
  leftBehind,
  makeRoot,
  pidOf,
  RunningHost,
  removeRoot,
  stateOf,
  waitFor,
} from './running-host.js';

describe('the power of a host', () => {
  let root: string;
  let host: RunningHost;

  beforeAll(async () => {
    root = makeRoot();
    host = await RunningHost.up(root, ['--port-offset', String(await freeOffset())]);
    await host.until('hostd is running', status => stateOf(status, 'hostd') === 'running');
  });
  afterAll(async () => {
    if (host.process.exitCode === null) host.process.kill('SIGTERM');
    await host.exited;
    removeRoot(root);
  });

  it('refuses ordinary users', async () => {
    await host.shell('useradd -m carol && echo carol:pw-of-carol | chpasswd');
    for (const command of ['reboot', 'halt', 'poweroff', 'shutdown -h now', 'service sshd stop']) {
      const path = `PATH=/usr/sbin:/usr/bin ${command}`;
      const refused = await host.ssh([path], { user: 'carol', password: 'pw-of-carol' });
      expect({ command, status: refused.status !== 0, said: refused.stderr.trim() }).toEqual({
        command,
        status: true,
        said: expect.stringContaining('must be root'),
      });
    }
    expect((await host.status())?.state).toBe('running');
  });

  it('restarts sshd under its sessions, which stay', async () => {
    const before = await host.status();
    if (before === undefined) throw new Error('no status');
    const session = await host.sshClient(['service sshd restart; read line; echo "still $line"']);
    await host.until(
      'another sshd',
      status => stateOf(status, 'sshd') === 'running' && pidOf(status, 'sshd') !== pidOf(before, 'sshd'),
    );
    expect((await host.shell('echo new')).stdout.toString()).toBe('new\n');
    const { stdout, status } = await finished(session, 'here\n');
    expect(stdout.toString()).toContain('still here');
    expect(status).toBe(0);
  });

  it('stops hostd until it is started: its ports refuse meanwhile', async () => {
    const kernel = await VmkernelClient.connect(join(root, 'run/vmkernel/control.sock'));
    const service = (action: ServiceAction): Promise<ServiceState> =>
      kernel.call('service', { service: 'hostd', action });
    const port = (await host.status())?.ports.https ?? 0;
    expect(await service('stop')).toEqual({ state: 'stopped', pid: 0 });
    expect(await connects(port)).toBe('ECONNREFUSED');
    expect((await host.shell('service mgmt-vmware status')).stdout.toString()).toBe(
      'vmware-hostd is stopped\n',
    );
    expect((await host.status())?.daemons.find(({ name }) => name === 'hostd')).toMatchObject({
      state: 'stopped',
      pid: 0,
    });
    const { stdout, status } = await host.shell('service mgmt-vmware start');
    expect(stdout.toString()).toMatch(/VMware ESX Server Host Agent \(background\) +\[ {2}OK {2}\]/);
    expect(status).toBe(0);
    expect(await connects(port)).toBe('connected');
    const { pid } = await service('status');
    const commandLine = await host.shell(`tr '\\0' ' ' < /proc/${pid}/cmdline`);
    expect(commandLine.stdout.toString()).toContain('hostd/main.js');
    kernel.close();
  });

  it('boots again when the console’s root says reboot, as the same init on the same ports', async () => {
    const before = await host.status();
    if (before === undefined) throw new Error('no status');
    expect((await host.shell('reboot')).status).toBe(0);
    const down = await waitFor('the host goes down', async () => {
      const status = await host.status();
      return status !== undefined && status.state !== 'running' ? status : undefined;
    });
    expect(['stopping', 'starting']).toContain(down.state);
    const after = await host.until(
      'another boot',
      status => status.state === 'running' && stateOf(status, 'sshd') === 'running',
    );
    expect(after.bootId).not.toBe(before.bootId);
    expect(after.ports).toEqual(before.ports);
    expect(pidOf(after, 'init')).toBe(pidOf(before, 'init'));
    expect((await host.shell('echo in')).stdout.toString()).toBe('in\n');
    expect(readFileSync(join(root, 'var/log/init.log'), 'utf8')).toContain(
      'reboot was asked for {"by":"root"}',
    );
  });

  it('ends in order when the console’s root says shutdown, takes no second request, and leaves nothing', async () => {
    const kernel = await VmkernelClient.connect(join(root, 'run/vmkernel/control.sock'));
    expect((await host.shell('shutdown -h now')).status).toBe(0);
    await expect(kernel.call('hostPower', { action: 'reboot', by: 'two' })).rejects.toMatchObject({
      code: 'Busy',
    });
    kernel.close();
    expect((await host.exited).code).toBe(0);
    expect(leftBehind(root)).toEqual([]);
  });
});

function connects(port: number): Promise<string> {
  return new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      resolve('connected');
      socket.destroy();
    });
    socket.once('error', error => resolve('code' in error ? String(error.code) : error.message));
  });
}
