import { isIPv4, isIPv6 } from 'node:net';

/** struct utmp of utmp(5) on 64-bit Linux: who(1), last(1) and w(1) read it. */
export const UTMP_BYTES = 384;
/** struct lastlog. */
export const LASTLOG_BYTES = 292;

export const USER_PROCESS = 7;
export const DEAD_PROCESS = 8;

export interface UtmpEntry {
  readonly type: number;
  readonly pid: number;
  /** `pts/3` */
  readonly line: string;
  readonly user: string;
  readonly address: string;
  readonly atMs: number;
}

export function encodeUtmp(entry: UtmpEntry): Buffer {
  const bytes = Buffer.alloc(UTMP_BYTES);
  bytes.writeInt16LE(entry.type, 0);
  bytes.writeInt32LE(entry.pid, 4);
  put(bytes, entry.line, 8, 32);
  put(bytes, idOf(entry.line), 40, 4);
  put(bytes, entry.user, 44, 32);
  put(bytes, entry.address, 76, 256);
  bytes.writeUInt32LE(Math.floor(entry.atMs / 1000), 340);
  bytes.writeUInt32LE((entry.atMs % 1000) * 1000, 344);
  addressBytes(entry.address).copy(bytes, 348);
  return bytes;
}

/** Which entry of utmp is the line's, as init(8) keeps them: by the id. */
export function isOfLine(bytes: Buffer, line: string): boolean {
  return text(bytes, 8, 32) === line;
}

export interface LastLogin {
  readonly atMs: number;
  readonly line: string;
  readonly address: string;
}

export function encodeLastlog({ atMs, line, address }: LastLogin): Buffer {
  const bytes = Buffer.alloc(LASTLOG_BYTES);
  bytes.writeUInt32LE(Math.floor(atMs / 1000), 0);
  put(bytes, line, 4, 32);
  put(bytes, address, 36, 256);
  return bytes;
}

/** @returns undefined for one who never logged in */
export function decodeLastlog(bytes: Buffer): LastLogin | undefined {
  if (bytes.length < LASTLOG_BYTES) return undefined;
  const seconds = bytes.readUInt32LE(0);
  if (seconds === 0) return undefined;
  return { atMs: seconds * 1000, line: text(bytes, 4, 32), address: text(bytes, 36, 256) };
}

function put(bytes: Buffer, value: string, offset: number, most: number): void {
  Buffer.from(value).copy(bytes, offset, 0, most);
}

function text(bytes: Buffer, offset: number, most: number): string {
  const field = bytes.subarray(offset, offset + most);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? most : end).replace(/\p{Cc}/gu, '?');
}

/** `pts/3` → `ts/3`: the last four characters. */
function idOf(line: string): string {
  return line.slice(-4);
}

/** ut_addr_v6, in network order. */
function addressBytes(address: string): Buffer {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIPv4(plain)) return Buffer.from(plain.split('.').map(Number));
  return isIPv6(plain) ? ipv6Bytes(plain) : Buffer.alloc(0);
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const missing = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const all = [...first, ...Array<string>(missing).fill('0'), ...last];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of all.slice(0, 8).entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16) & 0xffff, index * 2);
  return bytes;
}
