/** Debian packages that the machine itself needs, by what they are needed for. */
export interface MachinePackage {
  readonly name: string;
  /** A file that shows it is there, looked up in PATH. */
  readonly tool: string;
  readonly for: 'linux' | 'tiny' | 'asm' | 'test';
}

const pkg = (name: string, tool: string, purpose: MachinePackage['for']): MachinePackage => ({
  name,
  tool,
  for: purpose,
});

export const machinePackages: readonly MachinePackage[] = [
  pkg('binutils', 'as', 'asm'),
  pkg('binutils', 'as', 'linux'),
  pkg('dpkg', 'dpkg-deb', 'linux'),
  pkg('util-linux', 'flock', 'linux'),
  pkg('e2fsprogs', 'mke2fs', 'linux'),
  pkg('xz-utils', 'xz', 'linux'),
  pkg('lz4', 'lz4', 'linux'),
  pkg('gcc', 'gcc', 'tiny'),
  pkg('libc6-dev', 'gcc', 'tiny'),
  pkg('make', 'make', 'tiny'),
  pkg('flex', 'flex', 'tiny'),
  pkg('bison', 'bison', 'tiny'),
  pkg('bc', 'bc', 'tiny'),
  pkg('qemu-system-x86', 'qemu-system-i386', 'test'),
];

/** What `apt-get install` is to be given for these purposes. Building `tiny` needs `linux`'s packages too. */
export const aptPackagesFor = (purposes: readonly MachinePackage['for'][]): string[] => [
  ...new Set(machinePackages.filter(p => purposes.includes(p.for)).map(p => p.name)),
];

export const packageOfTool = (tool: string): string | undefined =>
  machinePackages.find(p => p.tool === tool)?.name;
