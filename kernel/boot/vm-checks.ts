import {
  deviceLabel,
  parseVmx,
  readVmConfig,
  type VmConfig,
  type VmxDocument,
  VmxError,
} from '../../lib/vmx/index.js';
import { ENGINE_CPUID, VmkernelError } from '../abi/index.js';

/** What engine 1 runs; anything else is refused at power-on by name. */
const ENGINE = { maxVcpus: 1, maxMemoryMb: 2047, minMemoryMb: 4, serialPorts: 4 } as const;

/** Of any VM, whatever its engine. Source: reference scheduler.md 3.1. */
const MAX_VCPUS = 4;

/** @throws VmkernelError InvalidVmx {line, reason} and the refusals of what the engine cannot run */
export function readCheckedConfig(source: Uint8Array | string): VmConfig {
  const config = parse(source);
  if (config.numVcpus > MAX_VCPUS)
    throw wrong('numvcpus', `a virtual machine has at most ${MAX_VCPUS} virtual CPUs`);
  if (config.numVcpus > ENGINE.maxVcpus)
    throw new VmkernelError(
      'NumVirtualCpusNotSupported',
      `The VM has ${config.numVcpus} virtual CPUs; the engine runs ${ENGINE.maxVcpus}`,
      { max: ENGINE.maxVcpus, count: config.numVcpus },
    );
  if (config.memsizeMb > ENGINE.maxMemoryMb || config.memsizeMb < ENGINE.minMemoryMb)
    throw new VmkernelError(
      'MemorySizeNotSupported',
      `The VM has ${config.memsizeMb} MB of memory; the engine runs ${ENGINE.minMemoryMb} to ${ENGINE.maxMemoryMb} MB`,
      { minMb: ENGINE.minMemoryMb, maxMb: ENGINE.maxMemoryMb, mb: config.memsizeMb },
    );
  if (config.guestIs64Bit)
    throw new VmkernelError('GuestOs64NotSupported', `The engine runs no 64-bit guest (${config.guestOS})`, {
      guestOS: config.guestOS,
    });
  refuseUnbuiltDevices(config);
  refuseImpossibleResources(config);
  refuseLackingFeatures(config);
  return config;
}

function parse(source: Uint8Array | string): VmConfig {
  try {
    const document = parseVmx(source);
    requireKeys(document);
    return readVmConfig(document);
  } catch (error) {
    if (!(error instanceof VmxError)) throw error;
    const details = { line: error.line, reason: error.reason, key: error.key ?? null };
    throw new VmkernelError('InvalidVmx', `The configuration file is damaged: ${error.message}`, details);
  }
}

/** Without these a file is no configuration, whatever else it says. */
function requireKeys(document: VmxDocument): void {
  const missing = ['config.version', 'virtualHW.version', 'guestOS'].find(
    key => (document.get(key) ?? '') === '',
  );
  if (missing === undefined) return;
  const details = { line: 0, reason: 'MissingKey', key: missing };
  throw new VmkernelError('InvalidVmx', `The configuration file has no ${missing}`, details);
}

function refuseUnbuiltDevices(config: VmConfig): void {
  const device = unbuiltDevice(config);
  if (config.firmware !== 'bios')
    throw new VmkernelError('DeviceUnsupported', `No model of firmware ${config.firmware} exists`, {
      device: 'firmware',
    });
  if (device === undefined) return;
  const label = deviceLabel(config, device);
  throw new VmkernelError('DeviceUnsupported', `No model of the device ${label} (${device}) exists`, {
    device: label,
    name: device,
  });
}

/**
 * The engine has the primary IDE channel for disks, a master and a slave only beside a master, a CD drive as the
 * secondary's master, and four serial ports. No drive of the machine is passed through; one that somebody's console
 * would lend starts empty.
 */
function unbuiltDevice({ disks, cdroms, serials, otherDevices }: VmConfig): string | undefined {
  const hasMaster = disks.some(disk => disk.node === 'ide0:0');
  const disk = disks.find(d => d.controller !== 'ide' || d.bus !== 0 || d.unit > 1 || !hasMaster);
  const cdrom = cdroms.find(
    ({ node, deviceType, clientDevice, startConnected }) =>
      node !== 'ide1:0' || (startConnected && deviceType !== 'cdrom-image' && !clientDevice),
  );
  const serial = serials.find(({ index }) => index >= ENGINE.serialPorts);
  return otherDevices[0]?.name ?? disk?.node ?? cdrom?.node ?? (serial && `serial${serial.index}`);
}

function refuseImpossibleResources({ cpu, memory, memsizeMb }: VmConfig): void {
  if (cpu.max !== undefined && cpu.max < 1) throw wrong('sched.cpu.max', 'the limit is nothing');
  if (cpu.max !== undefined && cpu.max < cpu.min)
    throw wrong('sched.cpu.max', `the limit of ${cpu.max} is below the reservation of ${cpu.min}`);
  if (memory.minMb > memsizeMb)
    throw wrong('sched.mem.min', 'the reservation is above the size of the memory');
  if (memory.maxMb !== undefined && memory.maxMb < memory.minMb)
    throw wrong('sched.mem.max', 'the limit is below the reservation');
}

/** No guest is told of a feature that its processor does not have. */
function refuseLackingFeatures({ cpuid }: VmConfig): void {
  for (const { key, leaf, register, ones } of cpuid) {
    const has = ENGINE_CPUID.get(leaf)?.[register] ?? 0;
    const lacking = (ones & ~has) >>> 0;
    if (lacking !== 0)
      throw wrong(key, `the processor of the engine does not have the bits ${lacking.toString(16)}h`);
  }
}

function wrong(key: string, why: string): VmkernelError {
  return new VmkernelError('InvalidVmx', `${key}: ${why}`, { line: 0, reason: 'BadValue', key });
}
