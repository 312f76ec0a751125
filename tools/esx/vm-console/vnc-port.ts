import { createServer, type Server } from 'node:net';
import type { ConsoleGateway } from './gateway.js';
import { listenHere } from './listen-here.js';

/** A port for stock VNC viewers: RFB 3.3 to 3.8 without a password, on 127.0.0.1 alone. */
export class VncPort {
  readonly #server: Server;

  private constructor(
    server: Server,
    readonly port: number,
  ) {
    this.#server = server;
  }

  /** @param port 0: any that is free. @throws FrontDoorError PortInUse */
  static async open(gateway: ConsoleGateway, port: number): Promise<VncPort> {
    const server = createServer(socket => gateway.attach(socket.setNoDelay(true)));
    return new VncPort(server, await listenHere(server, port));
  }

  /** Takes no more viewers; those that are there end with the gateway. */
  close(): void {
    this.#server.close();
  }
}
