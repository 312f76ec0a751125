import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame, FrameDecoder } from '../../kernel/abi/index.js';
import type { Logger } from '../../lib/log/index.js';
import type { HostStatus } from './host-status.js';

const MAX_CONNECTIONS = 32;
const CLOSE_MS = 1000;

export interface ControlCalls {
  status(): HostStatus;
  /** Resolves when the host is down. */
  shutdown(): Promise<void>;
}

interface Request {
  id: number;
  call: string;
}

/** The front door's way in: `{id, call}` in, `{id, result}` or `{id, error}` out, framed as all control connections. */
export class ControlServer {
  readonly #server: Server;
  readonly #calls: ControlCalls;
  readonly #logger: Logger;
  readonly #sockets = new Set<Socket>();

  constructor(calls: ControlCalls, logger: Logger) {
    this.#calls = calls;
    this.#logger = logger;
    this.#server = createServer(socket => this.#serve(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  listen(path: string): Promise<void> {
    rmSync(path, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        chmodSync(path, 0o600);
        this.#server.off('error', reject);
        this.#server.on('error', error => this.#logger.error({ err: error }, 'control socket'));
        resolve();
      });
    });
  }

  /** Stops serving; replies on their way still go out. The socket's file goes too. */
  async close(): Promise<void> {
    const closed = [...this.#sockets].map(socket => once(socket, 'close'));
    for (const socket of this.#sockets) socket.destroySoon();
    this.#server.close();
    await Promise.race([Promise.all(closed), sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  #serve(socket: Socket): void {
    const decoder = new FrameDecoder();
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', error => this.#logger.debug({ err: error }, 'control connection'));
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const { header } of decoder.push(chunk)) this.#receive(socket, header);
      } catch (error) {
        this.#logger.warn({ err: error }, 'control connection: no frame');
        socket.destroy();
      }
    });
  }

  #receive(socket: Socket, header: unknown): void {
    if (!isRequest(header)) {
      reply(socket, { id: 0, error: { code: 'InvalidArgument', message: 'no {id, call}', details: {} } });
      return;
    }
    const { id, call } = header;
    if (call === 'status') reply(socket, { id, result: this.#calls.status() });
    else if (call === 'shutdown')
      this.#calls.shutdown().then(
        () => reply(socket, { id, result: {} }),
        error => reply(socket, { id, error: { code: 'Internal', message: String(error), details: {} } }),
      );
    else
      reply(socket, { id, error: { code: 'NotSupported', message: `no call ${call}`, details: { call } } });
  }
}

function reply(socket: Socket, header: unknown): void {
  if (socket.writable) socket.write(encodeFrame(header));
}

function isRequest(value: unknown): value is Request {
  if (typeof value !== 'object' || value === null) return false;
  const { id, call } = value as Partial<Record<keyof Request, unknown>>;
  return Number.isInteger(id) && typeof call === 'string' && call.length <= 64;
}
