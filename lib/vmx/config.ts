import { type CpuidMask, readCpuidMasks } from './cpuid-masks.js';
import { type PresentDevice, presentDevices } from './devices.js';
import type { VmxDocument } from './document.js';
import { isMachineFile } from './machine-files.js';
import { isPipeName } from './pipe-name.js';

export type DiskMode = 'persistent' | 'independent-persistent' | 'independent-nonpersistent';
export type SerialBackend = 'file' | 'pipe' | 'console';

export interface VmDisk {
  readonly controller: 'ide' | 'scsi';
  /** Controller and unit as written: ide0:0, scsi0:1. */
  readonly node: string;
  readonly bus: number;
  readonly unit: number;
  readonly fileName: string;
  readonly mode: DiskMode;
  readonly deviceType: string;
}

export interface VmSerial {
  readonly index: number;
  readonly fileType: SerialBackend;
  /** Datastore path of a file, name of a pipe; of no meaning for the console. */
  readonly fileName: string;
  /** Which end of a pipe the VM is. */
  readonly endPoint: 'server' | 'client';
  readonly startConnected: boolean;
}

export type CdromType = 'cdrom-image' | 'cdrom-raw' | 'atapi-cdrom';

export interface VmCdrom {
  /** ide1:0 */
  readonly node: string;
  /** An image of a datastore, or a drive of the machine. */
  readonly deviceType: CdromType;
  /** Datastore path of an image; a drive's device. */
  readonly fileName: string;
  /** The drive of whoever has a console open. */
  readonly clientDevice: boolean;
  readonly startConnected: boolean;
}

export interface CpuAllocation {
  readonly shares: number;
  /** Of `min` and `max`: MHz, or percent of one PCPU. */
  readonly units: 'mhz' | 'percent';
  readonly min: number;
  /** undefined: unlimited. */
  readonly max: number | undefined;
  /** PCPU numbers, each once, ascending; undefined: all. */
  readonly affinity: readonly number[] | undefined;
  /** With whom a virtual CPU shares its core: anybody, those of its own VM, nobody. */
  readonly htSharing: 'any' | 'internal' | 'none';
}

export interface MemoryAllocation {
  readonly shares: number;
  readonly minMb: number;
  readonly maxMb: number | undefined;
}

export interface VmConfig {
  readonly displayName: string | undefined;
  readonly guestOS: string;
  readonly guestIs64Bit: boolean;
  readonly memsizeMb: number;
  readonly numVcpus: number;
  readonly cpu: CpuAllocation;
  readonly memory: MemoryAllocation;
  /** For a GenuineIntel, which the engine's processor is; what it cannot do is the VMkernel's to refuse. */
  readonly cpuid: readonly CpuidMask[];
  readonly firmware: 'bios' | 'efi';
  readonly uuidBios: string | undefined;
  readonly disks: readonly VmDisk[];
  readonly cdroms: readonly VmCdrom[];
  readonly serials: readonly VmSerial[];
  /** Devices present beyond disks, CD drives and serial ports: what an engine lacks is refused by this name. */
  readonly otherDevices: readonly PresentDevice[];
}

const DISK_TYPES = new Set(['disk', 'ata-harddisk', 'scsi-harddisk', 'rdm']);
const CDROM_TYPES: readonly CdromType[] = ['cdrom-image', 'cdrom-raw', 'atapi-cdrom'];
const SERIAL_TYPES: readonly string[] = ['file', 'pipe', 'console'];

