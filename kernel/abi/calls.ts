import type { AdvancedOptionInfo } from './options.js';
import type { PoolCalls } from './pool-calls.js';

/**
 * The control calls that any process may make on the VMkernel's socket, and their errors. A call dies with its
 * connection unless it names a VM; then it completes and the change feed tells.
 */
export type VmPowerState = 'poweringOn' | 'poweredOn' | 'poweringOff';

/** What a host is told to do as a whole. A host that was shut down is started by whoever runs its machine. */
export type HostPowerAction = 'reboot' | 'shutdown';

/** Host power as it was asked for and accepted. */
export interface HostPowerRequest {
  readonly action: HostPowerAction;
  /** The account whose wish it is. */
  readonly by: string;
}

/** Daemons that init keeps running. */
export type ServiceName = 'hostd' | 'authd' | 'sshd' | 'syslogd';
export type ServiceAction = 'start' | 'stop' | 'restart' | 'status';

export interface ServiceState {
  readonly state: 'starting' | 'running' | 'restarting' | 'stopped';
  /** As the service console numbers it; 0 while there is no process. */
  readonly pid: number;
}

export interface HostInfo {
  readonly bootId: string;
  readonly bootTimeMs: number;
  readonly abiHash: number;
  /** Folder of the shared-memory files. */
  readonly shmDir: string;
  readonly machineMemoryBytes: number;
  /** Linux's numbers of the physical CPUs, in the order of PCPU numbers. */
  readonly pcpus: readonly number[];
  /** Speed of a physical CPU as measured at boot, MHz */
  readonly pcpuMhz: number;
  readonly hostName: string;
  readonly version: string;
  /** The host goes down because somebody asked for it. */
  readonly goingDown?: HostPowerRequest;
}

export interface PciDeviceInfo {
  /** `0000:00:1f.2` */
  readonly address: string;
  readonly classId: number;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly subVendorId: number;
  readonly subDeviceId: number;
  /** From the machine's PCI id list; '' where it has none or does not know it. */
  readonly vendorName: string;
  readonly deviceName: string;
}

export interface NumaNodeInfo {
  readonly node: number;
  /** Linux's numbers of its CPUs. */
  readonly cpus: readonly number[];
  readonly memoryBytes: number;
}

/** The machine's hardware as its firmware and buses tell it. What they do not tell is missing. */
export interface HardwareInfo {
  readonly systemVendor?: string;
  readonly productName?: string;
  readonly biosVersion?: string;
  /** `MM/DD/YYYY` */
  readonly biosDate?: string;
  readonly pciDevices: readonly PciDeviceInfo[];
  readonly numaNodes: readonly NumaNodeInfo[];
}

export interface VmInfo {
  readonly worldId: number;
  readonly name: string;
  /** `/vmfs/volumes/<volume id>/<folder>/<file>.vmx` */
  readonly vmxPath: string;
  readonly state: VmPowerState;
  /** Process id of its vmware-vmx in the outermost namespace; 0 before it is started. */
  readonly pid: number;
  readonly memoryMb: number;
  readonly bootTimeMs: number;
  /** What its vmx asks and waits for; also while the VM is powering on. */
  readonly question?: VmQuestion;
  /** Devices that can be connected and disconnected while the VM runs, by their names in the .vmx, and whether they are. */
  readonly connections?: Readonly<Record<string, boolean>>;
}

/** A question that an operation of a VM waits with. It goes with its answer, or with the VM. */
export interface VmQuestion {
  /** Of this question of this VM: another question has another id. */
  readonly id: string;
  /** `msg.uuid.moved`: which question it is, whatever its text says. */
  readonly messageId: string;
  readonly text: string;
  readonly choices: readonly { readonly key: string; readonly label: string }[];
  /** Index into `choices`. */
  readonly defaultIndex: number;
}

