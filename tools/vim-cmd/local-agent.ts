import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Where hostd of this service console listens, and how it is known to be that one. */
export interface LocalAgent extends ListeningAddress {
  readonly certificate: string;
}

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

const CERTIFICATE = '/etc/vmware/ssl/rui.crt';
const HOSTD_MAIN = '/daemons/hostd/main.js';
const PRODUCT_ADDRESS: ListeningAddress = { host: '127.0.0.1', port: 443 };
/** st of proc(5): TCP_LISTEN */
const LISTEN = '0A';

/**
 * Its certificate must be readable: without it anybody on the port could ask for a local ticket's file and be sent
 * any other. @throws what reading it says
 */
export function localAgent(): LocalAgent {
  const certificate = readFileSync(CERTIFICATE, 'utf8');
  return { ...(listeningAddress('/proc') ?? PRODUCT_ADDRESS), certificate };
}

/**
 * Address of hostd's HTTPS socket. init binds it, moved by the host's offset, and hostd inherits it: no file tells,
 * but the process does. @returns null where no hostd runs or its descriptors are not ours to see
 */
export function listeningAddress(procDir: string): ListeningAddress | null {
  for (const pid of readdirSync(procDir).filter(name => /^\d+$/.test(name))) {
    const process = join(procDir, pid);
    const fd = httpsDescriptor(readOrEmpty(join(process, 'cmdline')));
    if (fd === null) continue;
    const inode = /^socket:\[(\d+)\]$/.exec(linkOrEmpty(join(process, 'fd', fd)))?.[1];
    if (inode === undefined) continue;
    const tables = ['net/tcp', 'net/tcp6'].map(table => readOrEmpty(join(process, table)));
    const address = addressOfInode(tables.join('\n'), inode);
    if (address !== null) return address;
  }
  return null;
}

function httpsDescriptor(commandLine: string): string | null {
  const words = commandLine.split('\0');
  if (!words.some(word => word.endsWith(HOSTD_MAIN))) return null;
  const at = words.indexOf('--https-fd');
  return /^\d+$/.exec(words[at + 1] ?? '')?.[0] ?? null;
}

function addressOfInode(tables: string, inode: string): ListeningAddress | null {
  for (const line of tables.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[9] !== inode || fields[3] !== LISTEN) continue;
    const [address = '', port = ''] = fields[1]?.split(':') ?? [];
    return { host: hostOf(address), port: Number.parseInt(port, 16) };
  }
  return null;
}

/** Addresses stand as 32-bit words in the machine's byte order; any address is reached by the loopback one. */
function hostOf(hex: string): string {
  if (/^0*$/.test(hex)) return hex.length === 8 ? '127.0.0.1' : '::1';
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap(word => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map(byte => Number.parseInt(byte, 16)).join('.');
  return bytes.reduce((text, byte, i) => text + (i > 0 && i % 2 === 0 ? ':' : '') + byte.toLowerCase(), '');
}

const readOrEmpty = (path: string): string => unlessHidden(() => readFileSync(path, 'latin1'));
const linkOrEmpty = (path: string): string => unlessHidden(() => readlinkSync(path));

/** Processes end while one looks, and not all of them are ours to look into. */
function unlessHidden(look: () => string): string {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return '';
    throw error;
  }
}
