import type { IdeCdrom } from './cdrom.js';
import type { DiskMedium, MediumFailure } from './medium.js';
import type { IdeInterface } from './private-api.js';

/*
 * v86's IDE interface answers writes by PIO before they are stored, answers requests beyond the end with status FFh,
 * knows no failed transfer, and lets a write that was reset complete into the next command. The methods that move
 * data are replaced for the interfaces that have one of our disks; registers, IRQ and identification stay v86's.
 */
const STATUS_READY = 0x50;
const STATUS_BUSY = 0xd0;
const STATUS_ERROR = 0x51;
const ERROR_ABORTED = 0x04;
const ERROR_ID_NOT_FOUND = 0x10;
const ERROR_UNCORRECTABLE = 0x40;
const BUS_MASTER_ACTIVE = 0x01;
const BUS_MASTER_ERROR = 0x02;
const SENSE_MEDIUM_ERROR = 3;
const LBA48_COMMANDS = new Set([0x24, 0x25, 0x29, 0x34, 0x35, 0x39]);
const LBA28_COMMANDS = new Set([0x20, 0x21, 0x30, 0x31, 0xc4, 0xc5, 0xc8, 0xca]);
/** A PRD table lies within 64 KiB (SFF-8038i): it has no more entries than that. */
const MAX_PRD_ENTRIES = 8192;
const PRD_END = 0x80;

type Method =
  | 'ata_command'
  | 'atapi_handle'
  | 'read_buffer'
  | 'do_write'
  | 'do_ata_read_sectors_dma'
  | 'do_ata_write_sectors_dma';
const METHODS: readonly Method[] = [
  'ata_command',
  'atapi_handle',
  'read_buffer',
  'do_write',
  'do_ata_read_sectors_dma',
  'do_ata_write_sectors_dma',
];

/** One disk of ours behind one IDE interface of v86. */
export class IdeDisk {
  readonly #interface: IdeInterface;
  readonly #medium: DiskMedium;
  readonly #onDone: () => void;
  /** Moves at every device reset: what was started before has no effect on registers any more. */
  #epoch = 0;

  constructor(ide: IdeInterface, medium: DiskMedium, onDone: () => void) {
    this.#interface = ide;
    this.#medium = medium;
    this.#onDone = onDone;
  }

  reset(): void {
    this.#epoch++;
  }

  /** Whether the command may start; one that reaches beyond the end fails here. */
  admits(command: number): boolean {
    const lba48 = LBA48_COMMANDS.has(command);
    if (!lba48 && !LBA28_COMMANDS.has(command)) return true;
    const ide = this.#interface;
    const end = ide.get_lba(lba48) + ide.get_count(lba48);
    if (end * ide.sector_size <= this.#medium.byteLength) return true;
    this.#fail(ERROR_ID_NOT_FOUND | ERROR_ABORTED);
    return false;
  }

  read(offsetBytes: number, lengthBytes: number, done: (data: Uint8Array) => void): void {
    const finish = this.#guard();
    this.#medium.read(offsetBytes, lengthBytes, (failure, data) => finish(failure, () => done(data)));
  }

  writeByPio(): void {
    const ide = this.#interface;
    const { current_command: command, data_length: lengthBytes } = ide;
    ide.status_reg = STATUS_BUSY;
    const finish = this.#guard();
    this.#medium.write(ide.write_dest, ide.data.subarray(0, lengthBytes), failure =>
      finish(failure, () => {
        ide.status_reg = STATUS_READY;
        ide.ata_advance(command, lengthBytes / ide.sector_size);
        ide.push_irq();
      }),
    );
  }

  readByDma(): void {
    const { offsetBytes, lengthBytes, sectors } = this.#transfer();
    const regions = this.#regions(lengthBytes);
    if (regions === undefined) return;
    this.read(offsetBytes, lengthBytes, data => {
      const { cpu } = this.#interface;
      for (const { address, at, length } of regions) cpu.write_blob(data.subarray(at, at + length), address);
      this.#endDma(sectors);
    });
  }

  writeByDma(): void {
    const { offsetBytes, lengthBytes, sectors } = this.#transfer();
    const regions = this.#regions(lengthBytes);
    if (regions === undefined) return;
    const data = new Uint8Array(lengthBytes);
    const memory = this.#interface.cpu.mem8;
    for (const { address, at, length } of regions) data.set(memory.subarray(address, address + length), at);
    const finish = this.#guard();
    this.#medium.write(offsetBytes, data, failure => finish(failure, () => this.#endDma(sectors)));
  }