/** Throws VmxError (BadValue) with the line at fault; a fact an engine cannot run is reported, not refused. */
export function readVmConfig(document: VmxDocument): VmConfig {
  const guestOS = document.get('guestOS') ?? 'other';
  const memsizeMb = positive(document, 'memsize', 32);
  if (memsizeMb % 4 !== 0) throw document.badValue('memsize');
  const numVcpus = positive(document, 'numvcpus', 1);
  const disks = readDisks(document);
  const cdroms = readCdroms(document);
  const serials = readSerials(document);
  const drives = [...disks, ...cdroms].map(({ node }) => node);
  const described = new Set([...drives, ...serials.map(s => `serial${s.index}`)]);
  return {
    displayName: document.get('displayName'),
    guestOS,
    guestIs64Bit: /-64$/.test(guestOS),
    memsizeMb,
    numVcpus,
    cpu: readCpu(document, numVcpus),
    memory: readMemory(document, memsizeMb),
    cpuid: readCpuidMasks(document, 'intel'),
    firmware: choice(document, 'firmware', ['bios', 'efi'], 'bios') as 'bios' | 'efi',
    uuidBios: document.get('uuid.bios'),
    disks,
    cdroms,
    serials,
    otherDevices: [...presentDevices(document, described), ...strangeSerials(document)],
  };
}

function positive(document: VmxDocument, key: string, fallback: number): number {
  const value = document.getInt(key) ?? fallback;
  if (value < 1 || value > 1 << 24) throw document.badValue(key);
  return value;
}

function choice(document: VmxDocument, key: string, allowed: readonly string[], fallback: string): string {
  const value = document.get(key)?.toLowerCase() || fallback;
  if (!allowed.includes(value)) throw document.badValue(key);
  return value;
}

interface Drive {
  /** Its `present`. */
  readonly key: string;
  readonly match: RegExpExecArray;
  readonly node: string;
  readonly deviceType: string;
}

function drivesOf(document: VmxDocument): Drive[] {
  return document.keys().flatMap(key => {
    const match = /^(ide|scsi)(\d+):(\d+)\.present$/.exec(key.toLowerCase());
    if (match === null || document.getBool(key) !== true) return [];
    const node = `${match[1]}${match[2]}:${match[3]}`;
    return { key, match, node, deviceType: document.get(`${node}.deviceType`) ?? 'disk' };
  });
}

function readCdroms(document: VmxDocument): VmCdrom[] {
  return drivesOf(document).flatMap(({ node, deviceType }) => {
    const type = CDROM_TYPES.find(known => known === deviceType.toLowerCase());
    if (type === undefined) return [];
    const startConnected = document.getBool(`${node}.startConnected`) ?? true;
    const fileName = document.get(`${node}.fileName`) ?? '';
    if (type === 'cdrom-image' && startConnected && fileName === '')
      throw document.badValue(`${node}.deviceType`);
    const clientDevice = document.getBool(`${node}.clientDevice`) ?? false;
    return { node, deviceType: type, fileName, clientDevice, startConnected };
  });
}

function readDisks(document: VmxDocument): VmDisk[] {
  return drivesOf(document).flatMap(({ key, match, node, deviceType }) => {
    if (!DISK_TYPES.has(deviceType.toLowerCase())) return [];
    const fileName = document.get(`${node}.fileName`) ?? '';
    if (fileName === '') throw document.badValue(document.has(`${node}.fileName`) ? `${node}.fileName` : key);
    const modes = ['persistent', 'independent-persistent', 'independent-nonpersistent'];
    return {
      controller: match[1] === 'ide' ? 'ide' : 'scsi',
      node,
      bus: Number(match[2]),
      unit: Number(match[3]),
      fileName,
      mode: choice(document, `${node}.mode`, modes, 'persistent') as DiskMode,
      deviceType,
    };
  });
}

function serialNames(document: VmxDocument): { index: number; name: string; fileType: string }[] {
  return document.keys().flatMap(key => {
    const match = /^serial(\d+)\.present$/.exec(key.toLowerCase());
    if (match === null || document.getBool(key) !== true) return [];
    const name = `serial${match[1]}`;
    const written = (document.get(`${name}.fileType`) ?? 'device').toLowerCase();
    // A pipe with this mark is the port that the host's own console opens: other readers of .vmx files know pipes.
    const isConsole = written === 'pipe' && document.getBool(`${name}.console`) === true;
    return { index: Number(match[1]), name, fileType: isConsole ? 'console' : written };
  });
}

