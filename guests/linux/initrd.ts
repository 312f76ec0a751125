import type { Busybox } from '../image/busybox.js';
import type { CpioEntry } from '../image/cpio.js';
import { type KernelModule, modulesAlias, modulesDep } from '../image/kernel-module.js';

export interface InitrdParts {
  readonly busybox: Busybox;
  readonly init: Buffer;
  readonly release: string;
  readonly modules: readonly KernelModule[];
}

const FOLDERS = ['bin', 'dev', 'proc', 'root', 'sys', 'lib', 'lib/modules'];
/** Enough for `init` and for a person in its rescue shell. */
const APPLETS = [
  ...['sh', 'mount', 'umount', 'modprobe', 'insmod', 'lsmod', 'switch_root', 'usleep', 'setsid', 'cttyhack'],
  ...['cat', 'ls', 'dmesg', 'poweroff', 'reboot', 'mknod'],
];

export const initrdEntries = ({ busybox, init, release, modules }: InitrdParts): CpioEntry[] => {
  const home = `lib/modules/${release}`;
  return [
    ...[...FOLDERS, home].map(path => ({ kind: 'folder', path }) as const),
    { kind: 'char', path: 'dev/console', major: 5, minor: 1 },
    { kind: 'symlink', path: 'sbin', target: 'bin' },
    { kind: 'file', path: 'init', data: init, executable: true },
    { kind: 'file', path: 'bin/busybox', data: busybox.binary, executable: true },
    ...APPLETS.map(name => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' }) as const),
    { kind: 'file', path: `${home}/modules.dep`, data: Buffer.from(modulesDep(modules)) },
    { kind: 'file', path: `${home}/modules.alias`, data: Buffer.from(modulesAlias(modules)) },
    ...modules.map(m => ({ kind: 'file', path: `${home}/${m.name}.ko`, data: m.bytes }) as const),
  ];
};
