import { readFileSync } from 'node:fs';
import { CodecError, childNamed, readXml } from '../vim/index.js';

/** Where hostd of this service console listens. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

const HTTPS_PORT = 443;
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);
/** hostd writes there where it listens: all ports of a host may be moved. */
const PROXY_FILE = '/etc/vmware/hostd/proxy.xml';

/** @param proxyFile a folder's own, for tests */
export function localAddress(proxyFile = PROXY_FILE): ListeningAddress {
  const usual = { host: '127.0.0.1', port: HTTPS_PORT };
  try {
    const root = readXml(readFileSync(proxyFile, 'utf8'));
    const port = Number(childNamed(root, 'httpsPort')?.text);
    const address = childNamed(root, 'address')?.text ?? '';
    const host = EVERY_ADDRESS.has(address) ? usual.host : address;
    return port > 0 && port <= 65535 ? { host, port } : usual;
  } catch (error) {
    // A host whose hostd has never run, or is just writing: then the usual place, where the call says what is wrong.
    if (error instanceof CodecError || (error instanceof Error && 'code' in error)) return usual;
    throw error;
  }
}
