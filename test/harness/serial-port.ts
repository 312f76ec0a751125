import { createConnection, type Socket } from 'node:net';
import { until } from './until.js';

const KEPT_CHARACTERS = 1 << 20;

/** A guest's serial port, as a test talks to it. */
export class SerialPort {
  #printed = '';
  #taken = 0;
  #closed = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', chunk => {
      this.#printed += chunk.toString('latin1');
      const surplus = this.#printed.length - KEPT_CHARACTERS;
      if (surplus <= 0) return;
      this.#printed = this.#printed.slice(surplus);
      this.#taken = Math.max(0, this.#taken - surplus);
    });
    socket.on('close', () => {
      this.#closed = true;
    });
    socket.on('error', () => socket.destroy());
  }

  static open(socketPath: string): Promise<SerialPort> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(socketPath);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new SerialPort(socket)));
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What the guest printed since the last match. */
  get pending(): string {
    return this.#printed.slice(this.#taken);
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Waits for text after the last match; the search goes on behind it. */
  async waitFor(pattern: RegExp, timeoutMs = 60_000): Promise<RegExpExecArray> {
    try {
      return await until(
        `${pattern} on the serial port`,
        () => {
          const match = pattern.exec(this.pending);
          if (match === null) {
            if (this.#closed) throw new Error(`the serial port closed before ${pattern}`);
            return undefined;
          }
          this.#taken += match.index + match[0].length;
          return match;
        },
        timeoutMs,
      );
    } catch (error) {
      throw new Error(
        `${(error as Error).message}; the guest's last words: ${JSON.stringify(this.pending.slice(-500))}`,
      );
    }
  }

  /** Runs a command in the guest's shell. @returns what it printed */
  async command(line: string, timeoutMs = 60_000): Promise<string> {
    const mark = `END${Math.floor(performance.now() * 1000).toString(36)}`;
    // The quotes keep the echo of the command line from matching.
    this.send(`${line}; echo ${mark.slice(0, 3)}""${mark.slice(3)}=$?\n`);
    const before = this.#taken;
    const match = await this.waitFor(new RegExp(`${mark}=(\\d+)`), timeoutMs);
    const text = this.#printed.slice(before, this.#taken - match[0].length);
    const status = Number(match[1]);
    if (status !== 0) throw new Error(`"${line}" ended with ${status} in the guest: ${text.slice(-300)}`);
    return text.slice(text.indexOf('\n') + 1).replaceAll('\r', '');
  }

  close(): void {
    this.socket.destroy();
  }
}
