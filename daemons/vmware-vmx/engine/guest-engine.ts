import { V86, type V86Options } from 'v86';
import type { DiskPort } from '../../../kernel/vmm/disk-port.js';
import type { CpuidMask } from '../../../lib/vmx/index.js';
import { Screen } from '../devices/vga/index.js';
import { IdeCdrom } from './cdrom.js';
import { fitChipset } from './chipset.js';
import { EngineCore, type RamPlacement } from './core.js';
import { attachDrives, IdeDisk } from './ide.js';
import { EngineInput } from './input.js';
import { InterruptCounts } from './interrupt-counts.js';
import { DiskMedium, engineMedium } from './medium.js';
import type { ExecutionCounts, MonitorCapabilities, TextScreen, VirtualMachineMonitor } from './monitor.js';
import type { EngineCpu, EngineUart, IdeInterface, PrivateEmulator, PrivateOptions } from './private-api.js';
import { type EngineSeam, realSeam } from './seam.js';
import { EngineTrap, trapReason } from './trap.js';
import { SerialPort } from './uart.js';
import { EngineVgaRegisters } from './vga.js';

export interface EngineDisk {
  readonly port: DiskPort;
  readonly sizeBytes: number;
}

export interface EngineOptions {
  readonly memoryBytes: number;
  readonly bios: Uint8Array;
  readonly vgaBios: Uint8Array;
  /** Master and slave of the primary IDE channel: ide0:0 and ide0:1. A slave needs a master. */
  readonly disks: readonly EngineDisk[];
  /** What lies in the CD drive, the master of the secondary channel. Without it the drive is empty. */
  readonly cdrom?: EngineDisk;
  readonly serialPorts: number;
  /** What CPUID does not tell the guest. */
  readonly cpuid?: readonly CpuidMask[];
  readonly seam?: EngineSeam;
  readonly translation?: 'synchronous' | 'stock';
  /** Called once, right after the RAM's range was reserved and before anything touches it. */
  readonly placeRam?: (ram: RamPlacement) => void;
  /** A write to a disk found no space; without this the guest is told of a failed write. */
  readonly onNoSpace?: (disk: number, retry: () => void) => void;
  readonly onBiosLine?: (line: string) => void;
  /** A floppy image in A:, for test guests of one boot sector. */
  readonly floppy?: Uint8Array;
}

export const CAPABILITIES: MonitorCapabilities = {
  dispatch: 'cooperative',
  maxVcpus: 1,
  guest64Bit: false,
  maxMemoryMb: 2047,
  userfaultfd: 'user',
  stop: 'slice',
  ideDisks: 2,
  serialPorts: 4,
};

/** What the guest did to itself, seen between slices. */
export type GuestEvent = 'softOff' | 'cpuDisabled' | 'reset';

const VGA_MEMORY_BYTES = 4 << 20;
const SLICE_MS = 1;
const COLUMNS = 80;

