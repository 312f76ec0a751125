import type { DirectoryEntry } from '../../../kernel/abi/index.js';
import { folderUrl } from './folder-address.js';

interface Row {
  readonly url: string;
  readonly name: string;
  readonly modified: string;
  readonly size: string;
}

/** The index of a folder on a datastore. */
export function folderPage(datastore: string, file: string, entries: readonly DirectoryEntry[]): string {
  const rows = entries
    .filter(({ type }) => type !== 'other')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry): Row => {
      const isFolder = entry.type === 'directory';
      const name = isFolder ? `${entry.name}/` : entry.name;
      const within = file === '' ? name : `${file}/${name}`;
      const modified = new Date(entry.modifiedMs).toISOString().slice(0, 16).replace('T', ' ');
      return {
        url: folderUrl(datastore, within),
        name,
        modified,
        size: isFolder ? '-' : `${entry.sizeBytes}`,
      };
    });
  const above = file === '' ? [] : [parentRow(datastore, file)];
  return page(`${file} on datastore ${datastore} in datacenter ha-datacenter`, [...above, ...rows]);
}

export function datastoresPage(datastores: readonly string[]): string {
  const rows = datastores.map(name => ({ url: folderUrl(name, ''), name, modified: '', size: '' }));
  return page('datastores in datacenter ha-datacenter', rows);
}

export function datacentersPage(): string {
  const row = { url: '/folder?dcPath=ha-datacenter', name: 'ha-datacenter', modified: '', size: '' };
  return page('datacenters', [row]);
}

function parentRow(datastore: string, file: string): Row {
  const parent = file.includes('/') ? `${file.slice(0, file.lastIndexOf('/'))}/` : '';
  return { url: folderUrl(datastore, parent), name: 'Parent Directory', modified: '', size: '-' };
}

function page(title: string, rows: readonly Row[]): string {
  const lines = rows.map(
    ({ url, name, modified, size }) =>
      `<tr><td><a href="${escapeHtml(url)}">${escapeHtml(name)}</a></td><td align="right">${modified}</td>` +
      `<td align="right">${size}</td></tr>\n`,
  );
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Index of ${escapeHtml(title)}</title></head>
<body><h1>Index of ${escapeHtml(title)}</h1>
<table>
<tr><th>Name</th><th>Last modified</th><th>Size</th></tr>
${lines.join('')}</table>
</body></html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] ?? character);
}
