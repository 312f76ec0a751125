import { mkdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type FileStat, VmkernelError } from '../../../kernel/abi/index.js';
import type { VmSerial } from '../../../lib/vmx/index.js';
import { PipeClient } from './pipe-client.js';
import type { SerialBackend } from './serial-backend.js';
import { SerialFile } from './serial-file.js';
import { SerialLine } from './serial-line.js';
import { SerialServer } from './serial-server.js';

const CONSOLE_BACKLOG_BYTES = 64 * 1024;
const CONSOLE_CLIENTS = 16;

export interface SerialPortsOptions {
  readonly serials: readonly VmSerial[];
  readonly vmxPath: string;
  /** Private folder of this VM, for sockets. */
  readonly runDir: string;
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Input for the guest. */
  send(index: number, bytes: Uint8Array): void;
  log(text: string): void;
}

/** A file with content that a port is about to write to. */
export interface UsedFile {
  readonly port: string;
  /** As the .vmx says. */
  readonly fileName: string;
  readonly path: string;
}

interface Port {
  readonly serial: VmSerial;
  readonly line: SerialLine;
  backend: SerialBackend | undefined;
}

/** The serial ports of one VM, by index. */
export class SerialPorts {
  readonly #options: SerialPortsOptions;
  readonly #ports: ReadonlyMap<number, Port>;

  constructor(options: SerialPortsOptions) {
    this.#options = options;
    const port = (serial: VmSerial): [number, Port] => {
      const line = new SerialLine(bytes => options.send(serial.index, bytes));
      return [serial.index, { serial, line, backend: undefined }];
    };
    this.#ports = new Map(options.serials.map(port));
  }

  /** Files that ports will write to and that hold something already. */
  async usedFiles(stat: (path: string) => Promise<FileStat>): Promise<UsedFile[]> {
    const used: UsedFile[] = [];
    for (const { serial } of this.#ports.values()) {
      if (serial.fileType !== 'file' || !serial.startConnected) continue;
      const path = this.#filePath(serial);
      // A file that cannot be looked at is for the port to complain of when it is connected.
      const found = await stat(path).catch(() => undefined);
      if (found?.type === 'file' && found.sizeBytes > 0)
        used.push({ port: `serial${serial.index}`, fileName: serial.fileName, path });
    }
    return used;
  }

  /** Connects the ports that start connected. @throws VmkernelError when a file cannot be written or a socket not made */
  async open(): Promise<void> {
    for (const { serial } of this.#ports.values())
      if (serial.startConnected) await this.setConnected(serial.index, true);
  }

  /** Ports that the guest has, of which the highest decides. */
  get count(): number {
    return Math.max(0, ...[...this.#ports.keys()].map(index => index + 1));
  }

  /** `serial0` and so on, and whether it is connected. */
  get connections(): Record<string, boolean> {
    return Object.fromEntries(
      [...this.#ports].map(([index, { backend }]) => [`serial${index}`, backend !== undefined]),
    );
  }

  /** @throws VmkernelError NotSupported {device} when `device` is no serial port of the VM */
  indexOf(device: string): number {
    for (const index of this.#ports.keys()) if (device.toLowerCase() === `serial${index}`) return index;
    throw new VmkernelError('NotSupported', `${device} cannot be connected or disconnected`, { device });
  }

  /** @throws VmkernelError when its file cannot be written or its socket not made */
  async setConnected(index: number, connected: boolean): Promise<void> {
    const port = this.#ports.get(index);
    if (port === undefined || (port.backend !== undefined) === connected) return;
    if (connected) {
      port.backend = await this.#connect(port).catch((error: unknown) => {
        throw connectError(index, error);
      });
    } else {
      const { backend } = port;
      port.backend = undefined;
      await backend?.close();
    }
  }

  /** What the guest sent. */
  write(index: number, bytes: Uint8Array): void {
    this.#ports.get(index)?.backend?.write(bytes);
  }

  /** So many bytes of input have reached the guest. */
  taken(index: number, count: number): void {
    this.#ports.get(index)?.line.taken(count);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#ports.values()].map(({ backend }) => backend?.close()));
  }

  async #connect({ serial, line }: Port): Promise<SerialBackend> {
    const { runDir } = this.#options;
    if (serial.fileType === 'console') {
      const path = join(runDir, `serial${serial.index}.sock`);
      const options = { path, backlogBytes: CONSOLE_BACKLOG_BYTES, maxClients: CONSOLE_CLIENTS };
      return SerialServer.listen(options, line);
    }
    if (serial.fileType === 'file') return this.#openFile(serial);
    // Pipes have a name space of their own: the .vmx may be written by the service console, which must not reach
    // paths of the machine.
    const folder = join(runDir, '..', 'pipes');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `pipe-${encodeURIComponent(serial.fileName)}`);
    if (serial.endPoint === 'client') return new PipeClient(path, line);
    return SerialServer.listen({ path, backlogBytes: 0, maxClients: 1 }, line);
  }

  async #openFile(serial: VmSerial): Promise<SerialBackend> {
    const { append, log } = this.#options;
    const path = this.#filePath(serial);
    // Nothing is appended: a file that cannot be written is told now, not when output is lost.
    await append(path, new Uint8Array(0));
    return new SerialFile({
      append: bytes => append(path, bytes),
      onLoss: (bytes, error) =>
        log(`serial${serial.index}: ${bytes} bytes lost: ${String(error ?? 'too slow')}`),
    });
  }

  #filePath(serial: VmSerial): string {
    return posix.resolve(posix.dirname(this.#options.vmxPath), serial.fileName);
  }
}

/** Paths of the machine, such as those of sockets, are nobody's business: the system's errors are told by their codes. */
function connectError(index: number, error: unknown): VmkernelError {
  const failure =
    error instanceof VmkernelError
      ? error
      : new VmkernelError('IoError', String((error as { code?: unknown }).code ?? 'failed'));
  const text = `Serial port ${index + 1} cannot be connected: ${failure.message}`;
  return new VmkernelError(failure.code, text, failure.details);
}
