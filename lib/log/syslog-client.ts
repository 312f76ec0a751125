import { connect, type Socket } from 'node:net';

const MAX_QUEUED = 256;
const AUTHPRIV = 10;
const PRIORITY = { error: 3, warning: 4, info: 6 } as const;
export type SyslogSeverity = keyof typeof PRIORITY;

/**
 * Says lines of the facility authpriv to syslogd, as login programs do. Never blocks and never throws: with no
 * syslogd there, or with one that does not read, the oldest of more than 256 lines are lost.
 */
export class SyslogClient {
  readonly #path: string;
  readonly #tag: string;
  readonly #queue: string[] = [];
  #socket: Socket | undefined;
  #connected = false;

  /** @param tag `sshd[123]` */
  constructor(path: string, tag: string) {
    this.#path = path;
    this.#tag = tag;
  }

  write(severity: SyslogSeverity, text: string): void {
    this.#queue.push(`<${(AUTHPRIV << 3) | PRIORITY[severity]}>${this.#tag}: ${text}\0`);
    if (this.#queue.length > MAX_QUEUED) this.#queue.shift();
    this.#socket ??= this.#connect();
    this.#flush();
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #connect(): Socket {
    const socket = connect(this.#path);
    socket.unref();
    socket.on('connect', () => {
      this.#connected = true;
      this.#flush();
    });
    socket.on('drain', () => this.#flush());
    socket.on('error', () => socket.destroy()); // the next line tries again
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#connected = false;
    });
    return socket;
  }

  #flush(): void {
    const socket = this.#socket;
    while (this.#connected && socket !== undefined && !socket.writableNeedDrain) {
      const line = this.#queue.shift();
      if (line === undefined) return;
      socket.write(line);
    }
  }
}