  #transfer(): { offsetBytes: number; lengthBytes: number; sectors: number } {
    const ide = this.#interface;
    const lba48 = LBA48_COMMANDS.has(ide.current_command);
    const sectors = ide.get_count(lba48);
    const { sector_size: size } = ide;
    return { offsetBytes: ide.get_lba(lba48) * size, lengthBytes: sectors * size, sectors };
  }

  #endDma(sectors: number): void {
    const ide = this.#interface;
    ide.ata_advance(ide.current_command, sectors);
    ide.status_reg = STATUS_READY;
    ide.channel.dma_status &= ~BUS_MASTER_ACTIVE;
    ide.current_command = -1;
    ide.push_irq();
  }

  /** The guest's memory that a PRD table names, clipped to `lengthBytes`; a bad table fails the command. */
  #regions(lengthBytes: number): { address: number; at: number; length: number }[] | undefined {
    const { cpu, channel } = this.#interface;
    const memoryBytes = cpu.memory_size[0] ?? 0;
    const regions: { address: number; at: number; length: number }[] = [];
    let at = 0;
    for (let entry = 0; entry < MAX_PRD_ENTRIES && at < lengthBytes; entry++) {
      const prd = (channel.prdt_addr >>> 0) + entry * 8;
      const address = cpu.read32s(prd) >>> 0;
      const length = Math.min(cpu.read16(prd + 4) || 0x10000, lengthBytes - at);
      if (address + length > memoryBytes) break;
      regions.push({ address, at, length });
      at += length;
      if ((cpu.read8(prd + 7) & PRD_END) !== 0) break;
    }
    if (at === lengthBytes) return regions;
    this.#fail(ERROR_ABORTED);
    return undefined;
  }

  /** Ends a request once: not at all after a reset, as a failed command after a failure. */
  #guard(): (failure: MediumFailure | undefined, success: () => void) => void {
    const epoch = this.#epoch;
    return (failure, success) => {
      if (epoch === this.#epoch) {
        if (failure === undefined) success();
        else this.#fail(failure.senseKey === SENSE_MEDIUM_ERROR ? ERROR_UNCORRECTABLE : ERROR_ABORTED);
      }
      this.#onDone();
    };
  }

  #fail(error: number): void {
    const ide = this.#interface;
    ide.error_reg = error;
    ide.status_reg = STATUS_ERROR;
    if ((ide.channel.dma_status & BUS_MASTER_ACTIVE) !== 0) {
      ide.channel.dma_status &= ~BUS_MASTER_ACTIVE;
      ide.channel.dma_status |= BUS_MASTER_ERROR;
    }
    ide.current_command = -1;
    ide.push_irq();
  }
}

/** What stands in front of v86's interfaces, by interface: one that is in neither keeps v86's methods. */
interface Fronts {
  readonly disks: Map<IdeInterface, IdeDisk>;
  readonly cdroms: Map<IdeInterface, IdeCdrom>;
}

type Patched = IdeInterface & { fronts?: Fronts };

/**
 * Puts our drives before the interfaces of v86. Its objects are sealed, so the replacement methods stand on their
 * common prototype and look the drive up.
 */
export function attachDrives(
  disks: readonly (readonly [IdeInterface, IdeDisk])[],
  cdroms: readonly (readonly [IdeInterface, IdeCdrom])[],
): void {
  for (const [ide, disk] of disks) frontsOf(ide).disks.set(ide, disk);
  for (const [ide, cdrom] of cdroms) frontsOf(ide).cdroms.set(ide, cdrom);
}

function frontsOf(ide: IdeInterface): Fronts {
  const prototype = Object.getPrototypeOf(ide) as Patched;
  return prototype.fronts ?? patch(prototype);
}

function patch(prototype: Patched): Fronts {
  const fronts: Fronts = { disks: new Map(), cdroms: new Map() };
  Object.defineProperty(prototype, 'fronts', { value: fronts });
  const { disks, cdroms } = fronts;
  const stock = Object.fromEntries(METHODS.map(name => [name, prototype[name]])) as Pick<
    IdeInterface,
    Method
  >;
  const { cancel_io_operations: cancel } = prototype;
  prototype.cancel_io_operations = function () {
    disks.get(this)?.reset();
    cdroms.get(this)?.reset();
    cancel.call(this);
  };
  prototype.ata_command = function (command) {
    const front = disks.get(this) ?? cdroms.get(this);
    if (front?.admits(command) ?? true) stock.ata_command.call(this, command);
  };
  prototype.atapi_handle = function () {
    if (cdroms.get(this)?.admitsPacket(this.data) ?? true) stock.atapi_handle.call(this);
  };
  prototype.read_buffer = function (offset, length, done) {
    const front = disks.get(this) ?? cdroms.get(this);
    if (front === undefined) stock.read_buffer.call(this, offset, length, done);
    else front.read(offset, length, done);
  };
  prototype.do_write = function () {
    const disk = disks.get(this);
    if (disk === undefined) stock.do_write.call(this);
    else disk.writeByPio();
  };
  prototype.do_ata_read_sectors_dma = function () {
    const disk = disks.get(this);
    if (disk === undefined) stock.do_ata_read_sectors_dma.call(this);
    else disk.readByDma();
  };
  prototype.do_ata_write_sectors_dma = function () {
    const disk = disks.get(this);
    if (disk === undefined) stock.do_ata_write_sectors_dma.call(this);
    else disk.writeByDma();
  };
  return fronts;
}