function readSerials(document: VmxDocument): VmSerial[] {
  return serialNames(document).flatMap(({ index, name, fileType }) => {
    if (!SERIAL_TYPES.includes(fileType)) return [];
    const fileName = document.get(`${name}.fileName`) ?? '';
    if (fileType !== 'console' && fileName === '') throw document.badValue(`${name}.fileType`);
    if (fileType === 'file' && isMachineFile(fileName)) throw document.badValue(`${name}.fileName`);
    if (fileType === 'pipe' && !isPipeName(fileName)) throw document.badValue(`${name}.fileName`);
    return {
      index,
      fileType: fileType as SerialBackend,
      fileName,
      endPoint: choice(document, `${name}.pipe.endPoint`, ['server', 'client'], 'server') as
        | 'server'
        | 'client',
      startConnected: document.getBool(`${name}.startConnected`) ?? true,
    };
  });
}

function strangeSerials(document: VmxDocument): PresentDevice[] {
  return serialNames(document).flatMap(({ name, fileType }) =>
    SERIAL_TYPES.includes(fileType) ? [] : { name, type: fileType },
  );
}

/** VIM API, SharesInfo. */
const MAX_SHARES = 1_000_000;

function readShares(document: VmxDocument, key: string, normal: number): number {
  const word = document.get(key)?.trim().toLowerCase() || 'normal';
  if (word === 'low') return normal / 2;
  if (word === 'normal') return normal;
  if (word === 'high') return normal * 2;
  const value = document.getInt(key) ?? 0;
  if (value < 1 || value > MAX_SHARES) throw document.badValue(key);
  return value;
}

function readLimit(document: VmxDocument, key: string): number | undefined {
  const word = document.get(key)?.trim().toLowerCase() || 'unlimited';
  if (word === 'unlimited' || word === '-1') return undefined;
  const value = document.getInt(key) ?? -1;
  if (value < 0) throw document.badValue(key);
  return value;
}

function readMin(document: VmxDocument, key: string): number {
  const value = document.getInt(key) ?? 0;
  if (value < 0) throw document.badValue(key);
  return value;
}

/** Shares are 1000 per vCPU and 10 per MB of memory at "normal"; low is half, high twice that. */
function readCpu(document: VmxDocument, numVcpus: number): CpuAllocation {
  return {
    shares: readShares(document, 'sched.cpu.shares', 1000 * numVcpus),
    units: choice(document, 'sched.cpu.units', ['mhz', 'percent'], 'mhz') as 'mhz' | 'percent',
    min: readMin(document, 'sched.cpu.min'),
    max: readLimit(document, 'sched.cpu.max'),
    affinity: readAffinity(document, numVcpus),
    htSharing: choice(document, 'sched.cpu.htsharing', ['any', 'internal', 'none'], 'any') as
      | 'any'
      | 'internal'
      | 'none',
  };
}

function readMemory(document: VmxDocument, memsizeMb: number): MemoryAllocation {
  return {
    shares: readShares(document, 'sched.mem.shares', 10 * memsizeMb),
    minMb: readMin(document, 'sched.mem.min'),
    maxMb: readLimit(document, 'sched.mem.max'),
  };
}

/** A virtual CPU needs a PCPU of its own at a time: fewer than those of the VM are refused. */
function readAffinity(document: VmxDocument, numVcpus: number): number[] | undefined {
  const word = document.get('sched.cpu.affinity')?.trim().toLowerCase() || 'all';
  if (word === 'all') return undefined;
  if (!/^\d{1,4}(?:\s*,\s*\d{1,4})*$/.test(word)) throw document.badValue('sched.cpu.affinity');
  const pcpus = [...new Set(word.split(',').map(Number))].sort((a, b) => a - b);
  if (pcpus.length < numVcpus) throw document.badValue('sched.cpu.affinity');
  return pcpus;
}
