import { GuestBuildError } from '../guest-build-error.js';

const ELF_MAGIC = 0x464c457f;
const HEADER_BYTES = 52;
const PT_LOAD = 1;

interface Segment {
  readonly fileOffset: number;
  readonly address: number;
  readonly fileBytes: number;
}

export interface FlatImage {
  /** Physical address of the first byte, where execution starts too. */
  readonly address: number;
  readonly bytes: Buffer;
}

const bad = (reason: string): GuestBuildError =>
  new GuestBuildError('BadKernel', `ELF file: ${reason}`, { reason });

const header = (elf: Buffer): Buffer => {
  if (elf.length < HEADER_BYTES || elf.readUInt32LE(0) !== ELF_MAGIC) throw bad('no ELF header');
  if (elf[4] !== 1 || elf[5] !== 1) throw bad('not 32-bit little endian');
  return elf;
};

/** The loaded part of a 32-bit ELF kernel as one run of bytes; .bss is left out (the kernel clears its own). */
export const flatten = (elf: Buffer): FlatImage => {
  const segments = loadedSegments(header(elf));
  const first = segments[0];
  if (first === undefined) throw bad('nothing to load');
  const end = Math.max(...segments.map(s => s.address + s.fileBytes));
  const lengthBytes = end - first.address;
  if (lengthBytes <= 0 || lengthBytes > elf.length * 2) throw bad('segments lie too far apart');
  if ((elf.readUInt32LE(24) | 0) !== (first.address | 0)) throw bad('does not start at its first byte');
  const bytes = Buffer.alloc(lengthBytes);
  for (const s of segments)
    elf.copy(bytes, s.address - first.address, s.fileOffset, s.fileOffset + s.fileBytes);
  return { address: first.address, bytes };
};

const loadedSegments = (elf: Buffer): Segment[] => {
  const table = elf.readUInt32LE(28);
  const entryBytes = elf.readUInt16LE(42);
  const count = elf.readUInt16LE(44);
  if (entryBytes < 32 || table + entryBytes * count > elf.length)
    throw bad('program headers end beyond the file');
  const segments: Segment[] = [];
  for (let at = table; at < table + entryBytes * count; at += entryBytes) {
    if (elf.readUInt32LE(at) !== PT_LOAD) continue;
    const segment = {
      fileOffset: elf.readUInt32LE(at + 4),
      address: elf.readUInt32LE(at + 12),
      fileBytes: elf.readUInt32LE(at + 16),
    };
    if (segment.fileOffset + segment.fileBytes > elf.length) throw bad('a segment ends beyond the file');
    segments.push(segment);
  }
  return segments.sort((a, b) => a.address - b.address);
};

/** The bytes of a section by its name, e.g. ".modinfo". */
export const section = (elf: Buffer, name: string): Buffer | undefined => {
  header(elf);
  const table = elf.readUInt32LE(32);
  const entryBytes = elf.readUInt16LE(46);
  const count = elf.readUInt16LE(48);
  const namesIndex = elf.readUInt16LE(50);
  if (entryBytes < 40 || namesIndex >= count || table + entryBytes * count > elf.length) {
    throw bad('section headers end beyond the file');
  }
  const read = (index: number): { nameAt: number; bytes: Buffer } => {
    const at = table + index * entryBytes;
    const offset = elf.readUInt32LE(at + 16);
    return { nameAt: elf.readUInt32LE(at), bytes: elf.subarray(offset, offset + elf.readUInt32LE(at + 20)) };
  };
  const names = read(namesIndex).bytes;
  for (let index = 0; index < count; index++) {
    const { nameAt, bytes } = read(index);
    const end = names.indexOf(0, nameAt);
    if (end >= 0 && names.toString('latin1', nameAt, end) === name) return bytes;
  }
  return undefined;
};
