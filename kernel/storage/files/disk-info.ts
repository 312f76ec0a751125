import { posix } from 'node:path';
import { geometryOf } from '../../../lib/vmdk/index.js';
import type { DiskInfo } from '../../abi/index.js';
import { readDescriptor } from './open-disk.js';
import { type DatastoreTree, parentOf } from './tree.js';

const SECTOR_BYTES = 512;

/** What a disk's descriptor says; it may be in use, of any type, and miss its extents. */
export function diskInfo(tree: DatastoreTree, path: string, shown: string): DiskInfo {
  const descriptor = readDescriptor(tree, path, posix.join(shown, path));
  const version = descriptor.get('ddb.virtualHWVersion') ?? '';
  return {
    createType: descriptor.createType,
    sizeBytes: descriptor.capacitySectors * SECTOR_BYTES,
    adapterType: descriptor.adapterType,
    hardwareVersion: /^\d{1,3}$/.test(version) ? Number(version) : 0,
    geometry: geometryOf(descriptor),
    uuid: descriptor.get('ddb.uuid'),
    thin: descriptor.get('ddb.thinProvisioned') === '1',
    extents: descriptor.extents.flatMap(({ fileName }) => {
      if (fileName === undefined || fileName.includes('/')) return [];
      const file = posix.join(parentOf(path), fileName);
      return [{ path: posix.join(shown, file), allocatedBytes: tree.find(file)?.allocatedBytes ?? 0 }];
    }),
  };
}
