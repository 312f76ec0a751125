import type { CallFailure, DirectoryEntry, DiskInfo, FileStat } from '../../abi/index.js';
import type { Contents } from './contents.js';
import type { OpenDisk } from './open-disk.js';

/** What a datastore's file worker does. Paths are relative to the datastore. */
export interface FileRequests {
  read: { args: { path: string; offsetBytes: number; lengthBytes: number }; result: Contents };
  write: {
    args: { path: string; data: Uint8Array; offsetBytes: number; create: boolean; truncate: boolean };
    result: unknown;
  };
  append: { args: { path: string; data: Uint8Array }; result: unknown };
  /** `holdsLock`: of a .vmx whose lock this host holds. */
  replace: { args: { path: string; data: Uint8Array; holdsLock?: boolean }; result: FileStat };
  stat: { args: { path: string }; result: FileStat };
  list: { args: { path: string }; result: DirectoryEntry[] };
  mkdir: { args: { path: string; recursive: boolean }; result: unknown };
  rename: { args: { from: string; to: string }; result: unknown };
  remove: { args: { path: string; recursive: boolean }; result: unknown };
  space: { args: Record<string, never>; result: { capacityBytes: number; freeBytes: number } };
  diskInfo: { args: { path: string }; result: DiskInfo };
  openDisk: { args: { path: string }; result: OpenDisk };
  openImage: { args: { path: string }; result: OpenDisk };
  /** @returns what Linux said of descriptors that it closed with an error */
  closeDisk: { args: Pick<OpenDisk, 'extents' | 'descriptorFd'>; result: string[] };
  lockVmx: { args: { path: string; owner: string }; result: number };
  unlockVmx: { args: { path: string; fd: number }; result: unknown };
}

export type FileRequestName = keyof FileRequests;

/** Requests that give something back: they are taken however many wait. */
export const GIVING_BACK: ReadonlySet<FileRequestName> = new Set<FileRequestName>(['closeDisk', 'unlockVmx']);

export interface FileRequest {
  readonly id: number;
  readonly name: FileRequestName;
  readonly args: unknown;
}

export type FileReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: CallFailure };

export interface FileWorkerData {
  /** The datastore's folder. */
  readonly folder: string;
  /** `/vmfs/volumes/<volume>` */
  readonly shown: string;
  readonly name: string;
}
