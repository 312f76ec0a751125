import { closeFd, listenTcp, SystemError } from '../../lib/linux/index.js';
import { InitError } from './init-error.js';

/** The product's ports. */
export const PORTS = { http: 80, https: 443, authd: 902, vmkauthd: 903, ssh: 22 } as const;
export type PortName = keyof typeof PORTS;

const PORT_NAMES: readonly PortName[] = ['http', 'https', 'authd', 'vmkauthd', 'ssh'];
export const MAX_PORT_OFFSET = 65535 - Math.max(...Object.values(PORTS));
const FIRST_OFFSET = 8000;
const OFFSET_STEP = 100;

/** Every socket of the host. Only init binds; daemons get descriptors. */
export class Listeners {
  private constructor(
    readonly bind: string,
    readonly offset: number,
    readonly fds: Readonly<Record<PortName, number>>,
  ) {}

  /** @throws InitError PortInUse, PortRefused, AddressUnavailable; then none is open */
  static open(bind: string, offset: number): Listeners {
    const fds: Partial<Record<PortName, number>> = {};
    try {
      for (const name of PORT_NAMES) fds[name] = openPort(bind, name, offset);
    } catch (error) {
      for (const fd of Object.values(fds)) closeFd(fd);
      throw error;
    }
    const { http = -1, https = -1, authd = -1, vmkauthd = -1, ssh = -1 } = fds;
    return new Listeners(bind, offset, { http, https, authd, vmkauthd, ssh });
  }

  /** Opens them at the first offset of {@link candidateOffsets} that is wholly free. */
  static openFirstFree(bind: string, preferred: number | undefined): Listeners {
    for (const offset of candidateOffsets(preferred)) {
      try {
        return Listeners.open(bind, offset);
      } catch (error) {
        if (!(error instanceof InitError) || !['PortInUse', 'PortRefused'].includes(error.code)) throw error;
      }
    }
    throw new InitError('NoFreePorts', { bind });
  }

  get ports(): Record<PortName, number> {
    const { offset } = this;
    const { http, https, authd, vmkauthd, ssh } = PORTS;
    return {
      http: http + offset,
      https: https + offset,
      authd: authd + offset,
      vmkauthd: vmkauthd + offset,
      ssh: ssh + offset,
    };
  }

  close(): void {
    for (const fd of Object.values(this.fds)) closeFd(fd);
  }
}

/** The offset of the last boot, the product's own ports, then round numbers. */
export function candidateOffsets(preferred: number | undefined): number[] {
  const offsets = preferred === undefined ? [0] : [preferred, 0];
  for (let offset = FIRST_OFFSET; offset <= MAX_PORT_OFFSET; offset += OFFSET_STEP) offsets.push(offset);
  return offsets;
}

function openPort(bind: string, name: PortName, offset: number): number {
  const port = PORTS[name] + offset;
  try {
    return listenTcp(bind, port);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === 'EADDRINUSE') throw new InitError('PortInUse', { name, port, bind, offset });
    if (error.code === 'EACCES')
      throw new InitError('PortRefused', { name, port, bind, reason: error.message });
    throw new InitError('AddressUnavailable', { bind, reason: error.message });
  }
}
