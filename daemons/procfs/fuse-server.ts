import type { Place } from './tree.js';

/** The largest request a kernel sends for what is served here, and the largest answer. */
export const BUFFER_BYTES = (1 << 17) + 4096;
const MAX_WRITE = 1 << 17;
const MAX_OPEN = 1024;
const ENOENT = 2;
const ENOTDIR = 20;
const EINVAL = 22;
const EMFILE = 24;
const EROFS = 30;
const ENOSYS = 38;
const IN_HEADER_BYTES = 40;
const OUT_HEADER_BYTES = 16;
const ROOT = 1n;
const DIRECT_IO = 1;

/** include/uapi/linux/fuse.h */
const OP = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  readlink: 5,
  open: 14,
  read: 15,
  statfs: 17,
  release: 18,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  access: 34,
  interrupt: 36,
  batchForget: 42,
} as const;
/** What would change something: setattr symlink mknod mkdir unlink rmdir rename link write create rename2. */
const CHANGES: ReadonlySet<number> = new Set([4, 6, 8, 9, 10, 11, 12, 13, 16, 35, 45]);
const MODE = { folder: 0o40555, file: 0o100444, link: 0o120777 } as const;
const DIRENT_TYPE = { folder: 4, file: 8, link: 10 } as const;

class Refusal extends Error {
  constructor(readonly errno: number) {
    super(`errno ${errno}`);
  }
}

interface Node {
  readonly id: bigint;
  readonly path: string;
  /** How often the kernel was told of it; it forgets as often. */
  lookups: bigint;
}

/**
 * The FUSE protocol, 7.12 and later, of a tree that is only read: one request in, one answer out. Nothing is kept but
 * what the kernel holds: nodes it looked up and files it has open.
 */
export class FuseServer {
  readonly #root: Place;
  readonly #byId = new Map<bigint, Node>();
  readonly #byPath = new Map<string, Node>();
  /** The text of a file is made when it is opened: who reads it in pieces reads one state. */
  readonly #open = new Map<bigint, Buffer>();
  #nextId = ROOT + 1n;
  #nextHandle = 1n;

  constructor(root: Place) {
    this.#root = root;
    const node = { id: ROOT, path: '', lookups: 1n };
    this.#byId.set(ROOT, node);
    this.#byPath.set('', node);
  }

  /** @returns undefined where none is due */
  handle(request: Buffer): Buffer | undefined {
    if (request.length < IN_HEADER_BYTES) return undefined;
    const unique = request.readBigUInt64LE(8);
    const operation = request.readUInt32LE(4);
    try {
      const body = this.#answer(operation, request);
      return body && reply(unique, 0, body);
    } catch (error) {
      if (error instanceof Refusal) return reply(unique, -error.errno);
      if (error instanceof RangeError) return reply(unique, -EINVAL); // shorter than its operation
      throw error;
    }
  }

  #answer(operation: number, request: Buffer): Buffer | undefined {
    const id = request.readBigUInt64LE(16);
    const body = request.subarray(IN_HEADER_BYTES);
    switch (operation) {
      case OP.init:
        return initAnswer(body);
      case OP.lookup:
        return this.#lookup(id, body);
      case OP.getattr:
        return attributes(this.#node(id), this.#place(id));
      case OP.readlink:
        return this.#readLink(id);
      case OP.open:
        return this.#openFile(id);
      case OP.read:
        return this.#read(body);
      case OP.opendir:
        return Buffer.alloc(16);
      case OP.readdir:
        return this.#readFolder(id, body);
      case OP.release:
        this.#open.delete(body.readBigUInt64LE(0));
        return EMPTY;
      case OP.statfs:
        return Buffer.alloc(80);
      case OP.releasedir:
      case OP.flush:
      case OP.access:
        return EMPTY;
      case OP.forget:
        this.#forget(id, body.readBigUInt64LE(0));
        return undefined;
      case OP.batchForget:
        for (let i = 0; i < body.readUInt32LE(0); i++)
          this.#forget(body.readBigUInt64LE(8 + 16 * i), body.readBigUInt64LE(16 + 16 * i));
        return undefined;
      case OP.interrupt:
        return undefined;
      default:
        throw new Refusal(CHANGES.has(operation) ? EROFS : ENOSYS);
    }
  }

