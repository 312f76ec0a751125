import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newFlatDescriptor, parseDescriptor } from './index.js';

const available = spawnSync('qemu-img', ['--version']).status === 0;
const SECTORS = 20480;

/** qemu-img (Debian's qemu-utils) as the independent reader and writer. */
describe.skipIf(!available)('with qemu-img', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vmdk-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const qemu = (...args: string[]): string =>
    execFileSync('qemu-img', args, { cwd: folder, encoding: 'utf8' });
  const content = Buffer.alloc(SECTORS * 512, 'openesx');

  it('has a disk of ours opened with its size and content', () => {
    const uuid = new Uint8Array(16).fill(7);
    const options = {
      capacitySectors: SECTORS,
      flatFileName: 'd-flat.vmdk',
      uuid,
      cid: 42,
      thin: false,
    } as const;
    writeFileSync(
      join(folder, 'd.vmdk'),
      newFlatDescriptor({ ...options, adapterType: 'lsilogic' }).toBytes(),
    );
    writeFileSync(join(folder, 'd-flat.vmdk'), content);
    const info = JSON.parse(qemu('info', '--output=json', 'd.vmdk'));
    expect(info.format).toBe('vmdk');
    expect(info['virtual-size']).toBe(SECTORS * 512);
    expect(info['format-specific'].data['create-type']).toBe('vmfs');
    qemu('convert', '-O', 'raw', 'd.vmdk', 'out.raw');
    expect(readFileSync(join(folder, 'out.raw')).equals(content)).toBe(true);
  });

  it('has its flat disks read, with their extents', () => {
    writeFileSync(join(folder, 'in.raw'), content);
    for (const subformat of ['monolithicFlat', 'twoGbMaxExtentFlat']) {
      qemu('convert', '-f', 'raw', '-O', 'vmdk', '-o', `subformat=${subformat}`, 'in.raw', 'd.vmdk');
      const bytes = readFileSync(join(folder, 'd.vmdk'));
      const disk = parseDescriptor(bytes);
      expect(bytes.equals(disk.toBytes())).toBe(true);
      expect(disk.createType).toBe(subformat);
      expect(disk.capacitySectors).toBe(SECTORS);
      const [extent] = disk.extents;
      expect(extent?.type).toBe('FLAT');
      expect(readFileSync(join(folder, extent?.fileName ?? '')).equals(content)).toBe(true);
    }
  });
});
