/**
 * The end of a command. `status` is the SCSI status (0 = GOOD, 2 = CHECK CONDITION, 40h = TASK ABORTED …), never GOOD
 * unless the command took place; `sense` is fixed-format sense data where there is a status to explain; `dataIn` is
 * what the command returned; `hostStatus` (DiskHostStatus) tells a host adapter why where the status cannot. Both
 * arrays are valid until the callback returns.
 */
export type DiskDone = (
  status: number,
  sense: Uint8Array | undefined,
  dataIn: Uint8Array | undefined,
  hostStatus: number,
) => void;

/** The end of an abort or a reset: storage has acknowledged it, and nothing it covers can take effect any more. */
export type ControlDone = (hostStatus: number) => void;

/** One virtual disk as a virtual device reaches it: commands go out, completions come back in `poll`. */
export interface DiskPort {
  /**
   * Starts a command. Data out is taken by value before this returns; `dataInBytes` is the most that the command may
   * return; either is at most DISK_TRANSFER_BYTES (1 MiB). `onDone` is called exactly once, from `poll`, never from
   * here; a command for which the ring has no room waits its turn.
   * @returns a handle for `abort`
   */
  submit(cdb: Uint8Array, dataOut: Uint8Array | undefined, dataInBytes: number, onDone: DiskDone): number;
  /** Aborts one command. It ends by its own `onDone` first, aborted or (when it was too late) done. */
  abort(handle: number, onDone: ControlDone): void;
  /** Target reset: every command of this disk ends, reservations go, the next command meets a unit attention. */
  reset(onDone: ControlDone): void;
  /** Delivers completions that have arrived, of every disk of the ring. Never blocks. @returns how many */
  poll(): number;
}
