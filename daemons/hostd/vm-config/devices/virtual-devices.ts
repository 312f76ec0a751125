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
  const present = presentDevices(vmx);
  const views = (pattern: RegExp): DeviceView[] => devicesNamed(pattern, present, surroundings);
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

interface PresentDevice {
  /** X of X.present = TRUE, in lower case. */
  readonly name: string;
  readonly lines: DeviceLines;
}

function presentDevices(vmx: VmxDocument): PresentDevice[] {
  return vmx.keys().flatMap(key => {
    const name = /^(.*)\.present$/.exec(key.toLowerCase())?.[1];
    if (name === undefined) return [];
    const lines = new DeviceLines(vmx, name);
    return lines.isPresent ? [{ name, lines }] : [];
  });
}

/** Those that fit the pattern, by their numbers. */
function devicesNamed(
  pattern: RegExp,
  present: readonly PresentDevice[],
  surroundings: DeviceSurroundings,
): DeviceView[] {
  const found = present.flatMap(({ name, lines }) => {
    const match = pattern.exec(name);
    return match === null ? [] : [{ lines, surroundings, numbers: match.slice(1).map(Number) }];
  });
  const order = (numbers: readonly number[]): number => (numbers[0] ?? 0) * 64 + (numbers[1] ?? 0);
  return found.sort((a, b) => order(a.numbers) - order(b.numbers));
}
