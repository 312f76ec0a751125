import { describe, expect, it } from 'vitest';
import { ConsoleCgroup, findPidsHierarchy } from './console-cgroup.js';

const V1 = 'cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0\n';
const V2 = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n';

describe('the place of the console’s cgroup', () => {
  it('is below this process’s group in a hierarchy of version 1, or at its top', () => {
    const own = '9:name=systemd:/x\n8:cpu,pids:/docker/abc\n0::/\n';
    expect(findPidsHierarchy(`proc /proc proc rw 0 0\n${V1}${V2}`, own)).toEqual({
      version: 1,
      parents: ['/sys/fs/cgroup/pids/docker/abc', '/sys/fs/cgroup/pids'],
    });
  });

  it('is below or beside this process’s group in version 2', () => {
    expect(findPidsHierarchy(V2, '0::/user.slice/user-0.slice/session-1.scope\n')?.parents).toEqual([
      '/sys/fs/cgroup/user.slice/user-0.slice/session-1.scope',
      '/sys/fs/cgroup/user.slice/user-0.slice',
    ]);
    expect(findPidsHierarchy(V2, '0::/\n')).toEqual({ version: 2, parents: ['/sys/fs/cgroup'] });
  });

  it('is the top of what a container sees when its own group lies outside', () => {
    expect(findPidsHierarchy(V2, '0::/../../other\n')?.parents).toEqual(['/sys/fs/cgroup']);
  });

  it('is none without the controller', () => {
    expect(findPidsHierarchy('cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n', '')).toBeUndefined();
  });
});

describe('a cgroup that an earlier boot wrote down', () => {
  it('is taken for one only under the name of that boot', () => {
    expect(ConsoleCgroup.found('/sys/fs/cgroup/pids/esx-a1', 'a1')?.folder).toBe(
      '/sys/fs/cgroup/pids/esx-a1',
    );
    for (const folder of ['/home', 'esx-a1', '/sys/fs/cgroup/pids/esx-b2', ''])
      expect(ConsoleCgroup.found(folder, 'a1')).toBeUndefined();
  });

  it('may be gone already', async () => {
    await expect(
      ConsoleCgroup.found(`/nowhere/${process.pid}/esx-a1`, 'a1')?.remove(),
    ).resolves.toBeUndefined();
  });
});
