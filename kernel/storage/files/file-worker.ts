import { statfsSync } from 'node:fs';
import { posix } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { setThreadName } from '../../../lib/linux/index.js';
import { appendContents, readContents, replaceContents, writeContents } from './contents.js';
import { diskInfo } from './disk-info.js';
import { fileError } from './errors.js';
import { closeDisk, openDisk, openImage } from './open-disk.js';
import type { FileReply, FileRequest, FileRequestName, FileRequests, FileWorkerData } from './requests.js';
import { DatastoreTree } from './tree.js';
import { lockVmx, refuseIfVmxLocked, unlockVmx } from './vmx-lock.js';

/** A datastore's file worker: does file requests one after the other, and may block in this datastore as long as it must. */
type Handlers = {
  readonly [N in FileRequestName]: (args: FileRequests[N]['args']) => FileRequests[N]['result'];
};

function handlers(tree: DatastoreTree, shown: string): Handlers {
  const free = (path: string): string => {
    refuseIfVmxLocked(tree, path, shown);
    return path;
  };
  return {
    read: ({ path, offsetBytes, lengthBytes }) => readContents(tree, path, offsetBytes, lengthBytes),
    write: ({ path, data, ...options }) => writeContents(tree, free(path), data, options),
    append: ({ path, data }) => appendContents(tree, free(path), data),
    replace: ({ path, data, holdsLock = false }) =>
      replaceContents(tree, holdsLock ? path : free(path), data),
    stat: ({ path }) => tree.stat(path),
    list: ({ path }) => tree.list(path),
    mkdir: ({ path, recursive }) => tree.mkdir(path, recursive),
    rename: ({ from, to }) => tree.rename(free(from), free(to)),
    remove: ({ path, recursive }) => tree.remove(free(path), recursive),
    space: () => {
      const { bsize, blocks, bavail } = statfsSync(tree.rootPath);
      return { capacityBytes: blocks * bsize, freeBytes: bavail * bsize };
    },
    openDisk: ({ path }) => {
      const { descriptor: _, ...disk } = openDisk(tree, path, shown);
      return disk;
    },
    openImage: ({ path }) => openImage(tree, path, shown),
    diskInfo: ({ path }) => diskInfo(tree, path, shown),
    closeDisk: disk => closeDisk(disk),
    lockVmx: ({ path, owner }) => lockVmx(tree, path, shown, owner),
    unlockVmx: ({ path, fd }) => unlockVmx(tree, path, fd),
  };
}

function main({ folder, shown, name }: FileWorkerData): void {
  setThreadName(name);
  let tree: DatastoreTree | undefined;
  parentPort?.on('message', (request: FileRequest) => {
    parentPort?.postMessage(
      reply(
        request,
        () => {
          // Opened late, so that a datastore that is not there now may come back.
          tree ??= new DatastoreTree(folder);
          return (handlers(tree, shown)[request.name] as (args: unknown) => unknown)(request.args);
        },
        shown,
      ),
    );
  });
}

function reply(request: FileRequest, run: () => unknown, shown: string): FileReply {
  try {
    return { id: request.id, result: run() };
  } catch (error) {
    const { code, message, details } = fileError(error, posix.join(shown, pathOf(request.args)));
    return { id: request.id, error: { code, message, details } };
  }
}

function pathOf(args: unknown): string {
  if (typeof args !== 'object' || args === null) return '';
  if ('path' in args) return String(args.path);
  return 'from' in args ? String(args.from) : '';
}

main(workerData as FileWorkerData);
