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
