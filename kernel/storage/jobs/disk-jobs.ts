import { randomBytes } from 'node:crypto';
import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync } from 'node:fs';
import { posix } from 'node:path';
import { geometryFor, newFlatDescriptor, type VmdkDescriptor } from '../../../lib/vmdk/index.js';
import { type DiskAdapter, type DiskFormat, type DiskZeroMode, VmkernelError } from '../../abi/index.js';
import { closeDisk, type HeldDisk, openDisk, readDescriptor } from '../files/open-disk.js';
import { parentOf, refuseIfLocked } from '../files/tree.js';
import { copyData, reserve, type Steps, share, writeHoles, writeZeros } from './fill.js';
import type { Journal, Place, Step, Trees } from './journal.js';
import { createFile, exists, requireWritable, temporaryBeside, writeFile } from './temporary.js';

const SECTOR_BYTES = 512;
/** 2 TB less one sector: what VMFS3 and a SCSI-2 address reach. */
const MAX_BYTES = 2 ** 41 - SECTOR_BYTES;
const ADAPTERS: readonly string[] = ['buslogic', 'lsilogic', 'ide'];

export interface JobParts {
  readonly trees: Trees;
  readonly journal: Journal;
  /** What a datastore is called in errors: `/vmfs/volumes/<volume>`. */
  shown(volume: string): string;
}

/** Makes a disk. Its descriptor is the last to appear, together with its flat file. */
export function* createDisk(
  parts: JobParts,
  {
    at,
    sizeBytes,
    format,
    adapterType,
  }: { at: Place; sizeBytes: number; format: DiskFormat; adapterType: DiskAdapter },
): Steps {
  requireSize(sizeBytes);
  const flat = flatOf(at);
  for (const place of [at, flat]) requireWritable(parts.trees, place, false);
  const descriptor = describe(flat, sizeBytes, format, adapterType);
  yield* makeDisk(parts, { at, flat, descriptor, overwrite: false }, function* (fd) {
    ftruncateSync(fd, sizeBytes);
    yield* share(provide(fd, sizeBytes, format), sizeBytes);
  });
}

export function* deleteDisk({ trees, journal, shown }: JobParts, { at }: { at: Place }): Steps {
  const tree = trees(at.volume);
  const descriptor = readDescriptor(tree, at.path, posix.join(shown(at.volume), at.path));
  const files = extentPlaces(descriptor, at).filter(({ path }) => exists(tree, path));
  const held: number[] = [];
  try {
    for (const { path } of [at, ...files]) {
      const fd = tree.openFile(path, constants.O_RDWR);
      held.push(fd);
      refuseIfLocked(fd, path);
    }
    const steps = [at, ...files].map((place): Step => ({ do: 'remove', at: place }));
    journal.begin([]).commit(steps);
    yield 1;
  } finally {
    for (const fd of held) closeSync(fd);
  }
}

/** Copies a disk: new identity, its geometry kept where its adapter stays. */
export function* copyDisk(
  parts: JobParts,
  args: { from: Place; to: Place; format?: DiskFormat; adapterType?: DiskAdapter; overwrite: boolean },
): Steps {
  const { from, to, overwrite } = args;
  const source = open(parts, from, 'read');
  try {
    const { descriptor: old, sizeBytes } = source;
    const format = args.format ?? formatOf(old);
    const flat = flatOf(to);
    const descriptor = describe(flat, sizeBytes, format, args.adapterType ?? adapterOf(old));
    keepIdentity(descriptor, old, descriptor.adapterType === old.adapterType ? KEPT_IN_COPIES : []);
    yield* makeDisk(parts, { at: to, flat, descriptor, overwrite }, fd => fillCopy(fd, source, format));
  } finally {
    closeDisk(source);
  }
}

/** Moves a disk with its identity; between datastores its bytes are copied and the old files then removed. */
export function* moveDisk(parts: JobParts, args: { from: Place; to: Place; overwrite: boolean }): Steps {
  const { from, to, overwrite } = args;
  if (samePlace(from, to)) throw invalid(to.path, 'a disk cannot be moved onto itself');
  const source = open(parts, from, 'write');
  try {
    const { descriptor: old, sizeBytes } = source;
    const flat = flatOf(to);
    const gone = [from, ...extentPlaces(old, from)].map((at): Step => ({ do: 'remove', at }));
    if (from.volume !== to.volume || old.extents.length !== 1) {
      const format = formatOf(old);
      const descriptor = describe(flat, sizeBytes, format, adapterOf(old));
      keepIdentity(descriptor, old, [...KEPT_IN_COPIES, 'ddb.uuid']);
      const made = { at: to, flat, descriptor, overwrite, after: gone };
      yield* makeDisk(parts, made, fd => fillCopy(fd, source, format));
      return;
    }
    for (const place of [to, flat]) requireWritable(parts.trees, place, overwrite);
    const [extent] = old.extents;
    const [file] = extentPlaces(old, from);
    if (extent === undefined || file === undefined) return;
    old.setExtents([{ ...extent, fileName: posix.basename(flat.path) }]);
    yield* replaceDescriptor(
      parts,
      to,
      old,
      [{ do: 'rename', from: file, to: flat }],
      [{ do: 'remove', at: from }],
    );
  } finally {
    closeDisk(source);
  }
}

