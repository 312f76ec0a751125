import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { candidateOffsets } from '../../daemons/init/listeners.js';
import {
  freeOffset,
  isAlive,
  leftBehind,
  makeRoot,
  pidOf,
  processesNaming,
  RunningHost,
  removeRoot,
  stateOf,
  waitFor,
} from './running-host.js';

describe('a host of init', () => {
  let root: string;
  let offset: number;
  const hosts: RunningHost[] = [];
  const start = (flags: readonly string[] = [], mode = ''): RunningHost => {
    const host = new RunningHost(root, flags, mode);
    hosts.push(host);
    return host;
  };
  const up = async (flags: readonly string[] = [], mode = ''): Promise<RunningHost> => {
    const host = start(flags, mode);
    await host.until('sshd is running', status => stateOf(status, 'sshd') === 'running');
    return host;
  };

  beforeEach(async () => {
    root = makeRoot();
    offset = await freeOffset();
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) {
      if (host.process.exitCode === null && host.process.signalCode === null) host.process.kill('SIGTERM');
      await host.exited;
    }
    removeRoot(root);
  });

  it('tells its ports, its daemons with the machine’s pids, and where the password is', async () => {
    const host = await up(['--port-offset', String(offset)]);
    const status = await host.status();
    expect(status).toMatchObject({
      state: 'running',
      root,
      bind: '127.0.0.1',
      ports: {
        http: offset + 80,
        https: offset + 443,
        authd: offset + 902,
        vmkauthd: offset + 903,
        ssh: offset + 22,
      },
      portsMoved: false,
      pidNamespace: readlinkSync('/proc/self/ns/pid'),
      leftOut: expect.any(Array),
      user: 'root',
      passwordFile: join(root, 'password'),
    });
    expect(status?.daemons.map(({ name }) => name)).toEqual([
      'init',
      'vmkernel',
      ...(existsSync('/dev/fuse') ? ['procfs'] : []),
      'syslogd',
      'hostd',
      'authd',
      'sshd',
    ]);
    if (status === undefined) throw new Error('no status');
    expect(readFileSync(`/proc/${pidOf(status, 'sshd')}/cmdline`, 'latin1')).toContain('sshd');
    expect(pidOf(status, 'init')).toBe(host.process.pid);
    expect(host.password).toMatch(/^[A-Za-z0-9]{20}$/);
    expect(statSync(join(root, 'password')).mode & 0o777).toBe(0o600);
    expect(statSync(root).mode & 0o777).toBe(0o700);
  });

  it('leaves nothing behind after shutdown, and keeps password and ports for the next boot', async () => {
    const first = await up(['--port-offset', String(offset)]);
    const { password } = first;
    const bootId = (await first.status())?.bootId;
    await first.down();
    expect((await first.exited).code).toBe(0);
    expect(leftBehind(root)).toEqual([]);
    expect(readdirSync('/dev/shm')).not.toContain(`esx-${bootId}`);
    const second = await up();
    expect(second.password).toBe(password);
    expect((await second.status())?.portOffset).toBe(offset);
    expect((await second.shell('echo in')).stdout.toString()).toBe('in\n');
  });

  it('refuses a second init on the same folder and leaves the first alone', async () => {
    const first = await up(['--port-offset', String(offset)]);
    const second = start(['--port-offset', String(await freeOffset())]);
    expect((await second.exited).code).toBe(1);
    expect(second.stderr).toMatch(/^init: AlreadyUp: /);
    expect((await first.shell('echo in')).stdout.toString()).toBe('in\n');
  });

  it('names the port in use and what to do, when the offset was given', async () => {
    const occupant = await listen(offset + 902);
    try {
      const host = start(['--port-offset', String(offset)]);
      expect((await host.exited).code).toBe(1);
      expect(host.stderr).toContain(`init: PortInUse: port ${offset + 902} (authd) is in use at 127.0.0.1`);
      expect(host.stderr).toContain('ss -ltnp');
      expect(leftBehind(root)).toEqual([]);
    } finally {
      occupant.close();
    }
  });

  it('moves all ports by the first free offset when none was given, and says so', async () => {
    const taken = await Promise.all([0, 8000].map(offset => listen(443 + offset).catch(() => undefined)));
    try {
      const host = await up();
      const status = await host.status();
      expect(status?.portsMoved).toBe(true);
      expect(candidateOffsets(undefined).slice(2)).toContain(status?.portOffset);
    } finally {
      for (const server of taken) server?.close();
    }
  });

  it('ends, and says why, when the VMkernel does not start', async () => {
    const host = start(['--port-offset', String(offset)], 'fails');
    expect((await host.exited).code).toBe(1);
    expect(host.stderr).toMatch(/^init: VmkernelFailed: .*too small a \/dev\/shm/);
    expect(leftBehind(root)).toEqual([]);
  });

  it('goes down cleanly when the VMkernel is killed, with what outlived it, and boots again', async () => {
    const host = await up(['--port-offset', String(offset)], 'orphan');
    const status = await host.status();
    if (status === undefined) throw new Error('no status');
    process.kill(pidOf(status, 'vmkernel'), 'SIGKILL');
    expect((await host.exited).code).toBe(70);
    expect(isAlive(pidOf(status, 'sshd'))).toBe(false);
    expect(leftBehind(root)).toEqual([]);
    expect(existsSync(`/dev/shm/esx-${status.bootId}`)).toBe(false);
    expect(readFileSync(join(root, 'var/log/init.log'), 'utf8')).toContain('killed by SIGKILL');
    await up();
  });

  it('starts sshd again at once when it is killed, as another process', async () => {
    const host = await up(['--port-offset', String(offset)]);
    const before = await host.status();
    if (before === undefined) throw new Error('no status');
    process.kill(pidOf(before, 'sshd'), 'SIGKILL');
    await host.until(
      'another sshd',
      status => stateOf(status, 'sshd') === 'running' && pidOf(status, 'sshd') !== pidOf(before, 'sshd'),
    );
    expect((await host.shell('echo in')).stdout.toString()).toBe('in\n');
  });

  it('builds the console again when its pid 1 is killed', async () => {
    const host = await up(['--port-offset', String(offset)]);
    await host.shell('echo kept > /root/file');
    const before = await host.status();
    if (before === undefined) throw new Error('no status');
    process.kill(consolePid1(pidOf(before, 'sshd')), 'SIGKILL');
    await host.until(
      'another sshd',
      status => stateOf(status, 'sshd') === 'running' && pidOf(status, 'sshd') !== pidOf(before, 'sshd'),
    );
    expect((await host.shell('cat /root/file')).stdout.toString()).toBe('kept\n');
  });

  it('is killed: everything it started ends, and the next boot clears the rest', async () => {
    const host = await up(['--port-offset', String(offset)]);
    const status = await host.status();
    if (status === undefined) throw new Error('no status');
    process.kill(pidOf(status, 'init'), 'SIGKILL');
    await waitFor('all processes to end', () => processesNaming(root).length === 0 || undefined);
    await waitFor('sshd to end', () => !isAlive(pidOf(status, 'sshd')) || undefined);
    const next = await up();
    expect(existsSync(`/dev/shm/esx-${status.bootId}`)).toBe(false);
    expect((await next.shell('echo in')).stdout.toString()).toBe('in\n');
  });

  it('leaves nothing behind when it is terminated at any time of its start', async () => {
    for (const delayMs of [0, 60, 120, 200, 300, 450, 600, 800, 1100]) {
      const host = start(['--port-offset', String(offset)]);
      await new Promise(resolve => setTimeout(resolve, delayMs));
      host.process.kill('SIGTERM');
      await host.exited;
      expect({ delayMs, left: existsSync(join(root, 'run')) ? leftBehind(root) : [] }).toEqual({
        delayMs,
        left: [],
      });
    }
    await up();
  });

  it('is shut down while the VMkernel does not come up', async () => {
    const host = start(['--port-offset', String(offset)], 'silent');
    await host.until('the VMkernel starts', status => stateOf(status, 'vmkernel') === 'starting');
    await host.down();
    expect((await host.exited).code).toBe(0);
    expect(leftBehind(root)).toEqual([]);
  });
});

/** The process that is pid 1 in the pid namespace of `pid`. */
function consolePid1(pid: number): number {
  const namespace = statSync(`/proc/${pid}/ns/pid`).ino;
  const found = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .find(name => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'utf8');
        return /^NSpid:\s+\d+\s+1$/m.test(status) && statSync(`/proc/${name}/ns/pid`).ino === namespace;
      } catch {
        return false;
      }
    });
  return Number(found);
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
