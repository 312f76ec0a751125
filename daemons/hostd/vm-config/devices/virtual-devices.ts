import type { VirtualDevice } from '../../../../lib/vim/index.js';
import type { VmxDocument } from '../../../../lib/vmx/index.js';
import { deviceKeys } from '../device-keys.js';
import { DeviceLines } from '../device-lines.js';
import { hardware4 } from '../hardware4.js';
import { chipsetDevices } from './chipset-devices.js';
import { scsiController } from './controller-devices.js';
import type { DeviceSurroundings, DeviceView } from './device-view.js';
import { cdrom, disk, floppy, isCdrom } from './drive-devices.js';
import { ethernetCard, parallelPort, serialPort } from './other-devices.js';

/** The devices of virtual hardware 4 that a configuration file describes, in the product's order. */
export function virtualDevices(vmx: VmxDocument, surroundings: DeviceSurroundings): VirtualDevice[] {
  const views = (pattern: RegExp): DeviceView[] => presentDevices(vmx, pattern, surroundings);
  const scsi = views(/^scsi([0-3])$/).map(scsiController);
  const drives = [...views(/^ide([01]):([01])$/), ...views(/^scsi([0-3]):(\d+)$/)];
  const others = [
    ...numberedDrives(drives),
    ...views(/^ethernet(\d)$/).map(ethernetCard),
    ...views(/^floppy([01])$/).map(floppy),
    ...views(/^serial([0-3])$/).map(serialPort),
    ...views(/^parallel([0-2])$/).map(parallelPort),
  ];
  const all = [...scsi, ...others];
  const fixed: Record<number, number[]> = {
    [deviceKeys.ps2]: [deviceKeys.keyboard, deviceKeys.pointing],
    [deviceKeys.pci]: [deviceKeys.video],
  };
  const children = (key: number): number[] => {
    return [
      ...(fixed[key] ?? []),
      ...all.filter(device => device.controllerKey === key).map(device => device.key),
    ];
  };
  for (const controller of scsi) controller.device = children(controller.key);
  const videoRamKb = Math.trunc(Number(vmx.get('svga.vramSize') ?? 0) / 1024) || hardware4.videoRamKb.default;
  return [...chipsetDevices(children, videoRamKb), ...all];
}

/** Disks and CD drives each count from one. */
function numberedDrives(views: readonly DeviceView[]): VirtualDevice[] {
  let disks = 0;
  let cdroms = 0;
  return views.map(view => {
    if (isCdrom(view.lines)) {
      cdroms += 1;
      return cdrom(view, cdroms);
    }
    disks += 1;
    return disk(view, disks);
  });
}

/** Names X of X.present = TRUE that fit the pattern, by their numbers. */
function presentDevices(vmx: VmxDocument, pattern: RegExp, surroundings: DeviceSurroundings): DeviceView[] {
  const found = vmx.keys().flatMap(key => {
    const name = /^(.*)\.present$/.exec(key.toLowerCase())?.[1];
    const match = name === undefined ? null : pattern.exec(name);
    if (name === undefined || match === null) return [];
    const lines = new DeviceLines(vmx, name);
    return lines.isPresent ? [{ lines, surroundings, numbers: match.slice(1).map(Number) }] : [];
  });
  const order = (numbers: readonly number[]): number => (numbers[0] ?? 0) * 64 + (numbers[1] ?? 0);
  return found.sort((a, b) => order(a.numbers) - order(b.numbers));
}