/** Lengthens a disk's last extent; its format stays. */
export function* extendDisk(parts: JobParts, { at, sizeBytes }: { at: Place; sizeBytes: number }): Steps {
  requireSize(sizeBytes);
  const disk = open(parts, at, 'write');
  try {
    const addedBytes = sizeBytes - disk.sizeBytes;
    if (addedBytes <= 0) throw invalid(at.path, `the disk has ${disk.sizeBytes} bytes already`);
    const { descriptor } = disk;
    const last = disk.extents.at(-1);
    const lastPlace = extentPlaces(descriptor, at).at(-1);
    if (last === undefined || lastPlace === undefined) return;
    const oldEndBytes = last.fileOffsetBytes + last.lengthBytes;
    const fileBytes = fstatSync(last.fd).size;
    const temporary = temporaryBeside(at);
    const operation = parts.journal.begin([
      { do: 'truncate', at: lastPlace, sizeBytes: fileBytes },
      { do: 'remove', at: temporary },
    ]);
    try {
      // What lies behind the end belongs to no disk: it must not come back as data.
      ftruncateSync(last.fd, oldEndBytes);
      ftruncateSync(last.fd, oldEndBytes + addedBytes);
      const stretch = { fd: last.fd, offsetBytes: oldEndBytes };
      if (formatOf(descriptor) !== 'thin') yield* share(reserve(stretch, addedBytes), addedBytes);
      fdatasyncSync(last.fd);
      lengthen(descriptor, sizeBytes);
      writeFile(parts.trees, temporary, descriptor.toBytes());
      operation.commit([{ do: 'rename', from: temporary, to: at }]);
    } finally {
      operation.end();
    }
  } finally {
    closeDisk(disk);
  }
}

export function* zeroDisk(parts: JobParts, { at, mode }: { at: Place; mode: DiskZeroMode }): Steps {
  const disk = open(parts, at, 'write');
  try {
    const fill = mode === 'zeroFill' ? writeZeros : writeHoles;
    yield* share(
      (function* (): Steps {
        for (const { fd, fileOffsetBytes: offsetBytes, lengthBytes } of disk.extents) {
          yield* reserve({ fd, offsetBytes }, mode === 'zeroFill' ? 0 : lengthBytes);
          yield* fill({ fd, offsetBytes }, lengthBytes);
          fdatasyncSync(fd);
        }
      })(),
      mode === 'zeroFill' ? disk.sizeBytes : 2 * disk.sizeBytes,
    );
    const { descriptor } = disk;
    const isThin = formatOf(descriptor) === 'thin';
    if (mode === 'zeroFill') descriptor.set('CID', newCid());
    if (mode !== 'zeroFill' && isThin) descriptor.delete('ddb.thinProvisioned');
    if (mode === 'zeroFill' || isThin) yield* replaceDescriptor(parts, at, descriptor, [], []);
  } finally {
    closeDisk(disk);
  }
}

export function* setDiskUuid(parts: JobParts, { at, uuid }: { at: Place; uuid: string }): Steps {
  if (!/^[0-9A-Fa-f]{2}( [0-9A-Fa-f]{2}){7}-[0-9A-Fa-f]{2}( [0-9A-Fa-f]{2}){7}$/.test(uuid))
    throw invalid(at.path, 'a UUID is sixteen bytes in hexadecimal, with a "-" in the middle');
  const disk = open(parts, at, 'write');
  try {
    disk.descriptor.set('ddb.uuid', uuid);
    yield* replaceDescriptor(parts, at, disk.descriptor, [], []);
  } finally {
    closeDisk(disk);
  }
}

interface NewDisk {
  readonly at: Place;
  readonly flat: Place;
  readonly descriptor: VmdkDescriptor;
  readonly overwrite: boolean;
  /** What else becomes true with it. */
  readonly after?: readonly Step[];
}

