import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VmInventoryFile } from './vm-inventory-file.js';

describe('vmInventory.xml', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'inventory-'));
    path = join(folder, 'vmInventory.xml');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('that is a FIFO is set aside, and holds neither reader nor writer', async () => {
    execFileSync('mkfifo', [path, `${path}.new`]);
    const file = new VmInventoryFile(path);
    const reasons: string[] = [];
    expect(await file.read(reason => reasons.push(reason))).toEqual([]);
    expect(reasons).toEqual([`${path} was set aside: NotAPlainFile`]);
    expect(statSync(`${path}.broken`).isFIFO()).toBe(true);
    const entries = [{ moid: '16', vmxPath: '/vmfs/volumes/storage1/linux/linux.vmx' }];
    for (const entry of entries) await file.put(entry);
    expect(await new VmInventoryFile(path).read(reason => reasons.push(reason))).toEqual(entries);
    expect(reasons.length).toBe(1);
  });

  const entry = (index: number) => ({
    moid: String(16 * index),
    vmxPath: `/vmfs/volumes/s/vm${index}/a&b.vmx`,
  });
  const onBroken = (reason: string) => {
    throw new Error(reason);
  };

  it('holds what has been put and not what has been deleted, in another process too', async () => {
    const file = new VmInventoryFile(path);
    for (const index of [1, 2, 3]) await file.put(entry(index));
    await file.delete(entry(2).moid);
    await file.put(entry(4));
    const again = new VmInventoryFile(path);
    expect(await again.read(onBroken)).toEqual([entry(1), entry(3), entry(4)]);
    await again.delete(entry(1).moid);
    expect(await new VmInventoryFile(path).read(onBroken)).toEqual([entry(3), entry(4)]);
  });

  it('writes many changes that come at once in few renames, and each is there when it is told so', async () => {
    const file = new VmInventoryFile(path);
    const inodes = new Set<number>();
    const puts = Array.from({ length: 200 }, async (_, index) => {
      await file.put(entry(index + 1));
      inodes.add(statSync(path).ino);
      expect(readFileSync(path, 'utf8')).toContain(`<objID>${16 * (index + 1)}</objID>`);
    });
    await Promise.all(puts);
    expect(inodes.size).toBeLessThan(4);
    expect(await new VmInventoryFile(path).read(onBroken)).toHaveLength(200);
  });

  it('tells a write that failed to those whose changes were in it, and the next one is without them', async () => {
    const file = new VmInventoryFile(path);
    await file.put(entry(1));
    mkdirSync(`${path}.new`);
    const failed = await Promise.allSettled([file.put(entry(2)), file.delete(entry(1).moid)]);
    expect(failed.map(one => one.status)).toEqual(['rejected', 'rejected']);
    rmSync(`${path}.new`, { recursive: true });
    await file.put(entry(3));
    expect(await new VmInventoryFile(path).read(onBroken)).toEqual([entry(1), entry(3)]);
  });
});
