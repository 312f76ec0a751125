import { posix } from 'node:path';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import {
  type FromVmx,
  KickReason,
  type RunningChanges,
  type ToVmx,
  VmkernelError,
  type VmxStart,
} from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { openDoorbell } from '../../kernel/vmm/index.js';
import { trimHeap } from '../../lib/linux/index.js';
import { ConfigWriter, RunningConfig } from './config/index.js';
import { CD_DRIVE, Connections } from './connections.js';
import { ConsoleDoors } from './console-doors.js';
import { rotateLogs } from './log-rotation.js';
import { Mks, openRemoteDisplay, VmDisplay, VmInput, type VncPort } from './mks/index.js';
import { askBeforePowerOn } from './power-on-questions.js';
import { noSpace, Questions } from './questions/index.js';
import { SerialPorts } from './serial/index.js';
import { type FromVmm, PICTURE_WORDS_BYTES, type ToVmm, type VmmThreadData } from './vmm-messages.js';
import { VmwareLog } from './vmware-log.js';

const STOP_WAIT_MS = 400;
const FLUSH_WAIT_MS = 1000;
/** After a boot V8's compilers leave a third of the process's memory free and unreturned; later they do little. */
const TRIM_AFTER_MS = [15_000, 45_000, 180_000] as const;

interface Answer {
  readonly result: object;
  readonly body: Uint8Array;
}

export interface VmxOptions {
  readonly send: (message: FromVmx, body?: Uint8Array) => void;
  readonly drained: () => Promise<void>;
  /** Ends this process; `hard` when a thread may be stuck in a fault, where an exit would wait for ever. */
  readonly exit: (hard: boolean) => void;
}

/** The VMX thread of one VM: talks with the VMkernel, owns log and serial backends, starts and ends the VMM thread. */
export class Vmx {
  readonly #options: VmxOptions;
  readonly #start: VmxStart;
  readonly #config: RunningConfig;
  readonly #configWriter: ConfigWriter;
  readonly #client: VmkernelClient;
  readonly #questions: Questions;
  readonly #log: VmwareLog;
  readonly #gate = new SharedArrayBuffer(4);
  readonly #channel = new MessageChannel();
  readonly #port = this.#channel.port1;
  readonly #kick: (reason: number) => void;
  readonly #serials: SerialPorts;
  readonly #connections: Connections;
  readonly #pictureWords = new SharedArrayBuffer(PICTURE_WORDS_BYTES);
  readonly #display: VmDisplay;
  readonly #input: VmInput;
  readonly #mks: Mks;
  #vncPort: VncPort | null = null;
  readonly #doors: ConsoleDoors;
  readonly #vmm: Worker;
  #vmmStopped: () => void = () => undefined;
  #ending = false;