/** Both files of a disk appear at once, when the flat one is filled and durable. */
function* makeDisk({ trees, journal }: JobParts, disk: NewDisk, fill: (fd: number) => Steps): Steps {
  const { at, flat, descriptor, overwrite, after = [] } = disk;
  for (const place of [at, flat]) requireWritable(trees, place, overwrite);
  const [newFlat, newDescriptor] = [temporaryBeside(flat), temporaryBeside(at)];
  const operation = journal.begin([
    { do: 'remove', at: newFlat },
    { do: 'remove', at: newDescriptor },
  ]);
  try {
    const fd = createFile(trees, newFlat);
    try {
      yield* fill(fd);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    writeFile(trees, newDescriptor, descriptor.toBytes());
    for (const place of [at, flat]) requireWritable(trees, place, overwrite);
    operation.commit([
      { do: 'rename', from: newFlat, to: flat },
      { do: 'rename', from: newDescriptor, to: at },
      ...after,
    ]);
  } finally {
    operation.end();
  }
}

function* replaceDescriptor(
  { trees, journal }: JobParts,
  at: Place,
  descriptor: VmdkDescriptor,
  before: readonly Step[],
  after: readonly Step[],
): Steps {
  const fresh = temporaryBeside(at);
  const operation = journal.begin([{ do: 'remove', at: fresh }]);
  try {
    writeFile(trees, fresh, descriptor.toBytes());
    operation.commit([...before, { do: 'rename', from: fresh, to: at }, ...after]);
    yield 1;
  } finally {
    operation.end();
  }
}

function* fillCopy(fd: number, source: HeldDisk, format: DiskFormat): Steps {
  ftruncateSync(fd, source.sizeBytes);
  const copied = function* (): Steps {
    yield* provide(fd, source.sizeBytes, format);
    for (const { fd: from, fileOffsetBytes, startBytes, lengthBytes } of source.extents)
      yield* copyData(
        { fd: from, offsetBytes: fileOffsetBytes },
        { fd, offsetBytes: startBytes },
        lengthBytes,
      );
  };
  yield* share(copied(), format === 'thin' ? source.sizeBytes : 2 * source.sizeBytes);
}

function* provide(fd: number, sizeBytes: number, format: DiskFormat): Steps {
  const all = { fd, offsetBytes: 0 };
  if (format === 'zeroedthick') yield* reserve(all, sizeBytes);
  if (format === 'eagerzeroedthick') yield* writeZeros(all, sizeBytes);
}

function open({ trees, shown }: JobParts, { volume, path }: Place, access: 'read' | 'write'): HeldDisk {
  return openDisk(trees(volume), path, shown(volume), access);
}

const KEPT_IN_COPIES = ['cylinders', 'heads', 'sectors'].map(name => `ddb.geometry.${name}`);

function keepIdentity(fresh: VmdkDescriptor, old: VmdkDescriptor, keys: readonly string[]): void {
  for (const key of ['ddb.virtualHWVersion', 'ddb.toolsVersion', ...keys]) {
    const value = old.get(key);
    if (value !== undefined) fresh.set(key, value);
  }
}

function describe(
  flat: Place,
  sizeBytes: number,
  format: DiskFormat,
  adapterType: DiskAdapter,
): VmdkDescriptor {
  return newFlatDescriptor({
    capacitySectors: sizeBytes / SECTOR_BYTES,
    flatFileName: posix.basename(flat.path),
    adapterType,
    uuid: randomBytes(16),
    cid: Number.parseInt(newCid(), 16),
    thin: format === 'thin',
  });
}

function lengthen(descriptor: VmdkDescriptor, sizeBytes: number): void {
  const { extents } = descriptor;
  const added = sizeBytes / SECTOR_BYTES - descriptor.capacitySectors;
  descriptor.setExtents(
    extents.map((extent, i) =>
      i < extents.length - 1 ? extent : { ...extent, sectors: extent.sectors + added },
    ),
  );
  const { cylinders, heads, sectors } = geometryFor(sizeBytes / SECTOR_BYTES, adapterOf(descriptor));
  for (const [name, value] of Object.entries({ cylinders, heads, sectors }))
    descriptor.set(`ddb.geometry.${name}`, String(value));
}

function extentPlaces(descriptor: VmdkDescriptor, { volume, path }: Place): Place[] {
  const names = new Set(descriptor.extents.flatMap(({ fileName }) => fileName ?? []));
  return [...names].map(name => {
    if (!/^[^/]+\.vmdk$/i.test(name)) throw invalid(path, `${name} is no extent of a disk beside it`);
    return { volume, path: posix.join(parentOf(path), name) };
  });
}

function flatOf({ volume, path }: Place): Place {
  // The descriptor names the flat file in quotes, on a line.
  if (!/[^/]\.vmdk$/i.test(path) || /["\p{Cc}]/u.test(posix.basename(path)))
    throw invalid(path, 'a disk is named *.vmdk, without quotes and control characters');
  return { volume, path: path.replace(/\.vmdk$/i, '-flat.vmdk') };
}

const formatOf = (descriptor: VmdkDescriptor): DiskFormat =>
  descriptor.get('ddb.thinProvisioned') === '1' ? 'thin' : 'zeroedthick';

function adapterOf({ adapterType = '' }: VmdkDescriptor): DiskAdapter {
  return ADAPTERS.includes(adapterType) ? (adapterType as DiskAdapter) : 'lsilogic';
}

function newCid(): string {
  // fffffffe and ffffffff have meanings of their own.
  return (randomBytes(4).readUInt32LE() % 0xfffffff0).toString(16).padStart(8, '0');
}

const samePlace = (a: Place, b: Place): boolean => a.volume === b.volume && a.path === b.path;

function requireSize(sizeBytes: number): void {
  if (sizeBytes > 0 && sizeBytes <= MAX_BYTES && sizeBytes % SECTOR_BYTES === 0) return;
  throw new VmkernelError('InvalidArgument', `no disk has ${sizeBytes} bytes`, { argument: 'sizeBytes' });
}

function invalid(path: string, reason: string): VmkernelError {
  return new VmkernelError('InvalidArgument', `${path}: ${reason}`, { path });
}
