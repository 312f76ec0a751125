/** SCSI status bytes (SAM-3 5.3). */
export const ScsiStatus = {
  good: 0x00,
  checkCondition: 0x02,
  reservationConflict: 0x18,
  taskAborted: 0x40,
} as const;

export const SENSE_BYTES = 18;

/** Why a command ended with CHECK CONDITION: sense key, additional code and qualifier (SPC-3 4.5). */
export interface Sense {
  readonly key: number;
  readonly asc: number;
  readonly ascq: number;
  /** Logical block the error is about. */
  readonly block?: number;
}

const MEDIUM_ERROR = 3;
const HARDWARE_ERROR = 4;
const ILLEGAL_REQUEST = 5;
const UNIT_ATTENTION = 6;
const DATA_PROTECT = 7;
const ABORTED_COMMAND = 0x0b;

const sense = (key: number, asc: number, ascq = 0): Sense => ({ key, asc, ascq });

export const NO_SENSE = sense(0, 0);
export const INVALID_OPERATION_CODE = sense(ILLEGAL_REQUEST, 0x20);
export const BLOCK_OUT_OF_RANGE = sense(ILLEGAL_REQUEST, 0x21);
export const INVALID_FIELD_IN_CDB = sense(ILLEGAL_REQUEST, 0x24);
export const UNIT_NOT_SUPPORTED = sense(ILLEGAL_REQUEST, 0x25);
export const SAVING_NOT_SUPPORTED = sense(ILLEGAL_REQUEST, 0x39);
export const BUS_RESET = sense(UNIT_ATTENTION, 0x29, 0x02);
export const TARGET_RESET = sense(UNIT_ATTENTION, 0x29, 0x03);
/** The initiator's buffer is shorter than the command needs: on a parallel bus the data phase ends early. */
export const DATA_PHASE_ERROR = sense(ABORTED_COMMAND, 0x4b);

const ENXIO = 6;
const ENODEV = 19;
const ENOSPC = 28;
const EROFS = 30;
const ENOTCONN = 107;
const ESTALE = 116;
const EDQUOT = 122;

/** What a guest is told of an errno that its read or write met at `block`. */
export function senseOfErrno(errno: number, writing: boolean, block: number): Sense {
  switch (errno) {
    case ENOSPC:
    case EDQUOT:
      return sense(DATA_PROTECT, 0x27, 0x07); // SPACE ALLOCATION FAILED WRITE PROTECT
    case EROFS:
      return sense(DATA_PROTECT, 0x27);
    case ENXIO:
    case ENODEV:
    case ENOTCONN:
    case ESTALE:
      return sense(HARDWARE_ERROR, 0x08); // LOGICAL UNIT COMMUNICATION FAILURE
    default:
      return { key: MEDIUM_ERROR, asc: writing ? 0x0c : 0x11, ascq: 0, block };
  }
}

/** Fixed format, current error, into 18 bytes from `offset` on. */
export function encodeSense(value: Sense, out: Uint8Array, offset = 0): void {
  out.fill(0, offset, offset + SENSE_BYTES);
  const { key, asc, ascq, block } = value;
  const known = block !== undefined && block < 2 ** 32;
  out[offset] = known ? 0xf0 : 0x70;
  out[offset + 2] = key;
  if (known) new DataView(out.buffer, out.byteOffset + offset).setUint32(3, block);
  out[offset + 7] = SENSE_BYTES - 8;
  out[offset + 12] = asc;
  out[offset + 13] = ascq;
}
