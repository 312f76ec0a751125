import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatastoreTree } from '../files/tree.js';
import {
  copyDisk,
  createDisk,
  deleteDisk,
  extendDisk,
  type JobParts,
  moveDisk,
  zeroDisk,
} from './disk-jobs.js';
import { copyFile, moveFile } from './file-jobs.js';
import type { Steps } from './fill.js';
import { Journal } from './journal.js';

const MIB = 1 << 20;
const at = (path: string) => ({ volume: 'v', path });

/** A tree that does so many calls and then no more, as that of a process that is killed. */
function dying(folder: string, calls: number): { tree: DatastoreTree; isDead: () => boolean } {
  let left = calls;
  const real = new DatastoreTree(folder);
  const tree = new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (left <= 0) throw new Error('killed');
        left--;
        return value.apply(target, args);
      };
    },
  });
  return { tree, isDead: () => left <= 0 };
}

describe('a host killed in the middle of a job', { timeout: 60_000 }, () => {
  let root = '';
  let folder = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'journal-'));
    folder = join(root, 'ds');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function parts(tree: DatastoreTree): JobParts {
    const trees = () => tree;
    return { trees, journal: new Journal(join(root, '.jobs'), 'v', trees), shown: () => '/vmfs/volumes/v' };
  }

  function run(steps: Steps): void {
    for (const _ of steps);
  }

  /** The datastore with one disk and one folder. */
  function prepare(): void {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, 'tree', 'deep'), { recursive: true });
    writeFileSync(join(folder, 'tree', 'a'), 'content of a');
    writeFileSync(join(folder, 'tree', 'deep', 'b'), Buffer.alloc(MIB, 'b'));
    const disk = { at: at('old.vmdk'), sizeBytes: MIB, format: 'thin', adapterType: 'ide' } as const;
    run(createDisk(parts(new DatastoreTree(folder)), disk));
    writeFileSync(join(folder, 'old-flat.vmdk'), Buffer.alloc(MIB, 'data'));
  }

  const names = (): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const before = ['old-flat.vmdk', 'old.vmdk', 'tree', 'tree/a', 'tree/deep', 'tree/deep/b'];
  const without = (...gone: string[]): string[] => before.filter(name => !gone.includes(name));
  const disk = (name: string): string[] => [`${name}-flat.vmdk`, `${name}.vmdk`];

  const jobs: readonly (readonly [string, (all: JobParts) => Steps, readonly string[]])[] = [
    [
      'createDisk',
      all =>
        createDisk(all, { at: at('new.vmdk'), sizeBytes: MIB, format: 'zeroedthick', adapterType: 'ide' }),
      [...disk('new'), ...before],
    ],
    [
      'copyDisk',
      all => copyDisk(all, { from: at('old.vmdk'), to: at('new.vmdk'), overwrite: false }),
      [...disk('new'), ...before],
    ],
    [
      'moveDisk',
      all => moveDisk(all, { from: at('old.vmdk'), to: at('new.vmdk'), overwrite: false }),
      [...disk('new'), ...without(...disk('old'))],
    ],
    ['deleteDisk', all => deleteDisk(all, { at: at('old.vmdk') }), without(...disk('old'))],
    ['extendDisk', all => extendDisk(all, { at: at('old.vmdk'), sizeBytes: 2 * MIB }), before],
    ['zeroDisk', all => zeroDisk(all, { at: at('old.vmdk'), mode: 'inflate' }), before],
    [
      'copyFile',
      all => copyFile(all, { from: at('tree'), to: at('tree2'), overwrite: false }),
      [...before, 'tree2', 'tree2/a', 'tree2/deep', 'tree2/deep/b'],
    ],
    [
      'moveFile',
      all => moveFile(all, { from: at('tree/a'), to: at('a'), overwrite: false }),
      ['a', ...without('tree/a')],
    ],
  ];

  it.each(jobs)('finds %s done or undone at each of its steps', (_, job, after) => {
    const ends = new Set<string>();
    for (let calls = 0; ; calls++) {
      prepare();
      const { tree, isDead } = dying(folder, calls);
      let killed = false;
      try {
        run(job(parts(tree)));
      } catch (error) {
        killed = error instanceof Error && error.message.includes('killed');
        if (!killed) throw error;
      }
      expect(parts(new DatastoreTree(folder)).journal.recover()).toEqual([]);
      expect(readdirSync(join(root, '.jobs'))).toEqual([]);
      const found = names().join(' ');
      expect([before.join(' '), [...after].sort().join(' ')]).toContain(found);
      ends.add(found);
      for (const name of names().filter(one => /^(old|new)\.vmdk$/.test(one))) checkDisk(name);
      if (!killed && !isDead()) break;
    }
    expect(ends).toContain([...after].sort().join(' '));
    expect(ends).toContain(before.join(' '));
  });

  function checkDisk(name: string): void {
    const text = readFileSync(join(folder, name), 'utf8');
    const sectors = Number(/^RW (\d+) VMFS/m.exec(text)?.[1]);
    const flat = join(folder, name.replace('.vmdk', '-flat.vmdk'));
    expect(statSync(flat).size).toBe(sectors * 512);
    const isOld = name === 'old.vmdk' || statSync(flat).blocks > 0;
    if (isOld && readFileSync(flat)[0] !== 0)
      expect(readFileSync(flat, 'utf8').startsWith('data')).toBe(true);
  }

  it('keeps an entry that cannot be worked off, for the next start', () => {
    prepare();
    const { journal } = parts(new DatastoreTree(folder));
    journal.begin([{ do: 'remove', at: at('old.vmdk') }]);
    expect(parts(dying(folder, 0).tree).journal.recover()).toHaveLength(1);
    expect(readdirSync(join(root, '.jobs'))).toHaveLength(1);
    expect(parts(new DatastoreTree(folder)).journal.recover()).toEqual([]);
    expect(names()).toEqual(without('old.vmdk'));
  });

  it('does not believe an entry that names a way out', () => {
    prepare();
    writeFileSync(join(root, 'secret'), 'secret');
    const { journal } = parts(new DatastoreTree(folder));
    journal.begin([{ do: 'remove', at: at('../secret') }]);
    expect(journal.recover()).toHaveLength(1);
    expect(readFileSync(join(root, 'secret'), 'utf8')).toBe('secret');
  });

  it('leaves disks that qemu-img finds in order', () => {
    prepare();
    run(extendDisk(parts(new DatastoreTree(folder)), { at: at('old.vmdk'), sizeBytes: 4 * MIB }));
    const info = execFileSync('qemu-img', ['info', '--output=json', join(folder, 'old.vmdk')], {
      encoding: 'utf8',
    });
    expect(JSON.parse(info)['virtual-size']).toBe(4 * MIB);
  });
});
