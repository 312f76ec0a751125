import { invalidDatastorePath, parseDatastoreLocation } from '../inventory/datastore-path.js';

/** What a URL of /folder names. */
export type FolderAddress =
  | { readonly kind: 'datacenters' }
  | { readonly kind: 'datastores' }
  | { readonly kind: 'file'; readonly datastore: string; readonly file: string; readonly isFolder: boolean };

const datacenter = 'ha-datacenter';

/**
 * Reads `/folder/<path>?dcPath=ha-datacenter&dsName=<datastore>`. The path is taken as it was sent: nothing is
 * resolved before it is checked.
 * @throws VimFault InvalidDatastorePath for another datacenter and for paths that lead out
 */
export function parseFolderAddress(url: string): FolderAddress {
  const [path = '', query = ''] = split(url, '?');
  const parameters = new URLSearchParams(query.replace(/#.*$/s, ''));
  const dcPath = parameters.get('dcPath')?.replace(/^\/+/, '');
  const datastore = parameters.get('dsName');
  const encoded = path.replace(/^\/folder\/?/, '');
  if (dcPath !== undefined && dcPath !== datacenter) throw invalidDatastorePath(url);
  if (datastore === null || datastore === '') {
    if (encoded !== '') throw invalidDatastorePath(url);
    return { kind: dcPath === undefined ? 'datacenters' : 'datastores' };
  }
  const file = decode(encoded);
  const isFolder = file === '' || file.endsWith('/');
  return { kind: 'file', ...parseDatastoreLocation(`[${datastore}] ${file}`), isFolder };
}

export function folderUrl(datastore: string, file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/');
  return `/folder/${path}?dcPath=${datacenter}&dsName=${encodeURIComponent(datastore)}`;
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw invalidDatastorePath(encoded);
  }
}

function split(text: string, at: string): [string, string] {
  const place = text.indexOf(at);
  return place === -1 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)];
}
