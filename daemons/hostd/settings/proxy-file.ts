import type { Server } from 'node:net';
import { join } from 'node:path';
import { readPlainFile, writePlainFile } from '../../../lib/linux/index.js';
import { escapeText } from '../../../lib/vim/index.js';

type Address = ReturnType<Server['address']>;

/** proxy.xml: where this host's agent listens, for the tools of the service console. All ports may have been moved. */
export async function writeProxyFile(
  folder: string,
  servers: { http: Address; https: Address },
): Promise<void> {
  const address = typeof servers.https === 'object' ? servers.https?.address : undefined;
  const text =
    `<ConfigRoot>\n  <address>${escapeText(address ?? '')}</address>\n` +
    `  <httpPort>${portOf(servers.http)}</httpPort>\n` +
    `  <httpsPort>${portOf(servers.https)}</httpsPort>\n</ConfigRoot>\n`;
  const path = join(folder, 'proxy.xml');
  if (readPlainFile(path) !== text) await writePlainFile(path, text, 0o644);
}

function portOf(address: Address): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