  private constructor(
    options: VmxOptions,
    start: VmxStart,
    client: VmkernelClient,
    log: VmwareLog,
    vmm: Worker,
  ) {
    this.#options = options;
    this.#start = start;
    this.#client = client;
    this.#log = log;
    this.#configWriter = new ConfigWriter(options.send);
    this.#config = new RunningConfig(start.vmxText, this.#configWriter);
    this.#serials = new SerialPorts({
      serials: this.#config.config.serials,
      vmxPath: start.vmxPath,
      runDir: start.runDir,
      append: (path, bytes) => client.files.append(path, bytes),
      send: (index, bytes) => this.#tell({ type: 'serialInput', index, bytes }, KickReason.input),
      log: text => log.write('vmx', text),
    });
    this.#connections = new Connections({
      serials: this.#serials,
      hasDrive: this.#config.config.cdroms.some(({ node }) => node === CD_DRIVE),
      hasImage: start.cdrom !== null,
      insert: inserted => this.#tell({ type: 'cdrom', inserted }, KickReason.control),
    });
    this.#display = new VmDisplay({
      words: this.#pictureWords,
      kick: () => this.#kick(KickReason.mks),
      tell: message => this.#tell(message, KickReason.mks),
    });
    this.#input = new VmInput(this.#display, message => this.#tell(message, KickReason.input));
    this.#mks = new Mks({
      name: start.name,
      display: this.#display,
      newInput: () => this.#input.attach(),
      log: text => log.write('mks', text),
    });
    this.#vmm = vmm;
    this.#questions = new Questions({
      run: start.worldId,
      setting: key => this.#config.get(key),
      show: question => options.send({ type: 'question', question }),
      log: text => log.write('vmx', text),
    });
    this.#doors = new ConsoleDoors({
      start,
      client,
      config: this.#config,
      connections: this.#connections,
      mks: () => this.#mks,
      question: () => this.#questions.asked,
      log: text => log.write('vmx', text),
    });
    const doorbell = openDoorbell(start.shmDir);
    this.#kick = reason => doorbell.kick(start.vmmWorldRow, reason);
  }

  /** @param vmm the VMM thread, which has been told nothing yet */
  static async create(options: VmxOptions, start: VmxStart, vmm: Worker): Promise<Vmx> {
    const client = await VmkernelClient.connect(start.controlSocket);
    const logPath = await rotateLogs(client.files, posix.dirname(start.vmxPath));
    const append = (text: string) => client.files.append(logPath, Buffer.from(text));
    // There from the beginning: who looks at a powered-on machine's files finds it. Without a log the VM runs, too.
    await append('').catch(() => undefined);
    return new Vmx(options, start, client, new VmwareLog({ append }, () => new Date()), vmm);
  }

  /** Asks what is to be asked, then builds the machine. @throws VmkernelError Cancelled when an answer says so */
  async powerOn(): Promise<void> {
    this.#log.write('vmx', `Log for openesx pid=${process.pid} option=Release`);
    const parts = {
      start: this.#start,
      config: this.#config,
      questions: this.#questions,
      serials: this.#serials,
      files: this.#client.files,
    };
    if (!(await askBeforePowerOn(parts))) {
      await within(FLUSH_WAIT_MS, this.#log.flush());
      throw new VmkernelError('Cancelled', 'The power-on was given up by the answer to a question');
    }
    await this.#serials.open();
    const { bind, portOffset } = this.#start;
    this.#vncPort = await openRemoteDisplay({
      mks: this.#mks,
      get: key => this.#config.get(key),
      bind,
      portOffset,
      log: text => this.#log.write('mks', text),
    });
    await this.#doors.open();
    this.#startVmm(this.#channel.port2);
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
      case 'readPicture':
        void this.#answered(message.id, () => this.#readPicture());
        break;
      case 'reconfigure':
        void this.#answered(message.id, () => this.#reconfigure(message.changes));
        break;
      case 'configWritten':
        this.#configWriter.written(message.id, message.error);
        break;
      case 'answer':
        void this.#answered(message.id, async () =>
          this.#questions.answer(message.questionId, message.choice),
        );
        break;
      case 'start':
        break;
    }
  }

  /** Does what the VMkernel asked for and says how it went. */
  async #answered(id: number, work: () => Promise<Answer | void>): Promise<void> {
    const { send } = this.#options;
    try {
      const { result, body } = (await work()) ?? {};
      send({ type: 'done', id, ...(result === undefined ? {} : { result }) }, body);
    } catch (error) {
      const { message: text } = error as { message?: unknown };
      const { code, message, details } =
        error instanceof VmkernelError ? error : new VmkernelError('Internal', String(text ?? error));
      send({ type: 'refused', id, error: { code, message, details } });
    }
  }

  async #readPicture(): Promise<Answer> {
    const display = this.#display;
    await display.capture();
    const { width, height, pixels } = display;
    return { result: { width, height }, body: new Uint8Array(pixels.buffer) };
  }

  /** The file first: a device is connected only when it says what was asked for. */
  async #reconfigure({ settings, connections = {} }: RunningChanges): Promise<void> {
    const connect = this.#connections.plan(connections);
    if (Object.keys(settings).length > 0) {
      await this.#config.change(settings);
      this.#log.write('vmx', `Reconfigured: ${Object.keys(settings).join(' ')}`);
    }
    if (Object.keys(connections).length === 0) return;
    await connect();
    this.#options.send({ type: 'connections', connections: this.#connections.all });
  }

  /** Somebody told this process to end: the VM is powered off as if its plug were pulled. */
  terminate(): void {
    void this.#end('guestPowerOff', 'vmware-vmx was told to end (SIGTERM)', true);
  }

  #startVmm(port: MessagePort): void {
    const { name, memoryBytes, disks } = this.#start;
    this.#log.write('vmx', `DISPLAYNAME ${name}, ${memoryBytes >> 20} MB, engine v86`);
    for (const disk of disks) this.#log.write('vmx', `DISK: ${disk.node} ${disk.sizeBytes} bytes`);
    const data: VmmThreadData = {
      start: this.#start,
      serialPorts: this.#serials.count,
      cpuid: this.#config.config.cpuid,
      port,
      gate: this.#gate,
      pictureWords: this.#pictureWords,
    };
    this.#port.on('message', (message: FromVmm) => this.#heard(message));
    this.#vmm.on('error', error => void this.#end('trap', `VMM thread: ${String(error)}`, false));
    this.#vmm.postMessage(data, [port]);
  }

  #heard(message: FromVmm): void {
    const { send } = this.#options;
    if (this.#display.heard(message) || this.#input.heard(message)) return;
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
        send({ type: 'connections', connections: this.#connections.all });
        send({ type: 'poweredOn' });
        for (const delayMs of TRIM_AFTER_MS) setTimeout(trimHeap, delayMs).unref();
        break;
      case 'serialOutput':
        this.#serials.write(message.index, message.bytes);
        break;
      case 'serialTaken':
        this.#serials.taken(message.index, message.count);
        break;
      case 'screen':
        send({ type: 'done', id: message.id, result: message.screen });
        break;
      case 'resetDone':
        send({ type: 'done', id: message.id });
        break;
      case 'noSpace':
        void this.#askForSpace(message.disk);
        break;
      case 'log':
        this.#log.write('vmm0', message.text);
        break;
      case 'softOff':
      case 'trap':
      case 'failed':
      case 'stopped':
        this.#over(message);
        break;
      default:
    }
  }

  /** The VMM thread has paused with a write that found no space. */
  async #askForSpace(disk: number): Promise<void> {
    const node = this.#start.disks[disk]?.node ?? '';
    const fileName = this.#config.get(`${node}.fileName`) ?? '';
    const choice = await this.#questions.ask(noSpace(`${fileName} (${node})`));
    if (choice === 'retry') this.#tell({ type: 'resume' }, KickReason.control);
    else await this.#end('trap', `no space left for ${fileName}`, true);
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
    this.#vncPort?.close();
    this.#mks.close();
    this.#doors.close();
    const stopped = graceful ? await this.#stopVmm() : false;
    await within(FLUSH_WAIT_MS, Promise.allSettled([this.#log.flush(), this.#serials.close()]));
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
