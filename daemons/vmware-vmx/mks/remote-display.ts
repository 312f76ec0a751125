import { GuessLimit } from './guess-limit.js';
import type { Mks } from './mks.js';
import { VncPort } from './vnc-port.js';

/** The `RemoteDisplay.vnc.*` keys of a .vmx: products after ESX 3.5 have them. */
export interface RemoteDisplay {
  readonly port: number;
  /** Null: everybody who reaches the port is let in. RFB looks at the first eight bytes. */
  readonly password: string | null;
  /** The address that the .vmx asks for; null: the host's. */
  readonly ip: string | null;
}

export const DEFAULT_PORT = 5900;

/**
 * @param get a key's value
 * @returns null when the VM has no such port, a text when its keys cannot be followed
 */
export function readRemoteDisplay(get: (key: string) => string | undefined): RemoteDisplay | string | null {
  if (!/^(true|1|yes)$/i.test(get('RemoteDisplay.vnc.enabled') ?? '')) return null;
  const text = get('RemoteDisplay.vnc.port') ?? String(DEFAULT_PORT);
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) return `"${text}" is no port`;
  const ip = get('RemoteDisplay.vnc.ip') || null;
  return { port, password: get('RemoteDisplay.vnc.password') || null, ip };
}

/**
 * Where to listen: an address of the .vmx narrows the host's own and never widens it.
 * @param bind the host's address for all its ports
 */
export function listenAddress(ip: string | null, bind: string): string {
  if (ip === null || ip === bind) return bind;
  return bind === '0.0.0.0' || isLoopback(ip) ? ip : bind;
}

function isLoopback(ip: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(ip);
}

export interface RemoteDisplayParts {
  readonly mks: Mks;
  /** A key of the .vmx. */
  readonly get: (key: string) => string | undefined;
  /** The host's address for all its ports, and by how much it moves them. */
  readonly bind: string;
  readonly portOffset: number;
  readonly log: (text: string) => void;
}

/**
 * Opens the VM's plain RFB port if its .vmx asks for one. What stands against it is logged, as the product does: the VM
 * runs without it.
 */
export async function openRemoteDisplay(parts: RemoteDisplayParts): Promise<VncPort | null> {
  const { mks, get, bind, portOffset, log } = parts;
  const settings = readRemoteDisplay(get);
  if (settings === null) return null;
  if (typeof settings === 'string') {
    log(`WARNING: RemoteDisplay.vnc: ${settings}; the VM runs without it`);
    return null;
  }
  const { ip, password } = settings;
  const address = listenAddress(ip, bind);
  const port = settings.port + portOffset;
  if (ip !== null && address !== ip)
    log(`WARNING: RemoteDisplay.vnc.ip ${ip} is wider than this host's ${bind}, which is used`);
  try {
    const guesses = new GuessLimit(() => performance.now());
    const vncPort = await VncPort.open({ mks, address, port, password, guesses, log });
    log(`VNC: listening on ${address}:${port}${password === null ? ', without a password' : ''}`);
    return vncPort;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log(`WARNING: VNC: cannot listen on ${address}:${port}: ${reason}; the VM runs without it`);
    return null;
  }
}