export class GuestEngine implements VirtualMachineMonitor {
  readonly capabilities = CAPABILITIES;
  /** What the guest's VGA shows; brought up to date only when somebody captures it. */
  readonly screen: Screen;
  readonly input: EngineInput;
  readonly #core: EngineCore;
  readonly #emulator: PrivateEmulator;
  readonly #cpu: EngineCpu;
  readonly #disks: DiskMedium[];
  readonly #cdrom: DiskMedium | undefined;
  readonly #serial: SerialPort[];
  readonly #events = new Set<GuestEvent>();
  readonly #reboot: () => void;
  #resetRequested = false;
  #completed = false;
  #woken = false;
  #instructions = 0;
  #lastCounter = 0;
  readonly #interrupts: InterruptCounts;
  readonly #execution = {
    userInstructions: 0,
    userNs: 1,
    kernelNs: 1,
    monitorMs: 0,
    interrupts: 0,
    timerInterrupts: 0,
  };

  private constructor(
    emulator: PrivateEmulator,
    core: EngineCore,
    { disks, cdrom }: Media,
    options: EngineOptions,
  ) {
    this.#emulator = emulator;
    this.#core = core;
    this.#cpu = emulator.v86.cpu;
    core.extras.maskCpuid(options.cpuid ?? []);
    this.#interrupts = new InterruptCounts(this.#cpu, core.extras);
    this.screen = new Screen(new EngineVgaRegisters(this.#cpu));
    this.input = new EngineInput(emulator);
    this.#disks = disks;
    this.#cdrom = cdrom;
    this.#lastCounter = this.#cpu.instruction_counter[0] ?? 0;
    this.#serial = this.#openSerial(options.serialPorts);
    this.#attachDrives();
    this.#reboot = this.#cpu.reboot_internal.bind(this.#cpu);
    // A guest that resets itself within every round of instructions would never let a slice end: it is stopped at
    // its next instruction and reset between slices, devices included.
    this.#cpu.reboot_internal = () => {
      this.#events.add('reset');
      this.#resetRequested = true;
      this.#cpu.in_hlt[0] = 1;
    };
    if (options.translation !== 'stock')
      this.#cpu.stop_idling = () => {
        this.#woken = true;
      };
    emulator.add_listener('cpu-event-halt', () => this.#events.add('cpuDisabled'));
  }

  /** Builds the machine; afterwards the guest stands before its first instruction. */
  static async create(options: EngineOptions): Promise<GuestEngine> {
    const seam = options.seam ?? realSeam();
    const translation = options.translation ?? 'synchronous';
    const { memoryBytes, placeRam, onNoSpace } = options;
    const core = new EngineCore({ memoryBytes, seam, translation, placeRam });
    const disks = options.disks.map(
      ({ port, sizeBytes }, index) =>
        new DiskMedium(port, sizeBytes, onNoSpace && (retry => onNoSpace(index, retry))),
    );
    const cdrom = options.cdrom && new DiskMedium(options.cdrom.port, options.cdrom.sizeBytes);
    const media: Media = { disks, cdrom };
    const emulator = new V86(
      v86Options(options, core, media) as unknown as V86Options,
    ) as unknown as PrivateEmulator;
    await loaded(emulator, media);
    const { v86 } = emulator;
    core.attach(v86.cpu);
    v86.constructor.microtick = () => seam.nowMs();
    const engine = new GuestEngine(emulator, core, media, options);
    fitChipset(v86.cpu, {
      seam,
      onBiosLine: options.onBiosLine,
      onSoftOff: () => engine.#events.add('softOff'),
    });
    return engine;
  }

  /** v86's own loop on the event loop, for comparison; `runSlice` is not used then. */
  runStock(): Promise<void> {
    return this.#emulator.run();
  }

  runSlice(short: boolean): number {
    this.#core.beginSlice(short ? 0 : SLICE_MS);
    this.#woken = false;
    let idleMs: number;
    try {
      idleMs = this.#cpu.main_loop();
    } catch (error) {
      this.#count();
      throw new EngineTrap(trapReason(error, this.#core.lastWords), this.#instructions, { cause: error });
    }
    this.#count();
    if (this.#resetRequested) {
      this.#powerCycle();
      return 0;
    }
    return this.#woken || this.#cpu.in_hlt[0] === 0 ? 0 : idleMs;
  }

  get instructions(): number {
    return this.#instructions;
  }

  get translations(): number {
    return this.#core.translations;
  }

  get execution(): ExecutionCounts {
    return this.#execution;
  }

  get halted(): boolean {
    return this.#cpu.in_hlt[0] !== 0;
  }

  pollDevices(): boolean {
    this.#completed = false;
    for (const disk of this.#disks) disk.poll();
    this.#cdrom?.poll();
    return this.#completed;
  }

  feedSerial(): boolean {
    let moved = 0;
    for (const port of this.#serial) moved += port.feed();
    return moved > 0;
  }

  sendSerial(index: number, bytes: Uint8Array): number {
    return this.#serial[index]?.send(bytes) ?? bytes.length;
  }

  takeSerial(index: number): Uint8Array | undefined {
    return this.#serial[index]?.takeOutput();
  }

  /** Puts the image of the CD drive into it, or takes it out; the guest is told at its next command. */
  setCdromInserted(inserted: boolean): void {
    const drive = this.#cpu.devices.ide.secondary?.master;
    if (drive === undefined || this.#cdrom === undefined) return;
    if (!inserted) drive.eject();
    else if (drive.buffer === null) drive.set_cdrom(engineMedium(this.#cdrom));
  }

  /** What the guest did to itself since the last call. */
  takeEvents(): GuestEvent[] {
    if (this.#events.size === 0) return [];
    const events = [...this.#events];
    this.#events.clear();
    return events;
  }

  reset(): void {
    this.#powerCycle();
    this.#events.clear();
  }

  textScreen(): TextScreen {
    const graphics = this.#cpu.devices.vga.graphical_mode;
    const lines = graphics ? [] : this.#emulator.screen_adapter.get_text_screen().map(line => line.trimEnd());
    return { columns: COLUMNS, lines, graphics };
  }

  #powerCycle(): void {
    // Hands over a block that was being compiled; the core resets nothing while it owes one.
    this.#core.beginSlice(SLICE_MS);
    this.#resetRequested = false;
    for (const channel of [this.#cpu.devices.ide.primary, this.#cpu.devices.ide.secondary]) {
      if (channel === undefined) continue;
      channel.dma_status = 0;
      channel.dma_command = 0;
      channel.master.device_reset();
      channel.slave.device_reset();
    }
    for (const port of this.#serial) port.reset();
    this.input.reset();
    this.#cpu.in_hlt[0] = 0;
    this.#reboot();
    this.#lastCounter = this.#cpu.instruction_counter[0] ?? 0;
  }

  #count(): void {
    const counter = this.#cpu.instruction_counter[0] ?? 0;
    this.#instructions += (counter - this.#lastCounter) >>> 0;
    this.#lastCounter = counter;
    this.#interrupts.count();
    const counts = this.#execution;
    counts.userInstructions = this.#core.extras.userInstructions(this.#cpu);
    const { userNs, kernelNs } = this.#core.extras.ringCosts;
    counts.userNs = userNs;
    counts.kernelNs = kernelNs;
    counts.monitorMs = this.#core.monitorMs;
    counts.interrupts = this.#interrupts.interrupts;
    counts.timerInterrupts = this.#interrupts.timerInterrupts;
  }

  #openSerial(count: number): SerialPort[] {
    const { uart0, uart1, uart2, uart3 } = this.#cpu.devices;
    const uarts = [uart0, uart1, uart2, uart3]
      .slice(0, count)
      .filter((u): u is EngineUart => u !== undefined);
    return uarts.map((uart, index) => {
      const port = new SerialPort(uart, byte => this.#emulator.bus.send(`serial${index}-input`, byte));
      this.#emulator.add_listener(`serial${index}-output-byte`, (byte: number) => port.note(byte));
      return port;
    });
  }

  #attachDrives(): void {
    const { primary, secondary } = this.#cpu.devices.ide;
    const onDone = () => {
      this.#completed = true;
    };
    const interfaces = primary === undefined ? [] : [primary.master, primary.slave];
    const disks = this.#disks.map((medium, i): [IdeInterface, IdeDisk] => {
      const ide = interfaces[i];
      if (ide === undefined) throw new RangeError('the engine has two IDE disks');
      return [ide, new IdeDisk(ide, medium, onDone)];
    });
    const drive = secondary?.master;
    attachDrives(disks, drive === undefined ? [] : [[drive, new IdeCdrom(drive, this.#cdrom, onDone)]]);
  }
}

interface Media {
  readonly disks: DiskMedium[];
  readonly cdrom: DiskMedium | undefined;
}

function v86Options(options: EngineOptions, core: EngineCore, { disks, cdrom }: Media): PrivateOptions {
  const [hda, hdb] = disks.map(engineMedium);
  const image = (bytes: Uint8Array) => ({ buffer: bytes.slice().buffer as ArrayBuffer });
  return {
    wasm_fn: core.instantiate,
    memory_size: options.memoryBytes,
    vga_memory_size: VGA_MEMORY_BYTES,
    bios: image(options.bios),
    vga_bios: image(options.vgaBios),
    acpi: true,
    fastboot: true,
    autostart: false,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    net_device: { type: 'none' },
    uart1: options.serialPorts > 1,
    uart2: options.serialPorts > 2,
    uart3: options.serialPorts > 3,
    ...(hda && { hda }),
    ...(hdb && { hdb }),
    ...(cdrom && { cdrom: engineMedium(cdrom) }),
    ...(options.floppy && { fda: image(options.floppy) }),
  };
}

/** v86 reads the first sector of each disk while it loads: completions must be delivered meanwhile. */
async function loaded(emulator: PrivateEmulator, { disks, cdrom }: Media): Promise<void> {
  let ready = false;
  emulator.add_listener('emulator-loaded', () => {
    ready = true;
  });
  while (!ready) {
    for (const disk of disks) disk.poll();
    cdrom?.poll();
    await new Promise<void>(resolve => setTimeout(resolve, 0));
  }
}
