import { VimFault, vimFault } from '../../../lib/vim-server/index.js';

/** A file on a datastore as clients and the VMkernel name it. */
export interface DatastorePath {
  /** Volume id or label, as it was given. */
  readonly datastore: string;
  /** Within the datastore, without a slash at either end. */
  readonly file: string;
}

/**
 * Reads `[label] folder/file` and `/vmfs/volumes/<volume or label>/folder/file`.
 * @throws VimFault InvalidDatastorePath for anything else and for paths that lead out of the datastore
 */
export function parseDatastorePath(text: string): DatastorePath {
  const match =
    /^\[([^\][/\0]+)\] ?([^\0]*)$/.exec(text) ??
    /^\/vmfs\/volumes\/(?!\.{1,2}\/)([^/\0]+)\/([^\0]*)$/.exec(text);
  const file = match?.[2]?.replace(/\/+$/, '') ?? '';
  const parts = file.split('/');
  if (
    match === null ||
    text.length > 1024 ||
    parts.some(part => part === '' || part === '.' || part === '..')
  ) {
    throw invalidDatastorePath(text);
  }
  return { datastore: match[1] ?? '', file };
}

/**
 * As parseDatastorePath, and the datastore itself (`[label]`; file is then ''), and URLs of /folder.
 * @throws VimFault InvalidDatastorePath
 */
export function parseDatastoreLocation(text: string): DatastorePath {
  if (/^https?:\/\//i.test(text)) return parseFolderUrl(text);
  const root =
    /^\[([^\][/\0]+)\] ?\/*$/.exec(text) ?? /^\/vmfs\/volumes\/(?!\.{1,2}(?:\/|$))([^/\0]+)\/*$/.exec(text);
  if (root !== null && text.length <= 1024) return { datastore: root[1] ?? '', file: '' };
  // Clients write "[label] /folder" and "folder//file".
  return parseDatastorePath(text.replace(/^(\[[^\]]*\] ?)\/+/, '$1').replace(/([^:/])\/{2,}/g, '$1/'));
}

/** The datastore that a location names; undefined for what is none. */
export function datastoreNameOf(text: string): string | undefined {
  try {
    return parseDatastoreLocation(text).datastore;
  } catch (error) {
    if (error instanceof VimFault) return undefined;
    throw error;
  }
}

/** `https://host/folder/<path>?dcPath=ha-datacenter&dsName=<label>` */
function parseFolderUrl(text: string): DatastorePath {
  const url = URL.canParse(text) && text.length <= 4096 ? new URL(text) : undefined;
  const label = url?.searchParams.get('dsName');
  if (url === undefined || !label || !/^\/folder(\/|$)/.test(url.pathname)) throw invalidDatastorePath(text);
  return parseDatastoreLocation(`[${label}] ${decodePath(url.pathname.slice('/folder/'.length), text)}`);
}

function decodePath(encoded: string, text: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw invalidDatastorePath(text);
  }
}

export function formatDatastorePath(label: string, file: string): string {
  return `[${label}] ${file}`;
}

/** The folder of a file within its datastore; empty at the top. */
export function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
}

export function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

export function invalidDatastorePath(datastorePath: string): VimFault {
  const fields = { datastorePath: datastorePath.slice(0, 1024) };
  return vimFault('InvalidDatastorePath', fields, `Invalid datastore path '${fields.datastorePath}'.`);
}
