import {
  attributes,
  directoryEntry,
  EMPTY,
  initAnswer,
  MAX_WRITE,
  openAnswer,
  reply,
  writeAnswer,
} from './fuse-answers.js';
import { type FilePlace, type Place, WriteRefused } from './tree.js';

/** The largest request a kernel sends for what is served here, and the largest answer. */
export const BUFFER_BYTES = (1 << 17) + 4096;
const MAX_OPEN = 1024;
/** A value, and how many may be on their way to the VMkernel. */
const MAX_VALUE_BYTES = 4096;
const MAX_WRITES = 16;
const EPERM = 1;
const ENOENT = 2;
const EIO = 5;
const EAGAIN = 11;
const EACCES = 13;
const ENOTDIR = 20;
const EINVAL = 22;
const EMFILE = 24;
const EROFS = 30;
const ENOSYS = 38;
const IN_HEADER_BYTES = 40;
const WRITE_IN_BYTES = 40;
const O_ACCMODE = 3;
/** Bits of setattr's `valid`: mode, owner and group; and the size, with which new times come. */
const OWNERSHIP = 7;
const SIZE = 8;
const ROOT = 1n;

/** include/uapi/linux/fuse.h */
const OP = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  open: 14,
  read: 15,
  write: 16,
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
/** What would change the tree itself: symlink mknod mkdir unlink rmdir rename link create rename2. */
const CHANGES: ReadonlySet<number> = new Set([6, 8, 9, 10, 11, 12, 13, 35, 45]);

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

interface OpenFile {
  /** Made when it is opened: who reads it in pieces reads one state. */
  readonly text: Buffer;
  readonly write: FilePlace['write'];
}

/**
 * The FUSE protocol, 7.12 and later, of a tree of values: one request in, one answer out. Nothing is kept but what the
 * kernel holds: nodes it looked up and files it has open. Root alone writes, a value whole in one write.
 */
export class FuseServer {
  readonly #root: Place;
  readonly #byId = new Map<bigint, Node>();
  readonly #byPath = new Map<string, Node>();
  readonly #open = new Map<bigint, OpenFile>();
  #writes = 0;
  #nextId = ROOT + 1n;
  #nextHandle = 1n;

  constructor(root: Place) {
    this.#root = root;
    const node = { id: ROOT, path: '', lookups: 1n };
    this.#byId.set(ROOT, node);
    this.#byPath.set('', node);
  }

  /** @returns undefined where none is due; what is written is answered later, by a promise that never rejects */
  handle(request: Buffer): Buffer | undefined | Promise<Buffer> {
    if (request.length < IN_HEADER_BYTES) return undefined;
    const unique = request.readBigUInt64LE(8);
    const operation = request.readUInt32LE(4);
    try {
      if (operation === OP.write) return this.#write(unique, request.subarray(IN_HEADER_BYTES));
      const body = this.#answer(operation, request);
      return body && reply(unique, 0, body);
    } catch (error) {
      if (error instanceof Refusal) return reply(unique, -error.errno);
      if (error instanceof RangeError) return reply(unique, -EINVAL); // shorter than its operation
      throw error;
    }
  }

  #write(unique: bigint, body: Buffer): Promise<Buffer> {
    const length = body.readUInt32LE(16);
    const write = this.#open.get(body.readBigUInt64LE(0))?.write;
    if (write === undefined) throw new Refusal(EACCES);
    const offset = body.readBigUInt64LE(8);
    if (offset !== 0n || length > MAX_VALUE_BYTES) throw new Refusal(EINVAL);
    if (this.#writes >= MAX_WRITES) throw new Refusal(EAGAIN);
    // The buffer is the next request's as soon as this returns.
    const text = body.toString('utf8', WRITE_IN_BYTES, WRITE_IN_BYTES + length);
    this.#writes++;
    return write(text)
      .then(
        () => reply(unique, 0, writeAnswer(length)),
        (error: unknown) => reply(unique, -(error instanceof WriteRefused ? error.errno : EIO)),
      )
      .finally(() => this.#writes--);
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
      case OP.setattr:
        return this.#setAttributes(id, request.readUInt32LE(24), body.readUInt32LE(0));
      case OP.readlink:
        return this.#readLink(id);
      case OP.open:
        return this.#openFile(id, request.readUInt32LE(24), body.readUInt32LE(0));
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

  #openFile(id: bigint, uid: number, flags: number): Buffer {
    const place = this.#place(id);
    if (place.kind !== 'file') throw new Refusal(EINVAL);
    const writing = (flags & O_ACCMODE) !== 0;
    if (writing) mayWrite(place, uid);
    if (this.#open.size >= MAX_OPEN) throw new Refusal(EMFILE);
    const handle = this.#nextHandle++;
    this.#open.set(handle, {
      text: Buffer.from(place.text()),
      write: writing ? place.write : undefined,
    });
    return openAnswer(handle);
  }

  /** A shell empties a file before it writes to it: nothing to be done here. */
  #setAttributes(id: bigint, uid: number, valid: number): Buffer {
    const place = this.#place(id);
    if ((valid & OWNERSHIP) !== 0 || (valid & SIZE) === 0) throw new Refusal(EPERM);
    mayWrite(place, uid);
    return attributes(this.#node(id), place);
  }

  #read(body: Buffer): Buffer {
    const text = this.#open.get(body.readBigUInt64LE(0))?.text;
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
      const entry = directoryEntry(Buffer.from(name), at + 1, kind);
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

function mayWrite(place: Place, uid: number): void {
  if (place.kind !== 'file' || place.write === undefined || uid !== 0) throw new Refusal(EACCES);
}
