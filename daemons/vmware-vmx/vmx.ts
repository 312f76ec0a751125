import { mkdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { type FromVmx, KickReason, type ToVmx, type VmxStart } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { openDoorbell } from '../../kernel/vmm/index.js';
import { trimHeap } from '../../lib/linux/index.js';
import { parseVmx, readVmConfig, type VmConfig, type VmSerial } from '../../lib/vmx/index.js';
import { rotateLogs } from './log-rotation.js';
import { PipeClient, type SerialBackend, SerialFile, SerialLine, SerialServer } from './serial/index.js';
import type { FromVmm, ToVmm, VmmThreadData } from './vmm-messages.js';
import { VmwareLog } from './vmware-log.js';

const CONSOLE_BACKLOG_BYTES = 64 * 1024;
const CONSOLE_CLIENTS = 16;
const STOP_WAIT_MS = 400;
const FLUSH_WAIT_MS = 1000;
/** After a boot V8's compilers leave a third of the process's memory free and unreturned; later they do little. */
const TRIM_AFTER_MS = [15_000, 45_000, 180_000] as const;

export interface VmxOptions {
  readonly send: (message: FromVmx) => void;
  readonly drained: () => Promise<void>;
  /** Ends this process; `hard` when a thread may be stuck in a fault, where an exit would wait for ever. */
  readonly exit: (hard: boolean) => void;
}

interface SerialConnection {
  readonly line: SerialLine;
  readonly backend: SerialBackend | undefined;
}

/** The VMX thread of one VM: talks with the VMkernel, owns log and serial backends, starts and ends the VMM thread. */
export class Vmx {
  readonly #options: VmxOptions;
  readonly #start: VmxStart;
  readonly #config: VmConfig;
  readonly #client: VmkernelClient;
  readonly #log: VmwareLog;
  readonly #gate = new SharedArrayBuffer(4);
  readonly #port: MessagePort;
  readonly #kick: (reason: number) => void;
  readonly #serials = new Map<number, SerialConnection>();
  readonly #vmm: Worker;
  #vmmStopped: () => void = () => undefined;
  #ending = false;

  private constructor(
    options: VmxOptions,
    start: VmxStart,
    client: VmkernelClient,
    log: VmwareLog,
    vmm: Worker,
    port: MessagePort,
  ) {
    this.#options = options;
    this.#start = start;
    this.#client = client;
    this.#log = log;
    this.#config = readVmConfig(parseVmx(start.vmxText));
    this.#vmm = vmm;
    this.#port = port;
    const doorbell = openDoorbell(start.shmDir);
    this.#kick = reason => doorbell.kick(start.vmmWorldRow, reason);
  }

  /** @param vmm the VMM thread, which has been told nothing yet */
  static async start(options: VmxOptions, start: VmxStart, vmm: Worker): Promise<Vmx> {
    const client = await VmkernelClient.connect(start.controlSocket);
    const logPath = await rotateLogs(client.files, posix.dirname(start.vmxPath));
    const append = (text: string) => client.files.append(logPath, Buffer.from(text));
    const log = new VmwareLog({ append }, () => new Date());
    const channel = new MessageChannel();
    const vmx = new Vmx(options, start, client, log, vmm, channel.port1);
    await vmx.#openSerials();
    vmx.#startVmm(channel.port2);
    return vmx;
  }

  /** A message of the VMkernel after `start`. */
  receive(message: ToVmx): void {
    switch (message.type) {
      case 'grantable':
        Atomics.store(new Int32Array(this.#gate), 0, 1);
        Atomics.notify(new Int32Array(this.#gate), 0);
        break;
      case 'powerOff':
        this.#log.write('vmx', 'Vix: power off requested');
        void this.#end('powerOff', '', true);
        break;
      case 'reset':
        this.#log.write('vmx', 'Vix: reset requested');
        this.#tell({ type: 'reset', id: message.id }, KickReason.control);
        break;
      case 'readScreen':
        this.#tell({ type: 'readScreen', id: message.id }, KickReason.control);
        break;
      case 'start':
        break;
    }
  }

  /** Somebody told this process to end: the VM is powered off as if its plug were pulled. */
  terminate(): void {
    void this.#end('guestPowerOff', 'vmware-vmx was told to end (SIGTERM)', true);
  }

  #startVmm(port: MessagePort): void {
    const { name, memoryBytes, disks } = this.#start;
    this.#log.write('vmx', `Log for openesx pid=${process.pid} option=Release`);
    this.#log.write('vmx', `DISPLAYNAME ${name}, ${memoryBytes >> 20} MB, engine v86`);
    for (const disk of disks) this.#log.write('vmx', `DISK: ${disk.node} ${disk.sizeBytes} bytes`);
    const data: VmmThreadData = {
      start: this.#start,
      serialPorts: Math.max(0, ...this.#config.serials.map(serial => serial.index + 1)),
      port,
      gate: this.#gate,
    };
    this.#port.on('message', (message: FromVmm) => this.#heard(message));
    this.#vmm.on('error', error => void this.#end('trap', `VMM thread: ${String(error)}`, false));
    this.#vmm.postMessage(data, [port]);
  }

  #heard(message: FromVmm): void {
    const { send } = this.#options;
    switch (message.type) {
      case 'ramMapped':
        this.#log.write('vmx', `RAM at ${message.address.toString(16)}, VMM thread ${message.tid}`);
        send({
          type: 'attached',
          vmmTid: message.tid,
          ramAddress: message.address,
          userfaultfd: message.userfaultfd,
        });
        break;
      case 'ready':
        this.#log.write('vmx', 'VMX_PowerOn: powered on');
        send({ type: 'poweredOn' });
        for (const delayMs of TRIM_AFTER_MS) setTimeout(trimHeap, delayMs).unref();
        break;
      case 'serialOutput':
        this.#serials.get(message.index)?.backend?.write(message.bytes);
        break;
      case 'serialTaken':
        this.#serials.get(message.index)?.line.taken(message.count);
        break;
      case 'screen':
        send({ type: 'done', id: message.id, result: message.screen });
        break;
      case 'resetDone':
        send({ type: 'done', id: message.id });
        break;
      case 'log':
        this.#log.write('vmm0', message.text);
        break;
      default:
        this.#over(message);
    }
  }

  /** Messages after which there is no VM. */
  #over(message: Extract<FromVmm, { type: 'softOff' | 'trap' | 'failed' | 'stopped' }>): void {
    if (message.type === 'softOff') void this.#end('guestPowerOff', 'the guest powered itself off', true);
    else if (message.type === 'trap') {
      this.#log.write('vmm0', `engine trap after ${message.instructions} instructions`);
      void this.#end('trap', message.reason, true);
    } else if (message.type === 'failed') {
      this.#options.send({ type: 'failed', code: message.code, reason: message.reason });
      void this.#end('trap', message.reason, false);
    } else this.#vmmStopped();
  }

  /** @param graceful whether the VMM thread can be expected to stop by itself */
  async #end(cause: 'powerOff' | 'guestPowerOff' | 'trap', reason: string, graceful: boolean): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#log.write('vmx', `VMX end: ${cause}${reason === '' ? '' : `: ${reason}`}`);
    const stopped = graceful ? await this.#stopVmm() : false;
    const backends = [...this.#serials.values()].map(serial => serial.backend?.close());
    await within(FLUSH_WAIT_MS, Promise.allSettled([this.#log.flush(), ...backends]));
    this.#options.send({ type: 'ending', cause, reason });
    await within(FLUSH_WAIT_MS, this.#options.drained());
    this.#options.exit(!stopped);
  }

  /** @returns false when the thread did not stop in time: it is in a long slice or a fault */
  async #stopVmm(): Promise<boolean> {
    const stopped = new Promise<true>(resolve => {
      this.#vmmStopped = () => resolve(true);
    });
    this.#tell({ type: 'stop' }, KickReason.control);
    return (await within(STOP_WAIT_MS, stopped)) ?? false;
  }

  #tell(message: ToVmm, reason: number): void {
    this.#port.postMessage(message);
    this.#kick(reason);
  }

  async #openSerials(): Promise<void> {
    for (const serial of this.#config.serials) {
      const { index } = serial;
      const line = new SerialLine(bytes =>
        this.#tell({ type: 'serialInput', index, bytes }, KickReason.input),
      );
      const backend = serial.startConnected ? await this.#openBackend(serial, line) : undefined;
      this.#serials.set(index, { line, backend });
    }
  }

  async #openBackend(serial: VmSerial, line: SerialLine): Promise<SerialBackend> {
    const { runDir } = this.#start;
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

  #openFile(serial: VmSerial): SerialBackend {
    const path = posix.resolve(posix.dirname(this.#start.vmxPath), serial.fileName);
    return new SerialFile({
      append: bytes => this.#client.files.append(path, bytes),
      onLoss: (bytes, error) =>
        this.#log.write('vmx', `serial${serial.index}: ${bytes} bytes lost: ${String(error ?? 'too slow')}`),
    });
  }
}

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