/** A change of a running VM's configuration, made by its vmx and nobody else. */
export interface RunningChanges {
  /** Keys of the .vmx with their new values; null takes a key away. */
  readonly settings: Readonly<Record<string, string | null>>;
  /** Devices to connect or disconnect now, by their names in the .vmx (`serial0`). */
  readonly connections?: Readonly<Record<string, boolean>>;
}

export interface DatastoreInfo {
  /** `8hex-8hex` */
  readonly volume: string;
  readonly label: string;
  readonly type: 'NAS';
  /** `/vmfs/volumes/<volume>` */
  readonly path: string;
  readonly capacityBytes: number;
  readonly freeBytes: number;
  readonly accessible: boolean;
}

export interface FileStat {
  readonly type: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly modifiedMs: number;
  readonly owner: number;
}

export interface DirectoryEntry extends FileStat {
  readonly name: string;
}

/** How a flat disk's space is provided; the words of `vmkfstools -d`. */
export type DiskFormat = 'thin' | 'zeroedthick' | 'eagerzeroedthick';

export type DiskAdapter = 'buslogic' | 'lsilogic' | 'ide';

/** What a disk's descriptor says, and what its files take. */
export interface DiskInfo {
  /** `vmfs`, `vmfsSparse`, `monolithicFlat`, … as written. */
  readonly createType: string;
  readonly sizeBytes: number;
  readonly adapterType: string | undefined;
  /** 0 where the descriptor names none. */
  readonly hardwareVersion: number;
  readonly geometry:
    | { readonly cylinders: number; readonly heads: number; readonly sectors: number }
    | undefined;
  /** As written: `60 00 C2 9x … - …`. */
  readonly uuid: string | undefined;
  readonly thin: boolean;
  /** Files that are missing take 0 bytes. */
  readonly extents: readonly { readonly path: string; readonly allocatedBytes: number }[];
}

/** One change of the host. A gap means: re-read. */
export interface Change {
  readonly seq: number;
  readonly topic: 'vm' | 'host' | 'net' | 'storage' | 'config';
  /** The .vmx path of a VM, the volume of a datastore, … */
  readonly object: string;
  readonly event: string;
  readonly gap?: boolean;
  /** Why, where there is a cause worth telling (a VM that died). */
  readonly reason?: string;
  /** Whose doing it was that a VM went off unasked: its guest's wish, or a failure that ended its vmx. */
  readonly cause?: 'guest' | 'failure';
}

/** Which door of a running VM a ticket opens: its console (mouse, keyboard, screen) or its management lines. */
export type TicketService = 'mks' | 'vmctl';

/** Privileges of the VIM API that a ticket can carry: what there is to do at those doors. */
export const TICKET_RIGHTS = [
  'VirtualMachine.Interact.ConsoleInteract',
  'VirtualMachine.Interact.PowerOff',
  'VirtualMachine.Interact.Reset',
  'VirtualMachine.Interact.Suspend',
  'VirtualMachine.Interact.DeviceConnection',
] as const;

export interface TicketRequest {
  readonly vmxPath: string;
  readonly service: TicketService;
  /** On whose behalf; the logs tell. */
  readonly user: string;
  /** Those of {@link TICKET_RIGHTS} that its bearer has on the VM. */
  readonly rights: readonly string[];
}

export interface TicketInfo {
  readonly vmxPath: string;
  readonly service: TicketService;
  readonly user: string;
}

/** A process outside the service console that is no VM's: what runs, and what was started and does not. */
export interface UserWorldInfo {
  readonly name: string;
  /** 0 where there is none. */
  readonly pid: number;
  readonly worldId: number;
  readonly state: 'starting' | 'running' | 'restarting' | 'stopped';
}

type Empty = Record<string, never>;

