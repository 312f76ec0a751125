import { check, lastErrno, libc } from './libc.js';

const unshare_ = libc.func('int unshare(int flags)');
const mount_ = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const umount_ = libc.func('int umount2(const char *target, int flags)');
const pivotRoot_ = libc.func('int pivot_root(const char *root, const char *old)');
const setHostName_ = libc.func('int sethostname(const char *name, size_t length)');
const mknod_ = libc.func('int mknod(const char *path, unsigned int mode, unsigned long device)');

export const CLONE_FS = 0x200;
export const CLONE_NEWNS = 0x20000;
export const CLONE_NEWCGROUP = 0x2000000;
export const CLONE_NEWUTS = 0x4000000;
export const CLONE_NEWIPC = 0x8000000;

export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_REMOUNT = 32;
export const MS_BIND = 4096;
export const MS_REC = 16384;
export const MS_PRIVATE = 1 << 18;

const MNT_DETACH = 2;
const S_IFCHR = 0o020000;
const EPERM = 1;

/** Gives the calling thread namespaces of its own; with CLONE_NEWPID its children are born in a new one. */
export function unshare(flags: number): void {
  check('unshare', unshare_(flags));
}

/** mount(2). `source`, `type` and `data` may be null as the manual page allows. */
export function mount(
  source: string | null,
  target: string,
  type: string | null,
  flags: number,
  data: string | null = null,
): void {
  check('mount', mount_(source, target, type, flags, data), `${type ?? source ?? 'remount'} on ${target}`);
}

/** Shows `source` at `target` too; `flags` (MS_RDONLY, MS_NOSUID…) need a second call, which this makes. */
export function bindMount(source: string, target: string, flags = 0): void {
  mount(source, target, null, MS_BIND);
  if (flags !== 0) mount(null, target, null, MS_REMOUNT | MS_BIND | flags);
}

/** Takes a mount out of the tree at once; it ends when its last user does. */
export function detachMount(target: string): void {
  check('umount2', umount_(target, MNT_DETACH), target);
}

/** Makes `root` (a mount point) the root of this mount namespace and puts the old one at `old`, a folder below it. */
export function pivotRoot(root: string, old: string): void {
  check('pivot_root', pivotRoot_(root, old), root);
}

export function setHostName(name: string): void {
  check('sethostname', setHostName_(name, Buffer.byteLength(name)), name);
}

/** Makes a character device node. @returns false where this process may not (a container without CAP_MKNOD) */
export function makeCharacterDevice(path: string, mode: number, major: number, minor: number): boolean {
  if (mknod_(path, S_IFCHR | mode, major * 256 + minor) === 0) return true;
  if (lastErrno() === EPERM) return false;
  check('mknod', -1, path);
  return false;
}
