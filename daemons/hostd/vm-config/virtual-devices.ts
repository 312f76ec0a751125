import type {
  ManagedObjectReference,
  VirtualDevice,
  VirtualDeviceConnectInfo,
  VirtualDisk,
  VirtualDiskFlatVer2BackingInfo,
  VirtualEthernetCard,
  VirtualSCSIController,
  VirtualSerialPort,
} from '../../../lib/vim/index.js';
import type { VmxDocument } from '../../../lib/vmx/index.js';
import { chipsetDevices, described } from './chipset-devices.js';
import { deviceKeys } from './device-keys.js';

/** What the devices of a configuration file need to know of the world around it. */
export interface DeviceSurroundings {
  /** Whether the machine runs: only then is a device that starts connected also connected. */
  readonly isPoweredOn: boolean;
  /** The API's name of a file that the configuration names, and the datastore it is on. */
  locate(fileName: string): { path: string; datastore: ManagedObjectReference | undefined };
  /** Capacity of a virtual disk, 0 when its descriptor could not be read. */
  diskCapacityKb(fileName: string): number;
}

/** The devices of virtual hardware 4 that a configuration file describes, in the product's order. */
export function virtualDevices(vmx: VmxDocument, surroundings: DeviceSurroundings): VirtualDevice[] {
  const builder = new DeviceBuilder(vmx, surroundings);
  const scsi = builder.scsiControllers();
  const others = [
    ...builder.ideDevices(),
    ...builder.scsiDisks(),
    ...builder.ethernetCards(),
    ...builder.sioDevices(),
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
  const videoRamKb = Math.trunc(Number(vmx.get('svga.vramSize') ?? 4 << 20) / 1024) || 4096;
  return [...chipsetDevices(children, videoRamKb), ...all];
}

const scsiTypes: Readonly<Record<string, readonly [string, string]>> = {
  lsilogic: ['VirtualLsiLogicController', 'LSI Logic'],
  lsisas1068: ['VirtualLsiLogicSASController', 'LSI Logic SAS'],
  pvscsi: ['ParaVirtualSCSIController', 'VMware paravirtual SCSI'],
};

const ethernetTypes: Readonly<Record<string, string>> = {
  e1000: 'VirtualE1000',
  vmxnet: 'VirtualVmxnet',
  vmxnet3: 'VirtualVmxnet3',
};

class DeviceBuilder {
  readonly #vmx: VmxDocument;
  readonly #surroundings: DeviceSurroundings;
  #disks = 0;
  #cdroms = 0;

  constructor(vmx: VmxDocument, surroundings: DeviceSurroundings) {
    this.#vmx = vmx;
    this.#surroundings = surroundings;
  }

  scsiControllers(): VirtualSCSIController[] {
    return this.#present(/^scsi([0-3])$/).map(({ name, numbers: [bus = 0] }) => {
      const [_type, summary] = scsiTypes[this.#text(`${name}.virtualDev`)] ?? [
        'VirtualBusLogicController',
        'BusLogic',
      ];
      return {
        _type,
        key: deviceKeys.scsi + bus,
        deviceInfo: described(`SCSI controller ${bus}`, summary),
        controllerKey: deviceKeys.pci,
        unitNumber: 3 + bus,
        busNumber: bus,
        hotAddRemove: true,
        sharedBus: sharedBus(this.#text(`${name}.sharedBus`)),
        scsiCtlrUnitNumber: 7,
      };
    });
  }

  ideDevices(): VirtualDevice[] {
    return this.#present(/^ide([01]):([01])$/).map(({ name, numbers: [bus = 0, unit = 0] }) => {
      const place = {
        key: deviceKeys.ideDevice + bus * 2 + unit,
        controllerKey: deviceKeys.ide + bus,
        unitNumber: unit,
      };
      return this.#isDisk(name) ? this.#disk(name, place) : this.#cdrom(name, place);
    });
  }

  scsiDisks(): VirtualDevice[] {
    return this.#present(/^scsi([0-3]):(\d+)$/).map(({ name, numbers: [bus = 0, unit = 0] }) => {
      const key = deviceKeys.scsiDisk + bus * 16 + unit;
      const place = { key, controllerKey: deviceKeys.scsi + bus, unitNumber: unit };
      return this.#isDisk(name) ? this.#disk(name, place) : this.#cdrom(name, place);
    });
  }

  ethernetCards(): VirtualEthernetCard[] {
    return this.#present(/^ethernet(\d)$/).map(({ name, numbers: [index = 0] }) => {
      const network = this.#vmx.get(`${name}.networkName`) ?? 'VM Network';
      const isGenerated = this.#text(`${name}.addressType`) !== 'static';
      const address = this.#vmx.get(`${name}.generatedAddress`) ?? this.#vmx.get(`${name}.address`);
      const backing = {
        _type: 'VirtualEthernetCardNetworkBackingInfo',
        deviceName: network,
        useAutoDetect: false,
      };
      return {
        _type: ethernetTypes[this.#text(`${name}.virtualDev`)] ?? 'VirtualPCNet32',
        key: deviceKeys.ethernet + index,
        deviceInfo: described(`Network adapter ${index + 1}`, network),
        backing,
        connectable: this.#connectable(name),
        controllerKey: deviceKeys.pci,
        unitNumber: 7 + index,
        addressType: isGenerated ? 'generated' : 'manual',
        macAddress: address ?? '',
        wakeOnLanEnabled: this.#flag(`${name}.wakeOnPcktRcv`, true),
      };
    });
  }

  sioDevices(): VirtualDevice[] {
    const floppies = this.#present(/^floppy([01])$/).map(({ name, numbers: [index = 0] }) =>
      this.#floppy(name, index),
    );
    const serials = this.#present(/^serial([0-3])$/).map(({ name, numbers: [index = 0] }) =>
      this.#serial(name, index),
    );
    return [...floppies, ...serials];
  }

  #disk(name: string, place: { key: number; controllerKey: number; unitNumber: number }): VirtualDisk {
    this.#disks += 1;
    const fileName = this.#vmx.get(`${name}.fileName`) ?? '';
    const capacityKb = this.#surroundings.diskCapacityKb(fileName);
    const { path, datastore } = this.#surroundings.locate(fileName);
    const backing: VirtualDiskFlatVer2BackingInfo & { _type: string } = {
      _type: 'VirtualDiskFlatVer2BackingInfo',
      fileName: path,
      datastore,
      diskMode: (this.#text(`${name}.mode`) || 'persistent').replace('-', '_'),
      split: false,
      writeThrough: this.#flag(`${name}.writeThrough`, false),
    };
    return {
      _type: 'VirtualDisk',
      ...place,
      deviceInfo: described(`Hard disk ${this.#disks}`, `${capacityKb.toLocaleString('en-US')} KB`),
      backing,
      capacityInKB: capacityKb,
      shares: { shares: 1000, level: 'normal' },
    };
  }

  #cdrom(name: string, place: { key: number; controllerKey: number; unitNumber: number }): VirtualDevice {
    this.#cdroms += 1;
    const label = `CD/DVD drive ${this.#cdroms}`;
    const fileName = this.#vmx.get(`${name}.fileName`) ?? '';
    const isImage = this.#text(`${name}.deviceType`) === 'cdrom-image';
    const { path, datastore } = isImage
      ? this.#surroundings.locate(fileName)
      : { path: '', datastore: undefined };
    const image = { _type: 'VirtualCdromIsoBackingInfo', fileName: path, datastore };
    const device = {
      _type: 'VirtualCdromAtapiBackingInfo',
      deviceName: fileName,
      useAutoDetect: fileName === 'auto detect',
    };
    const backing = isImage ? image : device;
    const summary = isImage ? `ISO ${path}` : `ATAPI ${fileName}`;
    const connectable = this.#connectable(name);
    return { _type: 'VirtualCdrom', ...place, deviceInfo: described(label, summary), backing, connectable };
  }

  #floppy(name: string, index: number): VirtualDevice {
    const fileName = this.#vmx.get(`${name}.fileName`) ?? '';
    const isImage = this.#text(`${name}.fileType`) === 'file';
    const image = {
      _type: 'VirtualFloppyImageBackingInfo',
      fileName: this.#surroundings.locate(fileName).path,
    };
    const device = { _type: 'VirtualFloppyDeviceBackingInfo', deviceName: fileName };
    return {
      _type: 'VirtualFloppy',
      key: deviceKeys.floppy + index,
      deviceInfo: described(`Floppy drive ${index + 1}`, fileName === '' ? 'Remote' : fileName),
      backing: isImage ? image : device,
      connectable: this.#connectable(name),
      controllerKey: deviceKeys.sio,
      unitNumber: index,
    };
  }

  #serial(name: string, index: number): VirtualSerialPort {
    const fileName = this.#vmx.get(`${name}.fileName`) ?? '';
    const type = this.#text(`${name}.fileType`);
    const pipe = {
      _type: 'VirtualSerialPortPipeBackingInfo',
      pipeName: fileName,
      endpoint: this.#text(`${name}.pipe.endPoint`) || 'server',
    };
    const file = {
      _type: 'VirtualSerialPortFileBackingInfo',
      fileName: this.#surroundings.locate(fileName).path,
    };
    const device = { _type: 'VirtualSerialPortDeviceBackingInfo', deviceName: fileName };
    const notAPipe = type === 'file' ? file : device;
    return {
      _type: 'VirtualSerialPort',
      key: deviceKeys.serial + index,
      deviceInfo: described(`Serial port ${index + 1}`, fileName === '' ? type : fileName),
      backing: type === 'pipe' ? pipe : notAPipe,
      connectable: this.#connectable(name),
      controllerKey: deviceKeys.sio,
      unitNumber: index + 2,
      yieldOnPoll: this.#flag(`${name}.yieldOnMsrRead`, false),
    };
  }

  #connectable(name: string): VirtualDeviceConnectInfo {
    const startConnected = this.#flag(`${name}.startConnected`, true);
    const allowGuestControl = this.#flag(`${name}.allowGuestConnectionControl`, true);
    return { startConnected, allowGuestControl, connected: startConnected && this.#surroundings.isPoweredOn };
  }

  /** Names X of X.present = TRUE that fit the pattern, by their numbers. */
  #present(pattern: RegExp): { name: string; numbers: number[] }[] {
    const found = this.#vmx.keys().flatMap(key => {
      const name = /^(.*)\.present$/.exec(key.toLowerCase())?.[1];
      const match = name === undefined ? null : pattern.exec(name);
      if (name === undefined || match === null || !this.#flag(`${name}.present`, false)) return [];
      return [{ name, numbers: match.slice(1).map(Number) }];
    });
    const order = (numbers: readonly number[]): number => (numbers[0] ?? 0) * 64 + (numbers[1] ?? 0);
    return found.sort((a, b) => order(a.numbers) - order(b.numbers));
  }

  #isDisk(name: string): boolean {
    return !/^(cdrom-image|cdrom-raw|atapi-cdrom)$/.test(this.#text(`${name}.deviceType`));
  }

  #text(key: string): string {
    return this.#vmx.get(key)?.trim().toLowerCase() ?? '';
  }

  /** A word that is neither true nor false is for power-on to refuse; the description takes the default. */
  #flag(key: string, fallback: boolean): boolean {
    const text = this.#text(key);
    if (/^(true|t|yes|y|on|1)$/.test(text)) return true;
    return /^(false|f|no|n|off|0)$/.test(text) ? false : fallback;
  }
}

function sharedBus(text: string): VirtualSCSIController['sharedBus'] {
  if (text === 'virtual') return 'virtualSharing';
  return text === 'physical' ? 'physicalSharing' : 'noSharing';
}
