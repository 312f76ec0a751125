import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findHierarchy } from './cgroup-places.js';
import { ConsoleCgroups, planGroups } from './console-cgroups.js';

const V1 = ['pids', 'memory']
  .map(name => `cgroup /sys/fs/cgroup/${name} cgroup rw,relatime,${name} 0 0\n`)
  .join('');
const V2 = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n';

describe('the place of the console’s cgroup', () => {
  it('is below this process’s group in a hierarchy of version 1, or at its top', () => {
    const own = '9:name=systemd:/docker/abc\n8:cpu,pids:/docker/abc\n7:memory:/docker/abc\n0::/\n';
    expect(findHierarchy('pids', `proc /proc proc rw 0 0\n${V1}${V2}`, own)).toEqual({
      version: 1,
      parents: ['/sys/fs/cgroup/pids/docker/abc', '/sys/fs/cgroup/pids'],
    });
  });

  it('is for memory below this process’s group alone: what limits this process limits the console too', () => {
    const own = '9:name=systemd:/docker/abc\n8:cpu,pids:/docker/abc\n7:memory:/docker/abc\n';
    expect(findHierarchy('memory', V1, own)).toEqual({
      version: 1,
      parents: ['/sys/fs/cgroup/memory/docker/abc'],
    });
  });

  it('is none for memory in a group that somebody made for memory alone', () => {
    const own = '9:name=systemd:/\n8:pids:/\n4:memory:/supervisor/1\n';
    expect(findHierarchy('memory', V1, own)).toBe('in other hands');
  });

  it('is below or beside this process’s group in version 2', () => {
    expect(findHierarchy('pids', V2, '0::/user.slice/user-0.slice/session-1.scope\n')).toEqual({
      version: 2,
      parents: [
        '/sys/fs/cgroup/user.slice/user-0.slice/session-1.scope',
        '/sys/fs/cgroup/user.slice/user-0.slice',
      ],
    });
    expect(findHierarchy('memory', V2, '0::/\n')).toEqual({ version: 2, parents: ['/sys/fs/cgroup'] });
  });

  it('is the top of what a container sees when its own group lies outside', () => {
    expect(findHierarchy('pids', V2, '0::/../../other\n')).toMatchObject({ parents: ['/sys/fs/cgroup'] });
  });

  it('is none without the controller', () => {
    expect(findHierarchy('pids', 'cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n', '')).toBe('no controller');
  });
});

describe('the limits of the console', () => {
  let folder: string;
  const logger = pino({ level: 'silent' });
  const place = (name: string, file: string, text: string): string => {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, file), text);
    return join(folder, name);
  };
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cgroups-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('stand in one group of each hierarchy of version 1', () => {
    const parents = { pids: place('pids', 'cgroup.procs', ''), memory: place('memory', 'cgroup.procs', '') };
    const groups = planGroups('esx-a1', name => ({ version: 1, parents: [parents[name]] }));
    groups.create(300, logger);
    expect(read('pids/esx-a1/pids.max')).toBe('1024');
    expect(read('memory/esx-a1/memory.limit_in_bytes')).toBe(String(300 * 1024 * 1024));
    expect(groups.limits.memory).toBe('kept');
    expect(groups.made).toEqual([join(folder, 'pids/esx-a1'), join(folder, 'memory/esx-a1')]);
  });

  it('stand in one group of version 2, where most of the controllers are handed on', () => {
    const below = place('top/own', 'cgroup.subtree_control', 'pids\n');
    const beside = place('top', 'cgroup.subtree_control', 'cpu memory pids\n');
    const groups = planGroups('esx-a1', () => ({ version: 2, parents: [below, beside] }));
    groups.create(272, logger);
    expect(groups.made).toEqual([join(folder, 'top/esx-a1')]);
    expect(read('top/esx-a1/memory.max')).toBe('285212672');
    expect(read('top/esx-a1/pids.max')).toBe('1024');
  });

  it('are told as not kept where Linux refuses the group or has no controller', () => {
    const pids = place('own', 'cgroup.subtree_control', 'pids\n');
    const without = planGroups('esx-a1', () => ({ version: 2, parents: [pids] }));
    without.create(272, logger);
    expect(without.limits.memory).toBe('no controller');
    const taken = place('taken', 'cgroup.subtree_control', 'memory\n');
    mkdirSync(join(taken, 'esx-a1'));
    const refused = planGroups('esx-a1', () => ({ version: 2, parents: [taken] }));
    refused.create(272, logger);
    expect(refused.limits.memory).toBe('refused');
  });
});

describe('cgroups that an earlier boot wrote down', () => {
  it('are taken for such only under the name of that boot', () => {
    const ours = '/sys/fs/cgroup/pids/esx-a1';
    const others = ['/home', 'esx-a1', '/sys/fs/cgroup/pids/esx-b2', ''];
    expect(ConsoleCgroups.found([...others, ours], 'a1').folders).toEqual([ours]);
  });

  it('may be gone already', async () => {
    await expect(
      ConsoleCgroups.found([`/nowhere/${process.pid}/esx-a1`], 'a1').remove(),
    ).resolves.toBeUndefined();
  });
});
