import type { VirtualDevice } from '../../../../lib/vim/index.js';
import type { VmxDocument } from '../../../../lib/vmx/index.js';
import { deviceKeys } from '../device-keys.js';
import { DeviceLines } from '../device-lines.js';
import { hardware4 } from '../hardware4.js';
import { invalidController, invalidDevice, missingController, tooManyDevices } from './spec-fault.js';

/** Where devices of a machine can be, and what the keys that a spec gave new controllers have become. */
export class DeviceSlots {
  readonly #vmx: VmxDocument;
  /** Keys of the spec to keys of the machine. */
  readonly #temporary = new Map<number, number>();

  constructor(vmx: VmxDocument) {
    this.#vmx = vmx;
  }

  lines(node: string): DeviceLines {
    return new DeviceLines(this.#vmx, node);
  }

  isTaken(node: string): boolean {
    return this.lines(node).isPresent;
  }

  /** The key under which the spec names a controller that it adds. */
  noteKey(specKey: number, key: number): void {
    this.#temporary.set(specKey, key);
  }

  /**
   * A place on a disk controller: the unit asked for or the first free one.
   * @throws VimFault MissingController, InvalidController, InvalidDeviceSpec, TooManyDevices
   */
  onDiskController(device: VirtualDevice, index: number, kinds: readonly ('ide' | 'scsi')[]): string {
    const bus = this.#diskBus(device, index, kinds);
    const units =
      bus.kind === 'ide'
        ? Array.from({ length: hardware4.ideUnits }, (_, unit) => unit)
        : Array.from({ length: hardware4.scsiUnits + 1 }, (_, unit) => unit).filter(
            unit => unit !== hardware4.scsiControllerUnit,
          );
    const nodeOf = (unit: number): string => `${bus.kind}${bus.number}:${unit}`;
    const asked = device.unitNumber;
    if (asked !== undefined && asked >= 0) {
      if (!units.includes(asked) || this.isTaken(nodeOf(asked))) throw invalidDevice(index, 'unitNumber');
      return nodeOf(asked);
    }
    const free = units.find(unit => !this.isTaken(nodeOf(unit)));
    if (free === undefined) throw tooManyDevices();
    return nodeOf(free);
  }

  /** The first free one of a numbered kind, such as `ethernet2`. */
  firstFree(name: string, count: number): string {
    const numbers = Array.from({ length: count }, (_, number) => number);
    const free = numbers.find(number => !this.isTaken(`${name}${number}`));
    if (free === undefined) throw tooManyDevices();
    return `${name}${free}`;
  }

  /** A device that can only be on one of the chipset's controllers may leave it out. */
  requireFixedController(device: VirtualDevice, index: number, key: number): void {
    if (device.controllerKey === undefined) return;
    if (this.#resolve(device.controllerKey) !== key) throw invalidController(index, device.controllerKey);
  }

  requirePciSlot(): void {
    const count = (name: string, most: number): number => {
      return Array.from({ length: most }, (_, n) => this.isTaken(`${name}${n}`)).filter(Boolean).length;
    };
    const used = count('scsi', hardware4.scsiControllers) + count('ethernet', hardware4.ethernetCards);
    if (used >= hardware4.pciSlots) throw tooManyDevices();
  }

  #diskBus(
    { controllerKey }: VirtualDevice,
    index: number,
    kinds: readonly ('ide' | 'scsi')[],
  ): { kind: 'ide' | 'scsi'; number: number } {
    if (controllerKey === undefined) throw missingController(index);
    const key = this.#resolve(controllerKey);
    const number = key - deviceKeys.scsi;
    const isScsi = number >= 0 && number < hardware4.scsiControllers && this.isTaken(`scsi${number}`);
    if (isScsi && kinds.includes('scsi')) return { kind: 'scsi', number };
    const ide = key - deviceKeys.ide;
    if (ide >= 0 && ide < hardware4.ideControllers && kinds.includes('ide'))
      return { kind: 'ide', number: ide };
    throw invalidController(index, controllerKey);
  }

  #resolve(key: number): number {
    return this.#temporary.get(key) ?? key;
  }
}
