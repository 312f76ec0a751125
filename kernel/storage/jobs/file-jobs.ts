import { closeSync, constants, fdatasyncSync, fstatSync, ftruncateSync } from 'node:fs';
import { posix } from 'node:path';
import { VmkernelError } from '../../abi/index.js';
import { refuseIfLockedAlone } from '../files/tree.js';
import { commitFiles } from './commit.js';
import type { JobParts } from './disk-jobs.js';
import { copyData, type Steps, share } from './fill.js';
import type { Place, Trees } from './journal.js';
import { createFile, requireWritable, temporaryBeside } from './temporary.js';

const MAX_DEPTH = 64;

interface FromTo {
  readonly from: Place;
  readonly to: Place;
  readonly overwrite: boolean;
}

/**
 * Copies a file or a folder with all in it: the whole appears at once. Symbolic links in it are left out.
 * @throws PermissionDenied when `from` is neither
 */
export function* copyFile(parts: JobParts, { from, to, overwrite }: FromTo): Steps {
  yield* copyAside(parts, { from, to, overwrite }, []);
}

/** Moves a file or a folder. Within a datastore it is a rename. */
export function* moveFile(parts: JobParts, { from, to, overwrite }: FromTo): Steps {
  const { trees, journal } = parts;
  trees(from.volume).refuseIfAnyLocked(from.path);
  if (from.volume !== to.volume) {
    yield* copyAside(parts, { from, to, overwrite }, [{ do: 'remove', at: from }]);
    return;
  }
  requireOutside(from, to);
  requireWritable(trees, to, overwrite);
  const operation = journal.begin([]);
  try {
    commitFiles(parts, operation, [{ do: 'rename', from, to }]);
  } finally {
    operation.end();
  }
  yield 1;
}

function* copyAside(
  parts: JobParts,
  { from, to, overwrite }: FromTo,
  after: readonly { readonly do: 'remove'; readonly at: Place }[],
): Steps {
  const { trees, journal } = parts;
  requireOutside(from, to);
  if (trees(from.volume).stat(from.path).type === 'other')
    throw new VmkernelError('PermissionDenied', `${from.path} is no file and no folder`, { path: from.path });
  requireWritable(trees, to, overwrite);
  const temporary = temporaryBeside(to);
  const operation = journal.begin([{ do: 'remove', at: temporary }]);
  try {
    const totalBytes = Math.max(1, sizeOf(trees, from, 0));
    yield* share(copyEntry(trees, from, temporary), totalBytes);
    requireWritable(trees, to, overwrite);
    commitFiles(parts, operation, [{ do: 'rename', from: temporary, to }, ...after]);
  } finally {
    operation.end();
  }
}

function* copyEntry(trees: Trees, from: Place, to: Place): Steps {
  const source = trees(from.volume);
  const { type } = source.stat(from.path);
  if (type === 'file') yield* copyOne(trees, from, to);
  if (type !== 'directory') return;
  trees(to.volume).mkdir(to.path, false);
  for (const { name } of source.list(from.path))
    yield* copyEntry(trees, within(from, name), within(to, name));
}

function* copyOne(trees: Trees, from: Place, to: Place): Steps {
  const source = trees(from.volume).openFile(from.path, constants.O_RDONLY);
  try {
    refuseIfLockedAlone(source, from.path);
    const { size, mode } = fstatSync(source);
    const target = createFile(trees, to, mode & 0o777);
    try {
      ftruncateSync(target, size);
      yield* copyData({ fd: source, offsetBytes: 0 }, { fd: target, offsetBytes: 0 }, size);
      fdatasyncSync(target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

function sizeOf(trees: Trees, place: Place, depth: number): number {
  if (depth > MAX_DEPTH)
    throw new VmkernelError('NotSupported', `${place.path}: too deep`, { path: place.path });
  const tree = trees(place.volume);
  const { type, sizeBytes } = tree.stat(place.path);
  if (type === 'file') return sizeBytes;
  if (type !== 'directory') return 0;
  return tree
    .list(place.path)
    .reduce((sum, { name }) => sum + sizeOf(trees, within(place, name), depth + 1), 0);
}

const within = ({ volume, path }: Place, name: string): Place => ({ volume, path: posix.join(path, name) });

function requireOutside(from: Place, to: Place): void {
  const inside = to.path === from.path || to.path.startsWith(`${from.path}/`);
  if (from.volume !== to.volume || !inside) return;
  throw new VmkernelError('InvalidArgument', `${to.path} is within ${from.path}`, { path: to.path });
}
