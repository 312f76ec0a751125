import { describe, expect, it } from 'vitest';
import { answerName, bundleName, isVmFile, worldLines } from './contents.js';
import { parseFlags } from './flags.js';

describe('vm-support', () => {
  it('names the bundle by day, time and process', () => {
    expect(bundleName(Date.UTC(2008, 11, 3, 10, 15, 59), 3204)).toBe('esx-2008-12-03--10.15.3204.tgz');
  });

  it('puts the bundle into the folder that -w names, else here', () => {
    const bundle = { kind: 'bundle', performance: null, rest: true };
    expect(parseFlags(['-n', '-w', '/vmfs/volumes/a'], '/root')).toEqual({
      ...bundle,
      folder: '/vmfs/volumes/a',
    });
    expect(parseFlags([], '/root')).toEqual({ ...bundle, folder: '/root' });
    for (const args of [['-w'], ['-w', ''], ['-q'], ['file']])
      expect(parseFlags(args, '/root')).toHaveProperty('text');
  });

  it('takes performance snapshots beside the rest or alone', () => {
    expect(parseFlags(['-s', '-d', '60', '-i', '5'], '/root')).toEqual({
      kind: 'bundle',
      folder: '/root',
      performance: { durationSeconds: 60, intervalSeconds: 5 },
      rest: true,
    });
    expect(parseFlags(['-S'], '/root')).toMatchObject({
      performance: { durationSeconds: 300, intervalSeconds: 10 },
      rest: false,
    });
    for (const args of [
      ['-s', '-d'],
      ['-s', '-i', '1'],
      ['-S', '-d', '1e3'],
      ['-S', '-d', '3', '-i', '4'],
    ])
      expect(parseFlags(args, '/root')).toHaveProperty('text');
  });

  it('takes a machine’s description and logs, and neither disks nor memory', () => {
    for (const name of ['a.vmx', 'a.vmsd', 'vmware.log', 'vmware-3.log', 'a.vmdk', 'a-000001.vmdk'])
      expect(isVmFile(name)).toBe(true);
    for (const name of ['a-flat.vmdk', 'a-delta.vmdk', 'a-s001.vmdk', 'a.vswp', 'a.vmss', 'a.nvram', 'x.iso'])
      expect(isVmFile(name)).toBe(false);
  });

  it('lists worlds on lines of their own', () => {
    expect(worldLines([{ worldId: 1076, name: 'a\nvmid=1 b' }])).toBe(
      'Available worlds to debug:\n\nvmid=1076\ta?vmid=1 b\n',
    );
  });

  it('names answers by their commands, without slashes', () => {
    expect(answerName(['cat', '/proc/mounts'])).toBe('cat._proc_mounts.txt');
  });
});
