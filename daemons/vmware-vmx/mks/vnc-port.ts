import { createServer, type Server, type Socket } from 'node:net';
import type { GuessLimit } from './guess-limit.js';
import type { Mks } from './mks.js';

export interface VncPortOptions {
  readonly mks: Mks;
  readonly address: string;
  readonly port: number;
  readonly password: string | null;
  readonly guesses: GuessLimit;
  readonly log: (text: string) => void;
}

/** The plain RFB port of a VM, as long as the VM runs. */
export class VncPort {
  private constructor(private readonly server: Server) {}

  /** @throws Error of node:net with a code, as EADDRINUSE */
  static open(options: VncPortOptions): Promise<VncPort> {
    const { address, port } = options;
    const server = createServer(socket => serve(socket, options));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port }, () => {
        server.off('error', reject);
        server.on('error', error => options.log(`VNC: ${error.message}`));
        resolve(new VncPort(server));
      });
    });
  }

  /** Viewers that are in stay until they are ended. */
  close(): void {
    this.server.close();
  }
}

function serve(socket: Socket, { mks, password, guesses }: VncPortOptions): void {
  const address = socket.remoteAddress ?? '';
  socket.on('error', () => socket.destroy());
  mks.attach(socket, 'handshake', `${address}:${socket.remotePort}`, {
    password,
    refusal: () => (guesses.isBlocked(address) ? 'Too many authentication failures' : null),
    outcome: letIn => (letIn ? guesses.succeeded(address) : guesses.failed(address)),
  });
}
