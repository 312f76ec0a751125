import type { VirtualDisk, VirtualDiskFlatVer2BackingInfo } from '../../../../lib/vim/index.js';
import { DeviceLines } from '../device-lines.js';
import { hardware4 } from '../hardware4.js';
import type { DeviceChange, DeviceKind } from './device-kinds.js';
import { freeDiskPath } from './disk-name.js';
import type { DiskCreation } from './spec-context.js';
import { invalidBacking, invalidDevice, invalidOperation } from './spec-fault.js';

const modes = ['persistent', 'independent_persistent', 'independent_nonpersistent'];

export const diskKind: DeviceKind = {
  types: ['VirtualDisk'],
  place: ({ device, index, slots }) => slots.onDiskController(device, index, ['scsi', 'ide']),
  add: (lines, change) => {
    const { index, fileOperation, effects } = change;
    const { place } = change.context;
    const backing = flatBacking(change);
    if (backing === undefined) throw invalidBacking(index);
    const creation = { ...newDisk(lines, change, backing), path: pathFor(change, backing) };
    refuseTwice(lines, change, creation.path);
    if (fileOperation === 'create') effects.create.push(creation);
    else if (fileOperation === 'replace') effects.replace.push(creation);
    else if (fileOperation === undefined) effects.require.push(creation.path);
    else throw invalidOperation(index, { badFileOp: fileOperation });
    lines.set('present', true);
    lines.set('fileName', place.nameOf(creation.path));
    lines.set('deviceType', lines.node.startsWith('ide') ? 'ata-hardDisk' : 'scsi-hardDisk');
    writeBacking(lines, change, backing);
  },
  edit: (lines, change) => {
    const { index, fileOperation, device, effects } = change;
    const { place } = change.context;
    if (fileOperation !== undefined) throw invalidOperation(index, { badFileOp: fileOperation });
    const backing = flatBacking(change);
    const named = place.pathOf(lines.get('fileName') ?? '');
    if (backing !== undefined) {
      const asked = backing.fileName === '' ? named : place.resolve(backing.fileName);
      if (asked !== named) throw invalidBacking(index, 'backing.fileName');
      writeBacking(lines, change, backing);
    }
    const capacityKb = Number((device as VirtualDisk).capacityInKB);
    effects.extend.push({ path: named, capacityKb, deviceIndex: index });
  },
  remove: (lines, { index, fileOperation, context, effects }) => {
    if (fileOperation === undefined) return;
    if (fileOperation !== 'destroy') throw invalidOperation(index, { badFileOp: fileOperation });
    effects.destroy.push(context.place.pathOf(lines.get('fileName') ?? ''));
  },
};

/** A file under two drives of a machine would be written by both. */
function refuseTwice({ node }: DeviceLines, { index, context }: DeviceChange, path: string): void {
  const { vmx, place } = context;
  for (const key of vmx.keys()) {
    const [, other = ''] = /^((?:ide|scsi)\d+:\d+)\.filename$/i.exec(key) ?? [];
    if (other === '' || other.toLowerCase() === node || !new DeviceLines(vmx, other).isPresent) continue;
    if (place.pathOf(vmx.get(key) ?? '') === path) throw invalidBacking(index, 'backing.fileName');
  }
}

function flatBacking({ device, index }: DeviceChange): VirtualDiskFlatVer2BackingInfo | undefined {
  const { backing } = device;
  if (backing === undefined) return undefined;
  if (backing._type !== 'VirtualDiskFlatVer2BackingInfo') throw invalidBacking(index);
  const flat = backing as VirtualDiskFlatVer2BackingInfo;
  if (flat.parent !== undefined || flat.split === true) throw invalidBacking(index);
  return flat;
}

function newDisk(
  { node }: DeviceLines,
  { device, index, fileOperation, slots }: DeviceChange,
  backing: VirtualDiskFlatVer2BackingInfo,
): Omit<DiskCreation, 'path'> {
  const capacityKb = Number((device as VirtualDisk).capacityInKB);
  const { min, max } = hardware4.diskCapacityKb;
  if (fileOperation !== undefined && (capacityKb < min || capacityKb > max)) {
    throw invalidDevice(index, 'capacityInKB');
  }
  const thick = backing.eagerlyScrub === true ? 'eagerzeroedthick' : 'zeroedthick';
  const controller = node.slice(0, node.indexOf(':'));
  const isLsi = slots.lines(controller).word('virtualDev') === 'lsilogic';
  const scsi = isLsi ? 'lsilogic' : 'buslogic';
  return {
    capacityKb,
    format: backing.thinProvisioned === true ? 'thin' : thick,
    adapterType: controller.startsWith('ide') ? 'ide' : scsi,
  };
}

/** Without a name the disk is named after the machine, in its folder. */
function pathFor(change: DeviceChange, { fileName }: VirtualDiskFlatVer2BackingInfo): string {
  const { index, fileOperation, effects } = change;
  const { place } = change.context;
  const isUnnamed = fileName === '' || /^\[[^\]]*\] ?$/.test(fileName);
  if (isUnnamed && fileOperation !== 'create') throw invalidBacking(index, 'backing.fileName');
  if (isUnnamed) return freeDiskPath(place, fileName, effects.create);
  const path = place.resolve(fileName);
  if (!/\.vmdk$/i.test(path)) throw invalidBacking(index, 'backing.fileName');
  return path;
}

function writeBacking(
  lines: DeviceLines,
  { index, device }: DeviceChange,
  { diskMode, writeThrough }: VirtualDiskFlatVer2BackingInfo,
): void {
  if (!modes.includes(diskMode)) throw invalidBacking(index, 'backing.diskMode');
  if (diskMode === 'persistent') lines.set('mode', undefined);
  else lines.set('mode', diskMode.replace('_', '-'));
  if (writeThrough !== undefined) lines.set('writeThrough', writeThrough ? true : undefined);
  const { shares } = device as VirtualDisk;
  if (shares === undefined) return;
  if (shares.level === 'custom' && shares.shares < 1) throw invalidDevice(index, 'shares');
  const word = shares.level === 'custom' ? String(shares.shares) : shares.level;
  lines.set('shares', word === 'normal' ? undefined : word);
}
