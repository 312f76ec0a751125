import { closeSync, constants, fstatSync } from 'node:fs';
import { posix } from 'node:path';
import { closeFd } from '../../../lib/linux/index.js';
import {
  type Extent,
  InvalidDescriptor,
  LIMITS,
  NO_PARENT,
  parseDescriptor,
  type VmdkDescriptor,
} from '../../../lib/vmdk/index.js';
import { VmkernelError } from '../../abi/index.js';
import type { ImageExtent } from '../thread/image.js';
import { readContents } from './contents.js';
import { fileError } from './errors.js';
import { type DatastoreTree, parentOf, refuseIfLocked, refuseIfLockedAlone } from './tree.js';

const SECTOR_BYTES = 512;
/** Of a CD-ROM's data. */
const IMAGE_BLOCK_BYTES = 2048;
const FLAT_TYPES: ReadonlySet<string> = new Set(['vmfs', 'monolithicFlat', 'twoGbMaxExtentFlat']);
const FLAT_EXTENTS: ReadonlySet<string> = new Set(['VMFS', 'FLAT']);
/** First four bytes of extents that are no descriptor, little endian. */
const SPARSE_EXTENTS: Readonly<Record<string, string>> = { KDMV: 'monolithicSparse', COWD: 'vmfsSparse' };

type DiskAccess = 'read' | 'write';

/** An open virtual disk. Its descriptors hold the locks: closing them gives the disk back. */
export interface OpenDisk {
  readonly extents: readonly ImageExtent[];
  /** Its descriptor file, locked like the extents: who holds a disk keeps its description, too. An image has none. */
  readonly descriptorFd: number | undefined;
  readonly sizeBytes: number;
  readonly uuid: Uint8Array | undefined;
}

/** As the VMkernel itself holds it, with what its descriptor says. */
export interface HeldDisk extends OpenDisk {
  readonly descriptor: VmdkDescriptor;
}

/**
 * Opens and locks the files of a flat virtual disk: alone for writing, beside other readers for reading.
 * @param shown what the datastore's folder is called in errors: `/vmfs/volumes/<volume>`
 * @throws VmkernelError DiskMissing, DiskTooShort, InvalidDescriptor, NotSupported, FileLocked, PermissionDenied, IoError
 */
export function openDisk(
  tree: DatastoreTree,
  path: string,
  shown: string,
  access: DiskAccess = 'write',
): HeldDisk {
  const place = posix.join(shown, path);
  const descriptorFd = openLocked(tree, { file: path, shown: place }, access);
  const extents: ImageExtent[] = [];
  try {
    const descriptor = readDescriptor(tree, path, place);
    refuseOtherTypes(descriptor, place);
    for (const extent of descriptor.extents) {
      const file = posix.join(parentOf(path), extent.fileName ?? '');
      const place = { file, shown: posix.join(shown, file) };
      extents.push(openExtent(tree, extent, place, { access, startBytes: endOf(extents) }));
    }
    const uuid = parseUuid(descriptor.get('ddb.uuid'));
    return { extents, descriptorFd, sizeBytes: endOf(extents), uuid, descriptor };
  } catch (error) {
    closeDisk({ extents, descriptorFd });
    throw error;
  }
}

/**
 * Opens a file of raw blocks, an ISO image, to be read only; nobody writes or removes it meanwhile. What is beyond its
 * last whole block is not seen.
 * @throws VmkernelError DiskMissing, FileLocked, InvalidArgument {path} for what is no file
 */
