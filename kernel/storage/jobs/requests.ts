import type { CallFailure, DiskAdapter, DiskFormat, DiskZeroMode } from '../../abi/index.js';
import type { Place } from './journal.js';

/** What a datastore's job worker does. */
export interface JobRequests {
  createDisk: { at: Place; sizeBytes: number; format: DiskFormat; adapterType: DiskAdapter };
  deleteDisk: { at: Place };
  copyDisk: { from: Place; to: Place; format?: DiskFormat; adapterType?: DiskAdapter; overwrite: boolean };
  moveDisk: { from: Place; to: Place; overwrite: boolean };
  extendDisk: { at: Place; sizeBytes: number };
  zeroDisk: { at: Place; mode: DiskZeroMode };
  setDiskUuid: { at: Place; uuid: string };
  copyFile: { from: Place; to: Place; overwrite: boolean };
  moveFile: { from: Place; to: Place; overwrite: boolean };
  beginUpload: { upload: number; at: Place; sizeBytes?: number };
  writeUpload: { upload: number; at: Place; data: Uint8Array };
  commitUpload: { upload: number; at: Place };
  abortUpload: { upload: number; at: Place };
  /** Ends what a killed process left; the worker does so by itself when it starts. */
  recover: Record<string, never>;
}

export type JobName = keyof JobRequests;

export type JobMessage =
  | { readonly id: number; readonly name: JobName; readonly args: unknown }
  | { readonly cancel: number };

export type JobReply =
  | { readonly id: number; readonly progress: number }
  | { readonly id: number; readonly done: true }
  | { readonly id: number; readonly error: CallFailure }
  /** An entry of the journal that could not be worked off. */
  | { readonly warning: string };

export interface JobWorkerData {
  readonly volume: string;
  readonly name: string;
  readonly journalFolder: string;
  /** All datastores of the host: a job may read from another one. */
  readonly folders: readonly { readonly volume: string; readonly folder: string; readonly shown: string }[];
}
