import type { CallFailure, RunningChanges, VmQuestion } from './calls.js';

/**
 * What the VMkernel and a vmware-vmx say to each other on the socketpair that the vmx inherits. Both ends send
 * one-way messages; a message that wants an answer carries an id and the answer repeats it.
 */
export const VMX_CONTROL_FD = 3;
export const VMX_RAM_FD = 4;
export const VMX_DISK_DOORBELL_FD = 5;

/**
 * Node's flags for a vmx. The engine itself tells V8 which modules to optimise, unless `--liftoff-only` or
 * `--wasm-dynamic-tiering` stands here; docs/benchmarks.md has the comparison that decided.
 * Machine code that was made beforehand fits a process with the same flags only.
 */
export const VMX_NODE_FLAGS: readonly string[] = [
  '--single-threaded-gc',
  '--v8-pool-size=1',
  '--max-semi-space-size=1',
];

/** A virtual disk, or an image in the CD drive, as the vmx sees it: a target on its disk ring. */
export interface VmxDisk {
  /** `ide0:0` */
  readonly node: string;
  /** Target number in the disk ring. */
  readonly target: number;
  readonly sizeBytes: number;
}

export interface VmxStart {
  readonly worldId: number;
  readonly name: string;
  readonly vmxPath: string;
  readonly bootId: string;
  readonly shmDir: string;
  /** Row of the World table of vCPU 0's VMM. */
  readonly vmmWorldRow: number;
  readonly vmmWorldId: number;
  readonly memoryBytes: number;
  /** The VMkernel's control socket: datastore files are reached by it. */
  readonly controlSocket: string;
  /** Private folder for sockets of serial ports and the like. */
  readonly runDir: string;
  readonly disks: readonly VmxDisk[];
  /** What lies in the CD drive; null while it is empty. */
  readonly cdrom: VmxDisk | null;
  /** The CD drive's image as the .vmx names it, where it should lie in the drive and is not there. */
  readonly missingImage: string | null;
  /** Name of the shared-memory files of the disk ring, without the folder. */
  readonly diskRing: { readonly request: string; readonly completion: string } | null;
  /** The host's address for all its ports, and by how much it moves them. */
  readonly bind: string;
  readonly portOffset: number;
  readonly biosPath: string;
  readonly vgaBiosPath: string;
  readonly vmxText: string;
}

export type ToVmx =
  | { readonly type: 'start'; readonly start: VmxStart }
  | { readonly type: 'grantable' }
  | { readonly type: 'powerOff' }
  | { readonly type: 'reset'; readonly id: number }
  | { readonly type: 'readScreen'; readonly id: number }
  /** Answered by `done` with {width, height}, the pixels in the frame's body. */
  | { readonly type: 'readPicture'; readonly id: number }
  | { readonly type: 'reconfigure'; readonly id: number; readonly changes: RunningChanges }
  | { readonly type: 'answer'; readonly id: number; readonly questionId: string; readonly choice: string }
  /** The answer to `writeConfig`. */
  | { readonly type: 'configWritten'; readonly id: number; readonly error?: CallFailure };

export type FromVmx =
  /** Memory is mapped and registered; the VMM thread waits for its first grant. Fault handling must be up before `grantable`. */
  | {
      readonly type: 'attached';
      readonly vmmTid: number;
      readonly ramAddress: number;
      /** Descriptor number of the userfaultfd in the vmx; the VMkernel takes a copy by pidfd_getfd. */
      readonly userfaultfd: number;
    }
  | { readonly type: 'poweredOn' }
  /** The guest turned itself off, or the engine trapped: the vmx ends after this. */
  | {
      readonly type: 'ending';
      readonly cause: 'powerOff' | 'guestPowerOff' | 'trap';
      readonly reason: string;
    }
  | { readonly type: 'failed'; readonly code: string; readonly reason: string }
  | { readonly type: 'done'; readonly id: number; readonly result?: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly error: CallFailure }
  /**
   * The .vmx shall read so from now on. The VMkernel checks it, admits what it reserves, replaces the file and lets the
   * scheduler follow, or refuses the whole. Ids are the vmx's own.
   */
  | { readonly type: 'writeConfig'; readonly id: number; readonly vmxText: string }
  /** Something waits for an answer; null: nothing does any more. One question at a time. */
  | { readonly type: 'question'; readonly question: VmQuestion | null }
  | { readonly type: 'connections'; readonly connections: Readonly<Record<string, boolean>> };