export function openImage(tree: DatastoreTree, path: string, shown: string): OpenDisk {
  const place = posix.join(shown, path);
  const fd = diskMissing(place, () => tree.openFile(path, constants.O_RDONLY));
  try {
    refuseIfLockedAlone(fd, place);
    const sizeBytes = Math.floor(fstatSync(fd).size / IMAGE_BLOCK_BYTES) * IMAGE_BLOCK_BYTES;
    const extents = [{ fd, startBytes: 0, lengthBytes: sizeBytes, fileOffsetBytes: 0 }];
    return { extents, descriptorFd: undefined, sizeBytes, uuid: undefined };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Gives the files and their locks back. Linux closes a descriptor also when it reports an error (of a server that is
 * gone); acknowledged writes are durable before, so nothing is lost by it.
 * @returns the errors
 */
export function closeDisk({ extents, descriptorFd }: Pick<OpenDisk, 'extents' | 'descriptorFd'>): string[] {
  const fds = [...extents.map(({ fd }) => fd), ...(descriptorFd === undefined ? [] : [descriptorFd])];
  return fds.flatMap(fd => {
    try {
      closeFd(fd);
      return [];
    } catch (error) {
      return [String(error)];
    }
  });
}

/** @throws DiskMissing, InvalidDescriptor, NotSupported for an extent in a descriptor's place */
export function readDescriptor(tree: DatastoreTree, path: string, place: string): VmdkDescriptor {
  const { bytes } = diskMissing(place, () => readContents(tree, path, 0, LIMITS.sizeBytes + 1));
  const sparse = SPARSE_EXTENTS[Buffer.from(bytes.subarray(0, 4)).toString('latin1')];
  if (sparse !== undefined) throw notSupported(place, sparse);
  try {
    return parseDescriptor(bytes);
  } catch (error) {
    if (!(error instanceof InvalidDescriptor)) throw error;
    const { line, reason, key } = error;
    throw new VmkernelError('InvalidDescriptor', `${place}: ${error.message}`, {
      path: place,
      line,
      reason,
      key,
    });
  }
}

function refuseOtherTypes(descriptor: VmdkDescriptor, place: string): void {
  if (!FLAT_TYPES.has(descriptor.createType)) throw notSupported(place, descriptor.createType);
  if (descriptor.parentCid !== NO_PARENT) throw notSupported(place, `${descriptor.createType} with a parent`);
  for (const { access, type, fileName, rest } of descriptor.extents) {
    if (!FLAT_EXTENTS.has(type)) throw notSupported(place, `extent ${type}`);
    if (access !== 'RW' || rest !== undefined) throw notSupported(place, `extent ${access} ${type}`);
    // Whatever its descriptor says, a disk is no other file of the datastore: no .vmx, no log, nothing elsewhere.
    const outside = !/^[^/]+\.vmdk$/i.test(fileName ?? '');
    if (outside)
      throw new VmkernelError('PermissionDenied', `${place}: extent ${fileName}`, {
        path: place,
        extent: fileName,
      });
  }
}

interface FilePlace {
  readonly file: string;
  /** What it is called in errors. */
  readonly shown: string;
}

function openExtent(
  tree: DatastoreTree,
  extent: Extent,
  place: FilePlace,
  { access, startBytes }: { access: DiskAccess; startBytes: number },
): ImageExtent {
  const fd = openLocked(tree, place, access);
  try {
    const lengthBytes = extent.sectors * SECTOR_BYTES;
    const fileOffsetBytes = (extent.offsetSectors ?? 0) * SECTOR_BYTES;
    const haveBytes = fstatSync(fd).size;
    const neededBytes = fileOffsetBytes + lengthBytes;
    if (haveBytes < neededBytes) {
      const details = { path: place.shown, neededBytes, haveBytes };
      throw new VmkernelError(
        'DiskTooShort',
        `${place.shown}: ${haveBytes} of ${neededBytes} bytes`,
        details,
      );
    }
    return { fd, startBytes, lengthBytes, fileOffsetBytes };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openLocked(tree: DatastoreTree, { file, shown }: FilePlace, access: DiskAccess): number {
  const flags = access === 'write' ? constants.O_RDWR : constants.O_RDONLY;
  const fd = diskMissing(shown, () => tree.openFile(file, flags));
  try {
    if (access === 'write') refuseIfLocked(fd, shown);
    else refuseIfLockedAlone(fd, shown);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function diskMissing<T>(place: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    const known = fileError(error, place);
    if (known.code === 'NotFound' || known.code === 'NotADirectory')
      throw new VmkernelError('DiskMissing', `${place} is missing`, { path: place });
    throw known;
  }
}

function notSupported(path: string, type: string): VmkernelError {
  return new VmkernelError('NotSupported', `${path}: disk type ${type} is not built`, { path, type });
}

const endOf = (extents: readonly ImageExtent[]): number => {
  const last = extents.at(-1);
  return last === undefined ? 0 : last.startBytes + last.lengthBytes;
};

function parseUuid(text: string | undefined): Uint8Array | undefined {
  const digits = (text ?? '').replace(/[ -]/g, '');
  return /^[0-9A-Fa-f]{32}$/.test(digits) ? Uint8Array.from(Buffer.from(digits, 'hex')) : undefined;
}
