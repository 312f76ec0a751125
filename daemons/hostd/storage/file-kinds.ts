import type { DirectoryEntry } from '../../../kernel/abi/index.js';
import type { DataObject } from '../../../lib/vim/index.js';

/** What a file on a datastore is to clients, told by its name. */
export type FileKind =
  | 'Folder'
  | 'VmDisk'
  | 'VmConfig'
  | 'TemplateConfig'
  | 'VmSnapshot'
  | 'VmNvram'
  | 'VmLog'
  | 'IsoImage'
  | 'FloppyImage';

/** `vm-flat.vmdk`, `vm-000001-delta.vmdk`, `vm-s001.vmdk`: data of a disk, whose descriptor is the disk. */
const extentName = /-(flat|delta|rdmp?|[sf]\d{3})\.vmdk$/i;

const kinds: readonly (readonly [RegExp, FileKind])[] = [
  [/\.vmdk$/i, 'VmDisk'],
  [/\.vmx$/i, 'VmConfig'],
  [/\.vmtx$/i, 'TemplateConfig'],
  [/\.(vmsn|vmsd|vmss)$/i, 'VmSnapshot'],
  [/\.nvram$/i, 'VmNvram'],
  [/\.log$/i, 'VmLog'],
  [/\.iso$/i, 'IsoImage'],
  [/\.(flp|img)$/i, 'FloppyImage'],
];

/** Undefined for a file that is no more than a file. */
export function kindOf({ name, type }: DirectoryEntry): FileKind | undefined {
  if (type === 'directory') return 'Folder';
  if (extentName.test(name)) return undefined;
  return kinds.find(([pattern]) => pattern.test(name))?.[1];
}

export const fileKinds: readonly FileKind[] = [
  'Folder',
  'VmConfig',
  'TemplateConfig',
  'VmDisk',
  'VmSnapshot',
  'VmNvram',
  'VmLog',
  'IsoImage',
  'FloppyImage',
];

/** The query that a kind of file answers to; a query of the base type asks for any file. */
export function asksFor(query: DataObject, kind: FileKind | undefined): boolean {
  const type = query._type ?? 'FileQuery';
  if (type === 'FileQuery') return true;
  // TemplateConfigFileQuery extends VmConfigFileQuery.
  if (type === 'VmConfigFileQuery' && kind === 'TemplateConfig') return true;
  return kind !== undefined && type === queryTypeOf(kind);
}

export function queryTypeOf(kind: FileKind): string {
  return `${kind}FileQuery`;
}

export function infoTypeOf(kind: FileKind | undefined): string {
  return kind === undefined ? 'FileInfo' : `${kind}FileInfo`;
}

/** Shell patterns: `*` any characters, `?` one. */
export function nameMatcher(
  patterns: readonly string[],
  caseInsensitive: boolean,
): (name: string) => boolean {
  const fold = (text: string): string => (caseInsensitive ? text.toLowerCase() : text);
  const folded = patterns.map(fold);
  return name => folded.length === 0 || folded.some(pattern => matches(pattern, fold(name)));
}

/** In time proportional to the product of both lengths, whatever the pattern. */
function matches(pattern: string, name: string): boolean {
  let [p, n, star, mark] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      mark = n;
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++mark;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(p));
}
