import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
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
});
