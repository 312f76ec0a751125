import { connect, type Socket } from 'node:net';
import type { Connection, ServerChannel } from 'ssh2';
import type { Logger } from '../../lib/log/index.js';

const MAX_FORWARDS = 32;
const CONNECT_MS = 15_000;

/**
 * Connections that a client has made from here: `ssh -L`, `-W`, `-D` (direct-tcpip, RFC 4254, 7.2). Only where
 * sshd_config says AllowTcpForwarding.
 */
export class LocalForwards {
  readonly #open = new Set<Socket>();

  constructor(client: Connection, logger: Logger) {
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      if (this.#open.size >= MAX_FORWARDS || destPort < 1 || destPort > 65_535) {
        reject();
        return;
      }
      logger.info(`forwarding to ${destIP.slice(0, 255)} port ${destPort}`);
      const socket = connect({ host: destIP, port: destPort, timeout: CONNECT_MS });
      this.#open.add(socket);
      let channel: ServerChannel | undefined;
      socket.once('connect', () => {
        socket.setTimeout(0);
        channel = accept();
        if (channel === undefined) socket.destroy();
        else join(channel, socket);
      });
      socket.once('timeout', () => socket.destroy());
      socket.on('error', error => logger.info({ err: { message: error.message } }, 'forwarding'));
      socket.once('close', () => {
        this.#open.delete(socket);
        if (channel === undefined) reject();
        else channel.end();
      });
    });
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/** Each side's reading holds the other's writing back. */
function join(channel: ServerChannel, socket: Socket): void {
  channel.pipe(socket).pipe(channel);
  channel.on('error', () => socket.destroy());
  channel.on('close', () => socket.destroy());
}
