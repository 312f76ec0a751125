/**
 * What a virtual machine of hardware version 4 can be made of: the builder refuses what is beyond it and
 * EnvironmentBrowser tells it. Numbers are VI3's configuration maximums.
 */
export const hardware4 = {
  key: 'vmx-04',
  number: 4,
  vcpuCounts: [1, 2, 3, 4],
  memoryMb: { min: 4, max: 65_532, step: 4, default: 32 },
  /** Shared by SCSI controllers and network adapters. */
  pciSlots: 6,
  scsiControllers: 4,
  /** Units of a SCSI bus without the controller's own. */
  scsiUnits: 15,
  scsiControllerUnit: 7,
  ideControllers: 2,
  ideUnits: 2,
  ethernetCards: 4,
  floppies: 2,
  serialPorts: 4,
  parallelPorts: 3,
  /** 2 TB less one sector, in whole kilobytes. */
  diskCapacityKb: { min: 1, max: 2 ** 31 - 1 },
  videoRamKb: { min: 512, max: 131_072, default: 4096 },
  nameLength: 80,
  annotationLength: 10_000,
  shares: { min: 1, max: 1_000_000 },
} as const;
