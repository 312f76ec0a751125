import type { Snapshot } from './snapshot.js';

/** Where snapshots come from: a running host, or a recording of one. */
export interface SnapshotSource {
  /** Aborted when nothing more will come. */
  readonly over: AbortSignal;
  /** @param previous the one before, null for the first; it comes again when there is none after it */
  snapshot(previous: Snapshot | null): Snapshot;
  /** Ends the VM that a world belongs to. @returns what to tell */
  endVm(worldIds: readonly number[]): Promise<string>;
  close(): void;
}
