import { networkInterfaces } from 'node:os';
import { readConsoleFile } from './console-files.js';

/** An IPv4 interface that the service console uses. */
export interface ConsoleInterface {
  readonly device: string;
  readonly mac: string;
  readonly ipAddress: string;
  readonly subnetMask: string;
}

/** The service console's network: its interfaces, routes and resolver as they are at this moment. */
export class ConsoleNetwork {
  readonly #root: string;

  /** @param consoleRoot the service console's root folder */
  constructor(consoleRoot = '/') {
    this.#root = consoleRoot;
  }

  interfaces(): ConsoleInterface[] {
    return Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) =>
      addresses
        .filter(address => address.family === 'IPv4' && !address.internal)
        .slice(0, 1)
        .map(({ mac, address, netmask }) => ({ device, mac, ipAddress: address, subnetMask: netmask })),
    );
  }

  /** Undefined where there is no default route. */
  defaultRoute(): { readonly gateway: string; readonly device: string } | undefined {
    const rows = readConsoleFile(this.#root, 'proc/net/route').split('\n').slice(1);
    for (const row of rows) {
      const [device = '', destination, gateway = '', flags = '0', , , , mask] = row.split(/\s+/);
      const isUp = (Number.parseInt(flags, 16) & 1) === 1;
      if (isUp && destination === '00000000' && mask === '00000000')
        return { gateway: dotted(gateway), device };
    }
    return undefined;
  }

  resolver(): { readonly nameservers: string[]; readonly search: string[] } {
    const lines = readConsoleFile(this.#root, 'etc/resolv.conf')
      .split('\n')
      .map(line => line.trim().split(/\s+/));
    return {
      nameservers: lines.filter(([word]) => word === 'nameserver').flatMap(([, address]) => address ?? []),
      search: lines.findLast(([word]) => word === 'search' || word === 'domain')?.slice(1) ?? [],
    };
  }
}

/** An address of /proc/net/route: eight hex digits, the last byte first. */
function dotted(hex: string): string {
  return [6, 4, 2, 0].map(at => Number.parseInt(hex.slice(at, at + 2), 16) || 0).join('.');
}