  #lookup(parentId: bigint, body: Buffer): Buffer {
    const end = body.indexOf(0);
    const name = body.toString('utf8', 0, end < 0 ? body.length : end);
    const parent = this.#place(parentId);
    const place = parent.kind === 'folder' ? parent.child(name) : undefined;
    if (place === undefined) throw new Refusal(ENOENT);
    const path = `${this.#node(parentId).path}/${name}`;
    const node = this.#byPath.get(path) ?? this.#add(path);
    node.lookups++;
    // Neither names nor attributes are kept by the kernel: what is told is what is.
    const entry = Buffer.alloc(40);
    entry.writeBigUInt64LE(node.id, 0);
    return Buffer.concat([entry, attributes(node, place).subarray(16)]);
  }

  #readLink(id: bigint): Buffer {
    const place = this.#place(id);
    if (place.kind !== 'link') throw new Refusal(EINVAL);
    return Buffer.from(place.target);
  }

  #openFile(id: bigint): Buffer {
    const place = this.#place(id);
    if (place.kind !== 'file') throw new Refusal(EINVAL);
    if (this.#open.size >= MAX_OPEN) throw new Refusal(EMFILE);
    const handle = this.#nextHandle++;
    this.#open.set(handle, Buffer.from(place.text()));
    const answer = Buffer.alloc(16);
    answer.writeBigUInt64LE(handle, 0);
    answer.writeUInt32LE(DIRECT_IO, 8); // its size is not known before it is read
    return answer;
  }

  #read(body: Buffer): Buffer {
    const text = this.#open.get(body.readBigUInt64LE(0));
    if (text === undefined) throw new Refusal(EINVAL);
    const offset = Number(body.readBigUInt64LE(8));
    return text.subarray(offset, offset + Math.min(body.readUInt32LE(16), MAX_WRITE));
  }

  #readFolder(id: bigint, body: Buffer): Buffer {
    const place = this.#place(id);
    if (place.kind !== 'folder') throw new Refusal(ENOTDIR);
    const names = ['.', '..', ...place.names()];
    const parts: Buffer[] = [];
    let left = Math.min(body.readUInt32LE(16), MAX_WRITE);
    for (let at = Number(body.readBigUInt64LE(8)); at < names.length; at++) {
      const name = names[at] ?? '';
      const kind = at < 2 ? 'folder' : (place.child(name)?.kind ?? 'file');
      const entry = directoryEntry(Buffer.from(name), at + 1, DIRENT_TYPE[kind]);
      left -= entry.length;
      if (left < 0) break;
      parts.push(entry);
    }
    return Buffer.concat(parts);
  }

  #add(path: string): Node {
    const node = { id: this.#nextId++, path, lookups: 0n };
    this.#byId.set(node.id, node);
    this.#byPath.set(path, node);
    return node;
  }

  #forget(id: bigint, lookups: bigint): void {
    const node = this.#byId.get(id);
    if (node === undefined || id === ROOT) return;
    node.lookups -= lookups;
    if (node.lookups > 0n) return;
    this.#byId.delete(id);
    this.#byPath.delete(node.path);
  }

  #node(id: bigint): Node {
    const node = this.#byId.get(id);
    if (node === undefined) throw new Refusal(ENOENT);
    return node;
  }

  #place(id: bigint): Place {
    let place: Place | undefined = this.#root;
    for (const name of this.#node(id).path.split('/').slice(1))
      place = place?.kind === 'folder' ? place.child(name) : undefined;
    if (place === undefined) throw new Refusal(ENOENT);
    return place;
  }
}

const EMPTY = Buffer.alloc(0);

function reply(unique: bigint, error: number, body: Buffer = EMPTY): Buffer {
  const header = Buffer.alloc(OUT_HEADER_BYTES);
  header.writeUInt32LE(OUT_HEADER_BYTES + body.length, 0);
  header.writeInt32LE(error, 4);
  header.writeBigUInt64LE(unique, 8);
  return Buffer.concat([header, body]);
}

/** fuse_init_out: minor 31, no features, no write-back. */
function initAnswer(body: Buffer): Buffer {
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
function attributes(node: { readonly id: bigint }, place: Place): Buffer {
  const answer = Buffer.alloc(104);
  answer.writeBigUInt64LE(node.id, 16);
  answer.writeBigUInt64LE(BigInt(place.kind === 'link' ? place.target.length : 0), 24);
  answer.writeUInt32LE(MODE[place.kind], 16 + 60);
  answer.writeUInt32LE(place.kind === 'folder' ? 2 : 1, 16 + 64);
  answer.writeUInt32LE(4096, 16 + 80);
  return answer;
}

/** fuse_dirent: names stand on multiples of eight. Inode numbers in a listing are not the nodes': none is made for it. */
function directoryEntry(name: Buffer, next: number, type: number): Buffer {
  const entry = Buffer.alloc((24 + name.length + 7) & ~7);
  entry.writeBigUInt64LE(BigInt(next), 0);
  entry.writeBigUInt64LE(BigInt(next), 8);
  entry.writeUInt32LE(name.length, 16);
  entry.writeUInt32LE(type, 20);
  name.copy(entry, 24);
  return entry;
}