/** Arguments and results of every call. File data travels in the frame's body. */
export interface Calls extends PoolCalls {
  hostInfo: { args: Empty; result: HostInfo };
  /**
   * Takes the host down in order, for a reboot up again. Answers when init has taken it on; then the host goes down.
   * @throws Busy {action} while one is under way, NotSupported of a VMkernel that no init started
   */
  hostPower: { args: HostPowerRequest; result: Empty };
  /**
   * Starts and stops daemons; answers when that is done. What was stopped stays so until it is started or the host
   * boots. @throws NotSupported as hostPower, InvalidState while the host goes down, Busy
   */
  service: { args: { service: ServiceName; action: ServiceAction }; result: ServiceState };
  hardwareInfo: { args: Empty; result: HardwareInfo };
  /** A setting of esx.conf; null where the file does not name it. */
  getConfig: { args: { key: string }; result: { value: string | null } };
  /** Durable when it answers. @throws NotSupported {key} for a key that cannot be set, InvalidArgument for its value */
  setConfig: { args: { key: string; value: string }; result: Empty };
  /** Advanced options with the values that act. */
  listOptions: { args: Empty; result: { options: AdvancedOptionInfo[] } };
  /**
   * All or nothing; durable and in force when it answers. @throws NotFound {path}, InvalidArgument {argument: path}
   */
  setOptions: { args: { changes: { path: string; value: number }[] }; result: Empty };
  /** Machine memory that a VM of this size takes beside its own. */
  memoryOverhead: { args: { memoryMb: number; vcpus: number }; result: { overheadBytes: number } };
  listVms: { args: Empty; result: { vms: VmInfo[] } };
  /** `failAfterStep` is for tests: a VMkernel that was not started to inject failures answers NotSupported. */
  powerOn: { args: { vmxPath: string; failAfterStep?: string }; result: VmInfo };
  powerOff: { args: { vmxPath: string }; result: Empty };
  reset: { args: { vmxPath: string }; result: Empty };
  /**
   * All of `changes` or nothing. Shares, reservations and limits hold when it answers; the .vmx is durable.
   * @throws InvalidState {state} of a VM that is not powered on, InvalidPowerState {key} for what cannot change while
   *   it runs, InvalidVmx {key} for a bad value, InvalidArgument {argument}, InsufficientCpu, NotSupported {device}
   */
  reconfigure: { args: { vmxPath: string; changes: RunningChanges }; result: Empty };
  /** @throws InvalidState when this question is not asked (any more), InvalidArgument for a choice it does not have */
  answer: { args: { vmxPath: string; questionId: string; choice: string }; result: Empty };
  readScreen: { args: { vmxPath: string }; result: { columns: number; lines: string[]; graphics: boolean } };
  /**
   * What the guest shows at this moment, as its VGA draws it. The reply's body: 32-bit little-endian 00RRGGBBh, row by
   * row. @throws InvalidState {state} of a VM that is not powered on, Busy when its vmx does not answer
   */
  readPicture: { args: { vmxPath: string }; result: { width: number; height: number } };
  /**
   * A ticket for a VM that is powered on: single use, short life, gone with this power-on. Redeemed by vmkauthd alone.
   * @throws InvalidState {state} of a VM that is not powered on
   */
  issueTicket: { args: TicketRequest; result: { ticket: string } };
  /** Uses nothing up. @throws NotFound when there is no such ticket (any more) */
  checkTicket: { args: { ticket: string }; result: TicketInfo };
  listUserWorlds: { args: Empty; result: { worlds: UserWorldInfo[] } };
  listDatastores: { args: Empty; result: { datastores: DatastoreInfo[] } };
  watch: { args: { bootId?: string; after?: number }; result: { bootId: string; seq: number; gap: boolean } };
  fileRead: {
    args: { path: string; offsetBytes: number; lengthBytes: number };
    result: { modifiedMs: number };
  };
  fileWrite: {
    args: { path: string; offsetBytes: number; create: boolean; truncate: boolean };
    result: Empty;
  };
  /** Its result is what the new file is. */
  fileWriteAtomic: { args: { path: string }; result: FileStat };
  fileAppend: { args: { path: string }; result: Empty };
  fileStat: { args: { path: string }; result: FileStat };
  fileList: { args: { path: string }; result: { entries: DirectoryEntry[] } };
  fileMkdir: { args: { path: string; recursive: boolean }; result: Empty };
  fileRename: { args: { from: string; to: string }; result: Empty };
  fileRemove: { args: { path: string; recursive: boolean }; result: Empty };
  /**
   * Begins a file that arrives piece by piece. It appears, or replaces what was there, at its commit; an abort, or the
   * end of the connection, leaves nothing. The space of a known size is reserved.
   */
  uploadBegin: { args: { path: string; sizeBytes?: number }; result: { upload: number } };
  /** Appends the frame's body. */
  uploadWrite: { args: { upload: number }; result: Empty };
  uploadCommit: { args: { upload: number }; result: Empty };
  uploadAbort: { args: { upload: number }; result: Empty };
  /** Copies a file or a folder. */
  fileCopy: { args: { from: string; to: string; overwrite: boolean }; result: Empty };
  /** As fileRename, and between datastores. */
  fileMove: { args: { from: string; to: string; overwrite: boolean }; result: Empty };
  diskCreate: {
    args: { path: string; sizeBytes: number; format: DiskFormat; adapterType: DiskAdapter };
    result: Empty;
  };
  diskDelete: { args: { path: string }; result: Empty };
  /** The copy has an identity of its own; format and adapter are the source's where they are not named. */
  diskCopy: {
    args: { from: string; to: string; format?: DiskFormat; adapterType?: DiskAdapter; overwrite: boolean };
    result: Empty;
  };
  diskMove: { args: { from: string; to: string; overwrite: boolean }; result: Empty };
  diskExtend: { args: { path: string; sizeBytes: number }; result: Empty };
  /** zeroFill: all of it; eagerZero: what was never written; inflate: as eagerZero, of a thin disk. */
  diskZero: { args: { path: string; mode: DiskZeroMode }; result: Empty };
  diskInfo: { args: { path: string }; result: DiskInfo };
  diskSetUuid: { args: { path: string; uuid: string }; result: Empty };
}
export type DiskZeroMode = 'zeroFill' | 'eagerZero' | 'inflate';
export type CallName = keyof Calls;

