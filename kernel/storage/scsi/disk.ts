import { BLOCK_BYTES, blockRange, Opcode, READ_CAPACITY_16_ACTION } from './opcodes.js';
import {
  type DiskIdentity,
  modeSense,
  readCapacity10,
  readCapacity16,
  reportLuns,
  standardInquiry,
  vitalProductData,
} from './pages.js';
import {
  BLOCK_OUT_OF_RANGE,
  BUS_RESET,
  DATA_PHASE_ERROR,
  encodeSense,
  INVALID_FIELD_IN_CDB,
  INVALID_OPERATION_CODE,
  NO_SENSE,
  SAVING_NOT_SUPPORTED,
  ScsiStatus,
  SENSE_BYTES,
  type Sense,
  TARGET_RESET,
  UNIT_NOT_SUPPORTED,
} from './sense.js';

/** A command as it arrives: its CDB (16 bytes, zero-padded) and how much data the initiator sends and accepts. */
export interface ScsiCommand {
  readonly initiator: number;
  readonly lun: number;
  readonly cdb: Uint8Array;
  readonly dataOutBytes: number;
  readonly dataInBytes: number;
}

/** What a command comes to: an answer at once, or work on the medium. */
export type ScsiOutcome =
  | { readonly kind: 'answer'; readonly status: number; readonly sense?: Sense; readonly data?: Uint8Array }
  | { readonly kind: 'read' | 'verify'; readonly offsetBytes: number; readonly lengthBytes: number }
  | {
      readonly kind: 'write';
      readonly offsetBytes: number;
      readonly lengthBytes: number;
      /** It must be on stable storage before it completes: FUA, or the disk claims no write cache. */
      readonly durable: boolean;
    }
  | { readonly kind: 'flush' };

const GOOD: ScsiOutcome = { kind: 'answer', status: ScsiStatus.good };
const CONFLICT: ScsiOutcome = { kind: 'answer', status: ScsiStatus.reservationConflict };
const FUA = 0x08;
const BYTE_CHECK = 0x06;
const SAVED_VALUES = 3;

/** Commands that a reservation or a pending unit attention does not hold up (SPC-2 5.5, SPC-3 4.5). */
const ALWAYS_ANSWERED: ReadonlySet<number> = new Set([
  Opcode.inquiry,
  Opcode.requestSense,
  Opcode.reportLuns,
]);
const IN_SPITE_OF_RESERVATION: ReadonlySet<number> = new Set([
  ...ALWAYS_ANSWERED,
  Opcode.release6,
  Opcode.readCapacity10,
]);

/** A SCSI disk's decisions. It holds reservation and unit attentions, and does no I/O. */
export class ScsiDisk {
  readonly #identity: DiskIdentity;
  readonly #attentions = new Map<number, Sense>();
  #reservedBy: number | undefined;

  constructor(identity: DiskIdentity) {
    this.#identity = identity;
  }

  /** After a reset of the target or its bus: reservations go, and each initiator is told at its next command. */
  reset(initiators: readonly number[], wholeBus: boolean): void {
    this.#reservedBy = undefined;
    for (const initiator of initiators) this.#attentions.set(initiator, wholeBus ? BUS_RESET : TARGET_RESET);
  }

  execute(command: ScsiCommand): ScsiOutcome {
    const opcode = command.cdb[0] ?? 0;
    if (command.lun !== 0) return this.#noUnit(command, opcode);
    if (!ALWAYS_ANSWERED.has(opcode)) {
      const reservedByOther = this.#reservedBy !== undefined && this.#reservedBy !== command.initiator;
      if (reservedByOther && !IN_SPITE_OF_RESERVATION.has(opcode)) return CONFLICT;
      const attention = this.#takeAttention(command.initiator);
      if (attention !== undefined) return refuse(attention);
    }
    return this.#transfer(command, opcode) ?? this.#inform(command, opcode);
  }

