import type { ImageExtent } from './image.js';
import type { RingFiles } from './ring.js';

export interface ThreadDisk {
  readonly target: number;
  /** The LUN whose workers do its I/O. */
  readonly lun: string;
  readonly extents: readonly ImageExtent[];
  readonly writeCache: boolean;
  readonly uuid: Uint8Array | undefined;
}

export interface ThreadVm extends RingFiles {
  readonly worldId: number;
  readonly vmRow: number;
  readonly vmGeneration: number;
  /** Row of the world to kick. */
  readonly vmmWorldRow: number;
  readonly doorbellFd: number;
  readonly disks: readonly ThreadDisk[];
}

export interface StorageThreadData {
  readonly shmDir: string;
  readonly statisticsPath: string;
  /** Rung by the main thread after a message. */
  readonly controlFd: number;
  /** Rung by I/O workers while `asleep` says so. */
  readonly workFd: number;
  readonly asleep: SharedArrayBuffer;
}

export type ToStorage =
  | { readonly type: 'lun'; readonly lun: string; readonly mailboxes: readonly SharedArrayBuffer[] }
  | { readonly type: 'attach'; readonly id: number; readonly vm: ThreadVm }
  /** Answered when no I/O of the VM is under way and nothing of it is mapped. */
  | { readonly type: 'detach'; readonly id: number; readonly worldId: number }
  | { readonly type: 'stop' };

export type FromStorage =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'ringBroken'; readonly worldId: number };
