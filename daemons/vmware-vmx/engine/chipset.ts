import { Mc146818 } from '../devices/mc146818.js';
import type { EngineCpu, PortRead } from './private-api.js';
import type { EngineSeam } from './seam.js';

const RTC_INDEX_PORT = 0x70;
const RTC_DATA_PORT = 0x71;
const RTC_IRQ = 8;
const BIOS_DEBUG_PORT = 0x402;
const BIOS_DEBUG_PRESENT = 0xe9;
const BIOS_LINE_LENGTH = 200;
const PCI_HOTPLUG_PORTS = [0xae00, 0xae14] as const;
const CPU_HOTPLUG_PORTS = [0xaf00, 0xaf20] as const;
const PM_BASE = 0xb000;
const PM1_CONTROL = 4;
const SLP_EN = 0x2000;
const SLP_TYP_SHIFT = 10;
const SLP_TYP_MASK = 7;
/** SLP_TYP of S5 in the tables that SeaBIOS writes for PIIX4. */
const SLP_TYP_S5 = 0;
const BACKDOOR_PORT = 0x5658;
const BACKDOOR_MAGIC = 0x564d5868;
const BACKDOOR_GET_TIME = 23;
const EAX = 0;
const ECX = 1;
const EDX = 2;
const EBX = 3;

export interface ChipsetOptions {
  readonly seam: EngineSeam;
  readonly onBiosLine?: ((line: string) => void) | undefined;
  readonly onSoftOff: () => void;
}

/** What the stock machine lacks or does differently, in ports of its chipset. Called once, before the first slice. */
export function fitChipset(cpu: EngineCpu, options: ChipsetOptions): void {
  shareEmptyPorts(cpu);
  fitRtc(cpu, options.seam);
  fitBiosDebug(cpu, options.onBiosLine);
  fitHotplugPorts(cpu);
  fitPowerManagement(cpu, options.onSoftOff);
  fitBackdoorTime(cpu, options.seam);
}

/**
 * v86 makes one entry per I/O port, 65,536 in all; nearly all are empty. One entry stands for those, and a port gets
 * its own when something is registered there. (Moves of PCI I/O ranges replace entries whole.)
 */
function shareEmptyPorts(cpu: EngineCpu): void {
  const { io } = cpu;
  const { ports } = io;
  const empty = ports.find(entry => entry.device === undefined);
  if (empty === undefined) return;
  for (let port = 0; port < ports.length; port++) if (ports[port]?.device === undefined) ports[port] = empty;
  const own = (port: number) => {
    if (ports[port] === empty) ports[port] = { ...empty };
  };
  const { register_read: read, register_write: write } = io;
  io.register_read = function (port, ...rest) {
    own(port);
    read.call(this, port, ...rest);
  };
  io.register_write = function (port, ...rest) {
    own(port);
    write.call(this, port, ...rest);
  };
}

/** v86's own RTC asks Date.now; ours takes over its CMOS memory and its place. */
function fitRtc(cpu: EngineCpu, seam: EngineSeam): void {
  const rtc = new Mc146818(cpu.devices.rtc.cmos_data, {
    wallMs: () => seam.wallMs(),
    raiseIrq: () => cpu.device_raise_irq(RTC_IRQ),
    lowerIrq: () => cpu.device_lower_irq(RTC_IRQ),
  });
  cpu.devices.rtc = {
    cmos_data: rtc.cmos,
    cmos_read: index => rtc.cmos[index] ?? 0,
    cmos_write: (index, value) => {
      rtc.cmos[index] = value;
    },
    timer: () => rtc.timer(),
  };
  cpu.io.register_write(RTC_INDEX_PORT, rtc, value => rtc.select(value));
  cpu.io.register_write(RTC_DATA_PORT, rtc, value => rtc.write(value));
  cpu.io.register_read(RTC_DATA_PORT, rtc, () => rtc.read());
}

/** SeaBIOS prints to QEMU's debug port when it reads E9h there. */
function fitBiosDebug(cpu: EngineCpu, onLine: ((line: string) => void) | undefined): void {
  if (onLine === undefined) return;
  const device = { name: 'BIOS debug port' };
  let line = '';
  cpu.io.register_read(BIOS_DEBUG_PORT, device, () => BIOS_DEBUG_PRESENT);
  cpu.io.register_write(BIOS_DEBUG_PORT, device, byte => {
    if (byte !== 10 && line.length < BIOS_LINE_LENGTH) line += String.fromCharCode(byte);
    if (byte !== 10) return;
    onLine(line);
    line = '';
  });
}

/** SeaBIOS's DSDT polls QEMU's hot-plug ports; unmapped they read "every slot was removed" and Linux drops all devices. */
function fitHotplugPorts(cpu: EngineCpu): void {
  const device = { name: 'hot-plug' };
  const none = () => 0;
  for (const [first, end] of [PCI_HOTPLUG_PORTS, CPU_HOTPLUG_PORTS])
    for (let port = first; port < end; port++) cpu.io.register_read(port, device, none, none, none);
}

/** PM1 control of PIIX4: going to S5 ends the VM (v86 only stores the value). */
function fitPowerManagement(cpu: EngineCpu, onSoftOff: () => void): void {
  const control = cpu.io.ports[PM_BASE + PM1_CONTROL];
  const write = control?.write16;
  if (cpu.devices.acpi === undefined || control === undefined || write === undefined) return;
  control.write16 = function (this: unknown, value) {
    write.call(this, value & ~SLP_EN);
    if ((value & SLP_EN) !== 0 && ((value >> SLP_TYP_SHIFT) & SLP_TYP_MASK) === SLP_TYP_S5) onSoftOff();
  };
}

/** The backdoor's time command goes through the seam: seconds in EAX, microseconds in EBX, lag limit in ECX, UTC. */
function fitBackdoorTime(cpu: EngineCpu, seam: EngineSeam): void {
  const entry = cpu.io.ports[BACKDOOR_PORT];
  if (entry === undefined) return;
  const stock: PortRead = entry.read32;
  entry.read32 = function (this: unknown, port) {
    const { reg32 } = cpu;
    if (reg32[EAX] !== BACKDOOR_MAGIC || ((reg32[ECX] ?? 0) & 0xffff) !== BACKDOOR_GET_TIME)
      return stock.call(this, port);
    const now = seam.wallMs();
    reg32[EBX] = Math.floor(now % 1000) * 1000;
    reg32[ECX] = 1_000_000;
    reg32[EDX] = 0;
    return Math.floor(now / 1000) | 0;
  };
}
