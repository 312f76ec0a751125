import { describe, expect, it } from 'vitest';
import {
  AbiMismatch,
  emptySchedWorldFigures,
  HostFile,
  HostFileWriter,
  SchedFile,
  SchedFileWriter,
} from './index.js';
import { layouts } from './layouts.js';
import { placeFile } from './offsets.js';

const stamped = (kind: { SIZE_BYTES: number; stamp(memory: ArrayBuffer): void }): ArrayBuffer => {
  const memory = new ArrayBuffer(kind.SIZE_BYTES);
  kind.stamp(memory);
  return memory;
};

describe('shared-memory layouts', () => {
  it('place no field over another and every figure on its natural border', () => {
    for (const file of layouts.map(placeFile))
      for (const table of file.tables) {
        let end = 0;
        for (const field of table.fields) {
          expect(field.offsetBytes, `${table.name}.${field.name}`).toBeGreaterThanOrEqual(end);
          expect(field.offsetBytes % (field.type === 'i32' ? 4 : 8)).toBe(0);
          end = field.offsetBytes + field.sizeBytes;
        }
        expect(table.rowBytes).toBeGreaterThanOrEqual(end);
        expect(table.offsetBytes + table.rows * table.rowBytes).toBeLessThanOrEqual(file.sizeBytes);
      }
  });

  it('are refused when another build made the file, and when it is another file', () => {
    const memory = stamped(HostFileWriter);
    const words = new Int32Array(memory);
    words[1] = (words[1] ?? 0) ^ 1;
    expect(() => new HostFile(memory)).toThrow(AbiMismatch);
    expect(() => new HostFile(stamped(SchedFileWriter))).toThrow(AbiMismatch);
    expect(() => new HostFile(new ArrayBuffer(HostFile.SIZE_BYTES))).toThrow(AbiMismatch);
  });

  it('keep rows and fields apart', () => {
    const memory = stamped(HostFileWriter);
    const writer = new HostFileWriter(memory).world;
    for (let row = 0; row < 50; row++) {
      writer.setWorldId(row, 1000 + row);
      writer.setPid(row, row);
      writer.setName(row, `vmm0:guest-${row}-äöü`);
    }
    const reader = new HostFile(memory).world;
    for (let row = 0; row < 50; row++)
      expect([reader.worldId(row), reader.pid(row), reader.name(row)]).toEqual([
        1000 + row,
        row,
        `vmm0:guest-${row}-äöü`,
      ]);
  });

  it('cut text to its field', () => {
    const file = new HostFileWriter(stamped(HostFileWriter));
    file.world.setName(0, 'x'.repeat(500));
    expect(file.world.name(0)).toBe('x'.repeat(47));
    expect(file.world.worldId(1)).toBe(0);
  });

  it('tell a reader that a row is being written', () => {
    const memory = stamped(SchedFileWriter);
    const writer = new SchedFileWriter(memory).schedWorld;
    const reader = new SchedFile(memory).schedWorld;
    const out = emptySchedWorldFigures();
    writer.beginWrite(3);
    writer.setRunUs(3, 42);
    expect(reader.read(3, out)).toBe(false);
    writer.endWrite(3);
    expect([reader.read(3, out), out.runUs]).toEqual([true, 42]);
  });
});
