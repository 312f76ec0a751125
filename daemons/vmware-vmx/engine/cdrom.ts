import type { DiskMedium } from './medium.js';
import type { IdeInterface } from './private-api.js';

/*
 * v86's CD drive takes a read for granted: any address, any length, no failure; and it takes DMA commands that are for
 * disks alone. The drive stands in front of it.
 */
const BUS_MASTER_ACTIVE = 0x01;
const SENSE_MEDIUM_ERROR = 3;
const SENSE_ILLEGAL_REQUEST = 5;
const UNRECOVERED_READ_ERROR = 0x11;
const BLOCK_OUT_OF_RANGE = 0x21;
/** READ DMA, WRITE DMA and their 48-bit forms: a packet device aborts them (ATA/ATAPI-6 9.10). */
const DISK_DMA_COMMANDS = new Set([0xc8, 0x25, 0xca, 0x35]);
const READ_10 = 0x28;
const READ_12 = 0xa8;
const BLOCK_BYTES = 2048;
/** More than any driver asks for at once; the data of one command is held in memory. */
const MAX_READ_BYTES = 16 << 20;

/** The CD drive of the secondary channel, with an image in it or empty. */
export class IdeCdrom {
  readonly #interface: IdeInterface;
  readonly #medium: DiskMedium | undefined;
  readonly #onDone: () => void;
  /** Moves at every device reset: what was started before has no effect any more. */
  #epoch = 0;

  constructor(ide: IdeInterface, medium: DiskMedium | undefined, onDone: () => void) {
    this.#interface = ide;
    this.#medium = medium;
    this.#onDone = onDone;
  }

  reset(): void {
    this.#epoch++;
  }

  /** Whether the command may start; what is for disks alone is aborted here. */
  admits(command: number): boolean {
    if (!DISK_DMA_COMMANDS.has(command)) return true;
    this.#interface.ata_abort_command();
    return false;
  }

  /** Whether the packet may start: v86 hangs at a read beyond the end, and takes one of any length (MMC-2 9.1.11). */
  admitsPacket(packet: Uint8Array): boolean {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    const operation = packet[0];
    if (this.#medium === undefined || (operation !== READ_10 && operation !== READ_12)) return true;
    const blocks = operation === READ_10 ? view.getUint16(7) : view.getUint32(6);
    const endBytes = (view.getUint32(2) + blocks) * BLOCK_BYTES;
    if (endBytes <= this.#medium.byteLength && blocks * BLOCK_BYTES <= MAX_READ_BYTES) return true;
    this.#fail(SENSE_ILLEGAL_REQUEST, BLOCK_OUT_OF_RANGE);
    return false;
  }

  /** Of a packet that was admitted. */
  read(offsetBytes: number, lengthBytes: number, done: (data: Uint8Array) => void): void {
    const medium = this.#medium;
    if (medium === undefined) return;
    const epoch = this.#epoch;
    medium.read(offsetBytes, lengthBytes, (failure, data) => {
      if (epoch === this.#epoch) {
        if (failure === undefined) done(data);
        else this.#fail(SENSE_MEDIUM_ERROR, UNRECOVERED_READ_ERROR);
      }
      this.#onDone();
    });
  }

  #fail(senseKey: number, additionalCode: number): void {
    const ide = this.#interface;
    ide.channel.dma_status &= ~BUS_MASTER_ACTIVE;
    ide.atapi_check_condition_response(senseKey, additionalCode);
    ide.push_irq();
  }
}