  #transfer(command: ScsiCommand, opcode: number): ScsiOutcome | undefined {
    switch (opcode) {
      case Opcode.read6:
      case Opcode.read10:
      case Opcode.read12:
      case Opcode.read16:
        return this.#read(command);
      case Opcode.write6:
      case Opcode.write10:
      case Opcode.write12:
      case Opcode.write16:
        return this.#write(command, opcode !== Opcode.write6 && ((command.cdb[1] ?? 0) & FUA) !== 0);
      case Opcode.verify10:
      case Opcode.verify16:
        return this.#verify(command);
      case Opcode.synchronizeCache10:
      case Opcode.synchronizeCache16:
        return this.#inRange(command.cdb) ? { kind: 'flush' } : refuse(BLOCK_OUT_OF_RANGE);
      default:
        return undefined;
    }
  }

  #inform(command: ScsiCommand, opcode: number): ScsiOutcome {
    const { cdb } = command;
    switch (opcode) {
      case Opcode.testUnitReady:
        return GOOD;
      case Opcode.requestSense:
        return answer(senseData(this.#takeAttention(command.initiator) ?? NO_SENSE), byte(cdb, 4), command);
      case Opcode.inquiry:
        return this.#inquiry(command);
      case Opcode.modeSense6:
        return this.#modeSense(command, byte(cdb, 4));
      case Opcode.modeSense10:
        return this.#modeSense(command, word(cdb, 7));
      case Opcode.readCapacity10:
        return this.#readCapacity(command);
      case Opcode.serviceActionIn16:
        if ((byte(cdb, 1) & 0x1f) !== READ_CAPACITY_16_ACTION) return refuse(INVALID_FIELD_IN_CDB);
        return answer(readCapacity16(this.#identity.blocks), long(cdb, 10), command);
      case Opcode.reportLuns:
        return answer(reportLuns(), long(cdb, 6), command);
      case Opcode.reserve6:
      case Opcode.release6:
        return this.#reserve(command, opcode === Opcode.reserve6);
      default:
        return refuse(INVALID_OPERATION_CODE);
    }
  }

  #read({ cdb, dataInBytes }: ScsiCommand): ScsiOutcome {
    const { block, count } = blockRange(cdb);
    if (block + count > this.#identity.blocks) return refuse(BLOCK_OUT_OF_RANGE);
    if (count === 0) return GOOD;
    if (dataInBytes < count * BLOCK_BYTES) return refuse(DATA_PHASE_ERROR);
    return { kind: 'read', offsetBytes: block * BLOCK_BYTES, lengthBytes: count * BLOCK_BYTES };
  }

  #write({ cdb, dataOutBytes }: ScsiCommand, forceUnitAccess: boolean): ScsiOutcome {
    const { block, count } = blockRange(cdb);
    if (block + count > this.#identity.blocks) return refuse(BLOCK_OUT_OF_RANGE);
    if (count === 0) return GOOD;
    if (dataOutBytes < count * BLOCK_BYTES) return refuse(DATA_PHASE_ERROR);
    const durable = forceUnitAccess || !this.#identity.writeCache;
    return { kind: 'write', offsetBytes: block * BLOCK_BYTES, lengthBytes: count * BLOCK_BYTES, durable };
  }

  /** Without BYTCHK: the medium can be read. Comparing with data is an optional function. */
  #verify({ cdb }: ScsiCommand): ScsiOutcome {
    if ((byte(cdb, 1) & BYTE_CHECK) !== 0) return refuse(INVALID_FIELD_IN_CDB);
    if (!this.#inRange(cdb)) return refuse(BLOCK_OUT_OF_RANGE);
    const { block, count } = blockRange(cdb);
    if (count === 0) return GOOD;
    return { kind: 'verify', offsetBytes: block * BLOCK_BYTES, lengthBytes: count * BLOCK_BYTES };
  }

  #inRange(cdb: Uint8Array): boolean {
    const { block, count } = blockRange(cdb);
    return block + count <= this.#identity.blocks;
  }

  #inquiry(command: ScsiCommand): ScsiOutcome {
    const { cdb } = command;
    const vital = (byte(cdb, 1) & 1) !== 0;
    if (!vital && byte(cdb, 2) !== 0) return refuse(INVALID_FIELD_IN_CDB);
    const data = vital ? vitalProductData(byte(cdb, 2), this.#identity) : standardInquiry(true);
    return data === undefined ? refuse(INVALID_FIELD_IN_CDB) : answer(data, word(cdb, 3), command);
  }

  #modeSense(command: ScsiCommand, allocationBytes: number): ScsiOutcome {
    if (byte(command.cdb, 2) >>> 6 === SAVED_VALUES) return refuse(SAVING_NOT_SUPPORTED);
    const data = modeSense(command.cdb, this.#identity);
    return data === undefined ? refuse(INVALID_FIELD_IN_CDB) : answer(data, allocationBytes, command);
  }

  #readCapacity(command: ScsiCommand): ScsiOutcome {
    const partial = (byte(command.cdb, 8) & 1) !== 0;
    if (!partial && long(command.cdb, 2) !== 0) return refuse(INVALID_FIELD_IN_CDB);
    return answer(readCapacity10(this.#identity.blocks), 8, command);
  }

  /** RESERVE(6) and RELEASE(6) of the whole unit; releasing another's reservation does nothing (SPC-2 7.17). */
  #reserve({ cdb, initiator }: ScsiCommand, reserve: boolean): ScsiOutcome {
    if ((byte(cdb, 1) & 0x1f) !== 0) return refuse(INVALID_FIELD_IN_CDB);
    if (reserve) this.#reservedBy = initiator;
    else if (this.#reservedBy === initiator) this.#reservedBy = undefined;
    return GOOD;
  }

  #noUnit(command: ScsiCommand, opcode: number): ScsiOutcome {
    const { cdb } = command;
    if (opcode === Opcode.inquiry) return answer(standardInquiry(false), word(cdb, 3), command);
    if (opcode === Opcode.reportLuns) return answer(reportLuns(), long(cdb, 6), command);
    if (opcode === Opcode.requestSense) return answer(senseData(UNIT_NOT_SUPPORTED), byte(cdb, 4), command);
    return refuse(UNIT_NOT_SUPPORTED);
  }

  #takeAttention(initiator: number): Sense | undefined {
    const attention = this.#attentions.get(initiator);
    if (attention !== undefined) this.#attentions.delete(initiator);
    return attention;
  }
}

function refuse(sense: Sense): ScsiOutcome {
  return { kind: 'answer', status: ScsiStatus.checkCondition, sense };
}

function answer(data: Iterable<number>, allocationBytes: number, command: ScsiCommand): ScsiOutcome {
  const bytes = Uint8Array.from(data).subarray(0, Math.min(allocationBytes, command.dataInBytes));
  return { kind: 'answer', status: ScsiStatus.good, data: bytes };
}

function senseData(sense: Sense): Uint8Array {
  const out = new Uint8Array(SENSE_BYTES);
  encodeSense(sense, out);
  return out;
}

const byte = (cdb: Uint8Array, at: number): number => cdb[at] ?? 0;
const word = (cdb: Uint8Array, at: number): number => (byte(cdb, at) << 8) | byte(cdb, at + 1);
const long = (cdb: Uint8Array, at: number): number => word(cdb, at) * 65536 + word(cdb, at + 2);
