import { createServer, type Server } from 'node:net';
import type { ConsoleGateway } from './gateway.js';
import { listenHere } from './listen-here.js';
import { userOfPeer } from './peer-user.js';

/**
 * A port for stock VNC viewers: RFB 3.3 to 3.8 without a password, on 127.0.0.1 alone. Every user of the machine and of
 * the service console reaches it, so who is served is judged by whose the viewer's socket is: this process's, or root.
 */
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
    const server = createServer(socket => {
      if (mayWatch(userOfPeer(socket))) gateway.attach(socket.setNoDelay(true));
      else socket.destroy();
    });
    return new VncPort(server, await listenHere(server, port));
  }

  /** Takes no more viewers; those that are there end with the gateway. */
  close(): void {
    this.#server.close();
  }
}

function mayWatch(uid: number | undefined): boolean {
  return uid !== undefined && (uid === 0 || uid === process.getuid?.());
}
