export type CpioEntry =
  | { readonly kind: 'file'; readonly path: string; readonly data: Buffer; readonly executable?: boolean }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'char'; readonly path: string; readonly major: number; readonly minor: number };

const ALIGNMENT = 4;
const MODES = { file: 0o100644, folder: 0o040755, symlink: 0o120777, char: 0o020600 } as const;

/** An initramfs in cpio's "newc" format, owned by root, without time stamps: the same entries give the same bytes. */
export const cpioArchive = (entries: readonly CpioEntry[]): Buffer =>
  Buffer.concat([
    ...entries.flatMap((entry, index) => record(entry.path, index + 1, modeOf(entry), dataOf(entry), entry)),
    ...record('TRAILER!!!', 0, 0, Buffer.alloc(0)),
  ]);

const modeOf = (entry: CpioEntry): number =>
  entry.kind === 'file' && entry.executable ? 0o100755 : MODES[entry.kind];

const dataOf = (entry: CpioEntry): Buffer => {
  if (entry.kind === 'file') return entry.data;
  return entry.kind === 'symlink' ? Buffer.from(entry.target) : Buffer.alloc(0);
};

const record = (path: string, inode: number, mode: number, data: Buffer, entry?: CpioEntry): Buffer[] => {
  const name = Buffer.from(`${path}\0`);
  const device = entry?.kind === 'char' ? [entry.major, entry.minor] : [0, 0];
  const links = entry?.kind === 'folder' ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, ...device, name.length, 0];
  const header = `070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(data)];
};

const padded = (bytes: Buffer): Buffer => {
  const rest = bytes.length % ALIGNMENT;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(ALIGNMENT - rest)]);
};
