import { describe, expect, it } from 'vitest';
import { cpioArchive } from './cpio.js';

/** A reader written from the format's description (cpio(5), "New ASCII Format"). */
const read = (archive: Buffer): { name: string; mode: number; data: string; rdev: [number, number] }[] => {
  const found = [];
  for (let at = 0; ; ) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const nameBytes = field(11);
    const name = archive.toString('latin1', at + 110, at + 110 + nameBytes - 1);
    const dataAt = (at + 110 + nameBytes + 3) & ~3;
    const data = archive.toString('latin1', dataAt, dataAt + field(6));
    if (name === 'TRAILER!!!') return found;
    found.push({ name, mode: field(1), data, rdev: [field(9), field(10)] as [number, number] });
    at = (dataAt + field(6) + 3) & ~3;
  }
};

describe('cpioArchive', () => {
  const archive = cpioArchive([
    { kind: 'folder', path: 'bin' },
    { kind: 'file', path: 'bin/tool', data: Buffer.from('odd length!'), executable: true },
    { kind: 'symlink', path: 'bin/sh', target: 'tool' },
    { kind: 'char', path: 'console', major: 5, minor: 1 },
  ]);

  it('writes every kind of entry with its mode, content and device numbers', () => {
    expect(read(archive)).toEqual([
      { name: 'bin', mode: 0o40755, data: '', rdev: [0, 0] },
      { name: 'bin/tool', mode: 0o100755, data: 'odd length!', rdev: [0, 0] },
      { name: 'bin/sh', mode: 0o120777, data: 'tool', rdev: [0, 0] },
      { name: 'console', mode: 0o20600, data: '', rdev: [5, 1] },
    ]);
  });
});
