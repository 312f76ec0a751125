import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';

/** The two ends of an accepted connection of this machine to itself, IPv4. */
export interface LocalConnection {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** Of include/net/tcp_states.h. A closed socket's row has the user 0, whoever's it was, and another state. */
const ESTABLISHED = '01';

/**
 * Whose socket is at the other end, by Linux's tables of connections (proc_pid_net(5)).
 * @returns undefined when it is closed already
 */
export function userOfPeer(connection: LocalConnection, readTable = readText): number | undefined {
  const here = rowEnd(connection.localAddress, connection.localPort);
  const there = rowEnd(connection.remoteAddress, connection.remotePort);
  if (here === undefined || there === undefined) return undefined;
  for (const table of TABLES)
    for (const line of readTable(table).split('\n')) {
      const [, local = '', remote = '', state, , , , uid] = line.trim().split(/\s+/);
      // In tcp6 an address of IPv4 is the end of a mapped one.
      if (state === ESTABLISHED && local.endsWith(there) && remote.endsWith(here)) return Number(uid);
    }
  return undefined;
}

/** `0100007F:1F90`: the address as a little-endian machine reads its four bytes. */
function rowEnd(address: string | undefined, port: number | undefined): string | undefined {
  if (address === undefined || port === undefined || !isIPv4(address)) return undefined;
  const bytes = address.split('.').reverse().map(Number);
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  return `${bytes.map(byte => hex(byte, 2)).join('')}:${hex(port, 4)}`;
}

/** A machine without IPv6 has no table of it. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