export interface CallRequest {
  readonly id: number;
  readonly call: CallName;
  readonly args: unknown;
}

/** Ends a call of the same connection that is under way, where it can be ended. It has no reply of its own. */
export interface CallCancel {
  readonly cancel: number;
}

export type CallReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: CallFailure }
  /** How far a long call is, 0 to 1. */
  | { readonly id: number; readonly progress: number }
  | { readonly change: Change };

export interface CallFailure {
  readonly code: VmkernelErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export type VmkernelErrorCode =
  | 'AbiMismatch'
  | 'AlreadyExists'
  | 'Busy'
  | 'Cancelled'
  | 'ConnectionLost'
  | 'DeviceUnsupported'
  | 'DiskMissing'
  | 'DiskTooShort'
  | 'FileLocked'
  | 'GuestOs64NotSupported'
  | 'InsufficientCpu'
  | 'InsufficientMemory'
  | 'Internal'
  | 'InvalidArgument'
  | 'InvalidDescriptor'
  | 'InvalidPowerState'
  | 'InvalidState'
  | 'InvalidVmx'
  | 'IoError'
  | 'LimitExceeded'
  | 'MemorySizeNotSupported'
  | 'NoSpace'
  | 'NotADirectory'
  | 'NotEmpty'
  | 'NotFound'
  | 'NotSupported'
  | 'NumVirtualCpusNotSupported'
  | 'PermissionDenied'
  | 'ShmTooSmall'
  | 'TooManyVcpus'
  | 'VmxDied';

/** An error of the VMkernel, the same on both ends of the socket. Match on `code`. */
export class VmkernelError extends Error {
  override readonly name = 'VmkernelError';
  constructor(
    readonly code: VmkernelErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}
