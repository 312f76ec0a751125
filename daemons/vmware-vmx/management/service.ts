import type { Duplex } from 'node:stream';
import { VmkernelError } from '../../../kernel/abi/index.js';
import { LineReader } from '../../../lib/authd/index.js';
import { parseRequest, type Request, RIGHTS, VERBS } from './requests.js';

/** The VM as its management sees it. */
export interface ManagementPorts {
  readonly name: string;
  status(): Readonly<Record<string, unknown>>;
  guest(): Readonly<Record<string, unknown>>;
  devices(): Readonly<Record<string, boolean>>;
  powerOff(): Promise<unknown>;
  reset(): Promise<unknown>;
  setConnected(device: string, connected: boolean): Promise<unknown>;
}

const MAX_LINE_BYTES = 256;
const MAX_WAITING = 16;
const IDLE_MS = 30 * 60_000;
const MAX_UNREAD_BYTES = 64 << 10;
/** For a client that does not read its last answer. */
const ENDING_MS = 5000;

/** One client's connection. */
export class ManagementService {
  readonly #stream: Duplex;
  readonly #rights: ReadonlySet<string>;
  readonly #ports: ManagementPorts;
  readonly #reader = new LineReader(MAX_LINE_BYTES);
  readonly #lines: string[] = [];
  #busy = false;
  #over = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, rights: readonly string[], ports: ManagementPorts) {
    this.#stream = stream;
    this.#rights = new Set(rights);
    this.#ports = ports;
    stream.on('error', () => stream.destroy());
    stream.on('close', () => this.#stop());
    stream.on('end', () => stream.end());
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#say(220, 'vmctl', { version: 1, vm: ports.name });
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return;
    const { lines, tooLong } = this.#reader.push(chunk);
    this.#lines.push(...lines);
    if (tooLong || this.#lines.length > MAX_WAITING) this.#end(400, 'TooLong');
    else void this.#advance();
  }

  async #advance(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
      try {
        await this.#answer(line);
      } catch (error) {
        const { code, message } = error instanceof VmkernelError ? error : new VmkernelError('Internal', '');
        this.#say(code === 'NotSupported' ? 501 : 409, code, { message });
      }
    }
    this.#busy = false;
  }

  async #answer(line: string): Promise<void> {
    const request = parseRequest(line);
    if (request === undefined) return this.#say(400, 'BadRequest', { verbs: VERBS });
    const right = RIGHTS[request.verb];
    if (right !== undefined && !this.#rights.has(right))
      return this.#say(403, 'NoPermission', { privilege: right });
    await this.#perform(request);
  }

  async #perform(request: Request): Promise<void> {
    const ports = this.#ports;
    switch (request.verb) {
      case 'help':
        return this.#say(200, 'OK', { verbs: VERBS });
      case 'status':
        return this.#say(200, 'OK', ports.status());
      case 'guest':
        return this.#say(200, 'OK', ports.guest());
      case 'devices':
        return this.#say(200, 'OK', ports.devices());
      case 'quit':
        return this.#end(221, 'Goodbye');
      case 'suspend':
        throw new VmkernelError('NotSupported', 'A VM cannot be suspended on this host');
      case 'poweroff':
        // The answer first: this process, and the connection, end with the VM.
        this.#say(202, 'Accepted', {});
        await ports.powerOff();
        return;
      case 'reset':
        await ports.reset();
        return this.#say(200, 'OK', {});
      default:
        await ports.setConnected(request.device, request.verb === 'connect');
        return this.#say(200, 'OK', ports.devices());
    }
  }

  #say(code: number, word: string, facts: Readonly<Record<string, unknown>>): void {
    if (this.#over || !this.#stream.writable) return;
    this.#stream.write(`${code} ${word} ${JSON.stringify(facts)}\r\n`);
    if (this.#stream.writableLength > MAX_UNREAD_BYTES) this.#stream.destroy();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#end(408, 'Idle'), IDLE_MS);
  }

  /** The last answer; nothing is read after it, and the connection ends with it. */
  #end(code: number, word: string): void {
    this.#say(code, word, {});
    this.#stop();
    this.#stream.pause();
    const late = setTimeout(() => this.#stream.destroy(), ENDING_MS);
    this.#stream.once('close', () => clearTimeout(late));
    this.#stream.end(() => this.#stream.destroy());
  }

  #stop(): void {
    this.#over = true;
    this.#lines.length = 0;
    clearTimeout(this.#idle);
  }
}
