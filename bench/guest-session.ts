import { createConnection, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** A shell's prompt at the end of what was printed; the shell may ask for the cursor's position behind it. */
export const PROMPT = /# (?:.\[6n)?$/;
const KEPT_CHARACTERS = 1 << 16;
const LIMIT_MS = 120_000;

/** Talks with a guest over its serial port, whatever machine it runs on. Waits without polling. */
export class GuestSession {
  #text = '';
  #ended = false;
  #wake: (() => void) | undefined;
  #marks = 0;

  constructor(
    output: Readable,
    private readonly input: Writable,
  ) {
    output.on('data', (chunk: Buffer) => {
      this.#text = (this.#text + chunk.toString('latin1')).slice(-KEPT_CHARACTERS);
      this.#wake?.();
    });
    output.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
    // A guest that is ended while something is under way to it: the close tells.
    input.on('error', () => undefined);
  }

  static connect(socketPath: string): Promise<{ session: GuestSession; socket: Socket }> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(socketPath);
      socket.once('error', reject);
      socket.once('connect', () => resolve({ session: new GuestSession(socket, socket), socket }));
    });
  }

  send(text: string): void {
    this.input.write(text, 'latin1');
  }

  /** Waits for text that was printed and not yet matched. */
  async waitFor(pattern: RegExp, timeoutMs = LIMIT_MS): Promise<void> {
    await this.match(pattern, timeoutMs);
  }

  /** As waitFor. @returns the match */
  async match(pattern: RegExp, timeoutMs = LIMIT_MS): Promise<RegExpExecArray> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.#text);
      if (match !== null) {
        this.#text = this.#text.slice(match.index + match[0].length);
        return match;
      }
      const leftMs = deadlineMs - performance.now();
      if (this.#ended || leftMs <= 0) throw this.#silent(pattern);
      await this.#more(leftMs);
    }
  }

  prompt(): Promise<void> {
    return this.waitFor(PROMPT);
  }

  /** Runs a line in the guest's shell, to its end. */
  async command(line: string, timeoutMs?: number): Promise<void> {
    const mark = `M${this.#marks++}K`;
    // The quotes keep the echo of the line from matching.
    this.send(`${line}; echo E"N"D${mark}\n`);
    await this.waitFor(new RegExp(`END${mark}\\r?\\n`), timeoutMs);
  }

  #more(timeoutMs: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(done, timeoutMs);
      const session = this;
      function done(): void {
        clearTimeout(timer);
        session.#wake = undefined;
        resolve();
      }
      this.#wake = done;
    });
  }

  #silent(pattern: RegExp): Error {
    const why = this.#ended ? 'the guest ended' : 'the guest was silent';
    return new Error(`${why} before ${pattern}; its last words: ${JSON.stringify(this.#text.slice(-400))}`);
  }
}
