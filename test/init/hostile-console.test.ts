import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findHierarchy } from '../../daemons/init/cgroup-places.js';
import {
  freeOffset,
  leftBehind,
  makeRoot,
  pidOf,
  RunningHost,
  removeRoot,
  stateOf,
  waitFor,
} from './running-host.js';

const FOUND = findHierarchy(
  'pids',
  readFileSync('/proc/self/mounts', 'utf8'),
  readFileSync('/proc/self/cgroup', 'utf8'),
);
const MEMORY = findHierarchy(
  'memory',
  readFileSync('/proc/self/mounts', 'utf8'),
  readFileSync('/proc/self/cgroup', 'utf8'),
);
const HIERARCHY = typeof FOUND === 'string' ? undefined : FOUND;

/** Forks until Linux refuses or 1500 are there, tells how many there were, and ends them. */
const FORK_BOMB = `perl -e 'setpgrp; for (1..1500) { my $p = fork; last unless defined $p; if (!$p) { sleep 600; exit }
  push @p, $p } print scalar @p; kill 9, @p; waitpid $_, 0 for @p'`;

describe('a host whose console’s root laid traps for the next boot', () => {
  const root = makeRoot();
  const canary = join(root, 'console/canary');
  let host: RunningHost;
  let bootId: string;
  const cgroups = (id: string): string[] =>
    (HIERARCHY?.parents ?? []).map(parent => join(parent, `esx-${id}`)).filter(existsSync);
  const initLog = (): string => readFileSync(join(root, 'var/log/init.log'), 'utf8');

  beforeAll(async () => {
    for (const folder of ['var/log', 'console/etc/vmware/hostd', 'console/etc/vmware/ssl'])
      mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(canary, 'untouched');
    symlinkSync(canary, join(root, 'var/log/init.log'));
    for (const fifo of ['var/log/sshd.log', 'console/etc/vmware/hostd/vmInventory.xml', 'console/etc/motd'])
      execFileSync('mkfifo', [join(root, fifo)]);
    host = await RunningHost.up(root, ['--port-offset', String(await freeOffset())]);
    bootId = (await host.status())?.bootId ?? '';
  });
  afterAll(async () => {
    await host.down();
    removeRoot(root);
  });

  it('boots, with what lay there aside and no link followed', () => {
    expect(initLog().split('\n')[0]).toBe('no plain file: moved to init.log.aside');
    expect(readFileSync(canary, 'utf8')).toBe('untouched');
    expect(statSync(join(root, 'var/log/sshd.log.aside')).isFIFO()).toBe(true);
  });

  it('serves SOAP without the inventory that was a FIFO', async () => {
    await host.until('hostd to run', status => stateOf(status, 'hostd') === 'running');
    expect(statSync(join(root, 'console/etc/vmware/hostd/vmInventory.xml.broken')).isFIFO()).toBe(true);
  });

  it('says why hostd does not run when its key is a FIFO, and serves again when it is gone', async () => {
    await host.shell('mv /etc/vmware/ssl/rui.key /tmp/key && mkfifo /etc/vmware/ssl/rui.key');
    const status = await host.until('hostd to run', now => stateOf(now, 'hostd') === 'running');
    process.kill(pidOf(status, 'hostd'), 'SIGKILL');
    await waitFor('the cause in init.log', () =>
      initLog().includes('hostd: hostd: /etc/vmware/ssl/rui.key is no plain file: remove it'),
    );
    await host.shell('mv -f /tmp/key /etc/vmware/ssl/rui.key');
    await host.until('hostd to run again', status => stateOf(status, 'hostd') === 'running');
  });

  it('lets a login in past any number of connections that never log in', async () => {
    const port = (await host.status())?.ports.ssh ?? 0;
    const idle: Socket[] = [];
    for (let i = 0; i < 100; i++) {
      const socket = connect(port, '127.0.0.1').resume();
      socket.on('error', () => undefined);
      await new Promise(resolve => socket.once('connect', resolve));
      idle.push(socket);
    }
    expect((await host.shell('echo in')).stdout.toString()).toBe('in\n');
    for (const socket of idle) socket.destroy();
  });

  it('limits descriptors, locked memory and cores of every program', async () => {
    const { stdout } = await host.shell('ulimit -Hc; ulimit -Hn; ulimit -Hl; ulimit -Hu');
    expect(stdout.toString().trim().split('\n')).toEqual(['0', '8192', '8192', '1024']);
  });

  it.skipIf(HIERARCHY === undefined)('ends a fork bomb at the console’s own limit', async () => {
    const { stdout } = await host.shell(FORK_BOMB);
    expect(Number(stdout.toString())).toBeGreaterThan(500);
    expect(Number(stdout.toString())).toBeLessThan(1024);
    expect((await host.shell('echo alive')).stdout.toString()).toBe('alive\n');
  });

  it.skipIf(typeof MEMORY === 'string')(
    'ends a hog at the console’s memory size, and serves on',
    async () => {
      const status = await host.status();
      const hostd = pidOf(await host.until('hostd', now => stateOf(now, 'hostd') === 'running'), 'hostd');
      expect(status?.consoleMemory).toEqual({ sizeMb: 272, limit: 'kept' });
      const hog = await host.shell(`perl -e '$| = 1; for (1..600) { $m .= "x" x 1048576; print "." }'`);
      expect(hog.stdout.length).toBeGreaterThan(20);
      expect(hog.stdout.length).toBeLessThan(272);
      expect((await host.shell('echo alive')).stdout.toString()).toBe('alive\n');
      const after = await host.until('hostd', now => stateOf(now, 'hostd') === 'running');
      expect(pidOf(after, 'hostd')).toBe(hostd);
    },
  );

  it.runIf(typeof MEMORY === 'string')('says that its memory size is not kept, and why', async () => {
    expect((await host.status())?.consoleMemory).toEqual({ sizeMb: 272, limit: MEMORY });
    expect(initLog()).toContain('the console’s memory size is not kept');
  });

  it.skipIf(HIERARCHY === undefined)(
    'leaves no cgroup: not after down, and not after a kill and the next up',
    async () => {
      expect(cgroups(bootId).length).toBe(1);
      host.process.kill('SIGKILL');
      await host.exited;
      host = await RunningHost.up(root);
      expect(cgroups(bootId)).toEqual([]);
      bootId = (await host.status())?.bootId ?? '';
      expect(cgroups(bootId).length).toBe(1);
      await host.down();
      expect([...cgroups(bootId), ...leftBehind(root)]).toEqual([]);
      host = await RunningHost.up(root);
    },
  );
});
