import type { Place } from './tree.js';

/** Answers of the FUSE protocol, include/uapi/linux/fuse.h, as bytes. */

export const MAX_WRITE = 1 << 17;
const OUT_HEADER_BYTES = 16;
const MODE = { folder: 0o40555, file: 0o100444, link: 0o120777 } as const;
const DIRECT_IO = 1;
const WRITABLE = 0o200;
const DIRENT_TYPE = { folder: 4, file: 8, link: 10 } as const;

export const EMPTY = Buffer.alloc(0);

export function reply(unique: bigint, error: number, body: Buffer = EMPTY): Buffer {
  const header = Buffer.alloc(OUT_HEADER_BYTES);
  header.writeUInt32LE(OUT_HEADER_BYTES + body.length, 0);
  header.writeInt32LE(error, 4);
  header.writeBigUInt64LE(unique, 8);
  return Buffer.concat([header, body]);
}

/** fuse_init_out: minor 31, no features, no write-back. */
export function initAnswer(body: Buffer): Buffer {
  const answer = Buffer.alloc(64);
  answer.writeUInt32LE(7, 0);
  answer.writeUInt32LE(Math.min(31, body.readUInt32LE(4)), 4);
  answer.writeUInt32LE(MAX_WRITE, 8);
  answer.writeUInt16LE(16, 16);
  answer.writeUInt16LE(12, 18);
  answer.writeUInt32LE(MAX_WRITE, 20);
  answer.writeUInt32LE(1, 24);
  return answer;
}

/** fuse_attr_out, valid for no time. */
export function attributes(node: { readonly id: bigint }, place: Place): Buffer {
  const answer = Buffer.alloc(104);
  answer.writeBigUInt64LE(node.id, 16);
  answer.writeBigUInt64LE(BigInt(place.kind === 'link' ? place.target.length : 0), 24);
  const writable = place.kind === 'file' && place.write !== undefined;
  answer.writeUInt32LE(MODE[place.kind] | (writable ? WRITABLE : 0), 16 + 60);
  answer.writeUInt32LE(place.kind === 'folder' ? 2 : 1, 16 + 64);
  answer.writeUInt32LE(4096, 16 + 80);
  return answer;
}

/** fuse_dirent: names stand on multiples of eight. Inode numbers in a listing are not the nodes': none is made for it. */
export function directoryEntry(name: Buffer, next: number, kind: Place['kind']): Buffer {
  const entry = Buffer.alloc((24 + name.length + 7) & ~7);
  entry.writeBigUInt64LE(BigInt(next), 0);
  entry.writeBigUInt64LE(BigInt(next), 8);
  entry.writeUInt32LE(name.length, 16);
  entry.writeUInt32LE(DIRENT_TYPE[kind], 20);
  name.copy(entry, 24);
  return entry;
}

/** fuse_open_out of a file whose size is not known before it is read. */
export function openAnswer(handle: bigint): Buffer {
  const answer = Buffer.alloc(16);
  answer.writeBigUInt64LE(handle, 0);
  answer.writeUInt32LE(DIRECT_IO, 8);
  return answer;
}

/** fuse_write_out */
export function writeAnswer(lengthBytes: number): Buffer {
  const answer = Buffer.alloc(8);
  answer.writeUInt32LE(lengthBytes, 0);
  return answer;
}
