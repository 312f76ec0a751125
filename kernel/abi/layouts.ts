/**
 * Every shared-memory file of a host, declared once. `generate.ts` turns this into typed accessors with literal
 * offsets, into the hash that both ends compare, and into docs/abi.md.
 *
 * One file has one writing thread (the doorbell apart). Field types:
 * - `i32` a word read and written atomically (grant words, states, ids),
 * - `f64` a figure; several that belong together stand in a table with `seqlock`,
 * - `text:N` UTF-8, padded with NULs to N bytes,
 * - `bytes:N` raw bytes; the accessor tells their offset in the file.
 */
export type FieldType = 'i32' | 'f64' | `text:${number}` | `bytes:${number}`;

export interface FieldLayout {
  readonly name: string;
  readonly type: FieldType;
  /** Meaning and unit, for docs/abi.md. */
  readonly doc: string;
}

export interface TableLayout {
  readonly name: string;
  readonly rows: number;
  readonly seqlock?: boolean;
  readonly fields: readonly FieldLayout[];
}

export interface FileLayout {
  readonly name: string;
  readonly writer: string;
  readonly doc: string;
  readonly tables: readonly TableLayout[];
}

const i32 = (name: string, doc: string): FieldLayout => ({ name, type: 'i32', doc });
const f64 = (name: string, doc: string): FieldLayout => ({ name, type: 'f64', doc });
const text = (name: string, bytes: number, doc: string): FieldLayout => ({
  name,
  type: `text:${bytes}`,
  doc,
});

const bytes = (name: string, count: number, doc: string): FieldLayout => ({
  name,
  type: `bytes:${count}`,
  doc,
});

export const MAX_WORLDS = 1024;
/** 512 resource pools, 192 VMs, and what the host itself has. */
export const MAX_GROUPS = 1024;
export const MAX_VMS = 192;
export const MAX_PCPUS = 64;
/** Slots of a disk ring. How many a VM may use, and its arenas, are parameters in the completion file. */
export const DISK_RING_ROWS = 256;

const hostFile: FileLayout = {
  name: 'host',
  writer: 'VMkernel main thread',
  doc: 'What exists: the host, its groups, VMs and worlds, and what their administrators asked for.',
  tables: [
    {
      name: 'HostControl',
      rows: 1,
      fields: [
        i32('tableVersion', 'moves when rows of Group, Vm or World came, went or changed'),
        i32('pcpuCount', 'physical CPUs the scheduler grants'),
        i32('groupCount', 'rows of Group ever used: readers need look no further'),
        i32('worldCount', 'rows of World ever used'),
        i32('vmCount', 'rows of Vm ever used'),
        f64('pcpuMhz', 'speed of one PCPU, MHz'),
        f64('bootTimeUs', 'CLOCK_MONOTONIC at boot, µs'),
        f64('bootWallMs', 'wall clock at boot, ms since 1970'),
        f64('machineMemoryKb', 'machine memory this host may use, KB'),
        i32('consoleMemoryMb', 'memory of the service console, MB'),
        f64('consoleCpuUs', 'CPU time of all processes of the service console since boot, µs'),
        text('hostName', 64, 'name of the service console'),
      ],
    },
    {
      name: 'CpuOption',
      rows: 1,
      fields: [
        i32('quantumUs', 'longest time a world keeps a PCPU while another waits, µs (Cpu.Quantum)'),
        i32('boundLagQuanta', 'quanta of credit that a world keeps while it sleeps (Cpu.BoundLagQuanta)'),
        i32(
          'vmAdmitCheckPerVcpuMin',
          '1: a VM may not reserve more than a PCPU for each of its virtual CPUs (Cpu.VMAdmitCheckPerVcpuMin)',
        ),
        i32('runningVcpuLimit', 'virtual CPUs that may be powered on (Misc.RunningVCpuLimit)'),
      ],
    },
    {
      name: 'Pcpu',
      rows: MAX_PCPUS,
      fields: [
        i32('cpu', "Linux's number of this CPU"),
        i32('core', 'number of its core: hyper-threads of one core have the same, and adjacent PCPU numbers'),
        i32('package', 'number of its package'),
        i32('node', 'number of its NUMA node'),
      ],
    },
    {
      name: 'Group',
      rows: MAX_GROUPS,
      fields: [
        i32('generation', 'odd while the row is in use; moves at every change of its owner'),
        i32('groupId', 'GID in esxtop'),
        i32('parentRow', 'row of the parent group, -1 at the root'),
        i32('kind', 'GroupKind'),
        i32('vmRow', 'row of its VM, or -1'),
        i32('poolId', 'id of its resource pool, -1 = it is none'),
        i32('cpuShares', 'CPU shares among its siblings'),
        i32('cpuExpandable', '1: what its children reserve beyond its own reservation comes from its parent'),
        i32('cpuUnits', 'CpuUnits in which its administrator speaks'),
        i32('affinityLow', 'PCPUs 0–31 that its worlds may use, a bit each; with affinityHigh 0: all'),
        i32('affinityHigh', 'PCPUs 32–63'),
        i32('htSharing', 'HtSharing'),
        f64('cpuMin', 'CPU reservation in PCPUs (0.25 = a quarter of one)'),
        f64('cpuMax', 'CPU limit in PCPUs, -1 = none'),
        text('name', 64, 'name as esxtop shows it'),
      ],
    },
    {
      name: 'Vm',
      rows: MAX_VMS,
      fields: [
        i32('generation', 'odd while the row is in use'),
        i32('worldId', 'id of the VM: its leader world'),
        i32('groupRow', 'row of its group'),
        i32('pid', 'process id of its vmware-vmx, in the outermost namespace'),
        i32('state', 'VmState'),
        i32('memoryMb', 'configured memory, MB'),
        i32('vcpus', 'virtual CPUs'),
        f64('poweredOnUs', 'CLOCK_MONOTONIC when the vmx reported power-on, µs'),
        text('name', 96, 'displayName'),
      ],
    },
    {
      name: 'World',
      rows: MAX_WORLDS,
      fields: [
        i32('generation', 'odd while the row is in use'),
        i32('worldId', 'WID in esxtop'),
        i32('groupRow', 'row of its group'),
        i32('vmRow', 'row of its VM, or -1'),
        i32('kind', 'WorldKind'),
        i32('pid', 'its Linux process, 0 = none'),
        i32('tid', 'its Linux thread; 0 = every thread of pid that is no other world (or the idle world)'),
        i32('pcpu', 'the only PCPU it may use, -1 = any'),
        text('name', 48, 'name as esxtop shows it'),
      ],
    },
  ],
};

const schedFile: FileLayout = {
  name: 'sched',
  writer: 'scheduler thread',
  doc: 'Grants, and all time of all worlds: only the scheduler sums time.',
  tables: [
    {
      name: 'SchedControl',
      rows: 1,
      seqlock: true,
      fields: [
        i32('seenTableVersion', 'the tableVersion its view is made of'),
        i32('ready', '1 once the scheduler runs; 2 when Linux lets it use real-time classes'),
        f64('dispatches', 'grants given since boot'),
        f64('loops', 'passes of the scheduler since boot'),
        f64('ownCpuUs', "CPU time of the scheduler's own thread, µs"),
        f64('passUs', 'wall time of all passes, µs'),
        f64('longestPassUs', 'longest pass since boot, µs'),
        f64('load1', 'CPU load average over 1 minute, 1.00 = every PCPU fully used'),
        f64('load5', '… 5 minutes'),
        f64('load15', '… 15 minutes'),
        f64('takenUs', 'CLOCK_MONOTONIC of these figures, µs'),
      ],
    },
    {
      name: 'SchedPcpu',
      rows: MAX_PCPUS,
      seqlock: true,
      fields: [
        i32('cpu', "Linux's number of this CPU"),
        i32('worldRow', 'row of the world that holds it, -1 = none'),
        f64('usedUs', 'time worlds used on it since boot, µs'),
        f64('idleUs', 'time no world used it, µs'),
        f64('delivered', 'what it delivers: CPU charged ÷ wall granted, 0–1, smoothed'),
        f64(
          'otherUs',
          'part of usedUs that no VM used: service console, daemons, other processes of the machine, µs',
        ),
        f64('takenUs', 'CLOCK_MONOTONIC of these figures, µs'),
      ],
    },
    {
      name: 'SchedGroup',
      rows: MAX_GROUPS,
      seqlock: true,
      fields: [
        i32('generation', 'generation of the Group row these figures belong to'),
        f64('entitled', 'what it is entitled to at present, in PCPUs'),
        f64(
          'guaranteed',
          'what it would be entitled to if everybody wanted all they may have, in PCPUs (emin)',
        ),
        f64('demand', 'what it would use if nobody else were there, in PCPUs, smoothed'),
        f64('usedUs', 'charged to its worlds and the groups below it, those that ended included, µs'),
        f64('runUs', 'sum of runUs, µs'),
        f64('readyUs', 'sum of readyUs, µs'),
        f64('waitUs', 'sum of waitUs, µs'),
        f64('idleUs', 'sum of idleUs, µs'),
        f64('systemUs', 'sum of systemUs, µs'),
        f64('limitedUs', 'sum of limitedUs, µs'),
        f64('costopUs', 'sum of costopUs, µs'),
        f64('extraUs', 'used beyond guaranteed, µs'),
        f64('takenUs', 'CLOCK_MONOTONIC of these figures, µs'),
      ],
    },
    {
      name: 'SchedWorld',
      rows: MAX_WORLDS,
      seqlock: true,
      fields: [
        i32('grant', 'futex: sequence << 1 | may run'),
        i32('pcpu', 'PCPU of the present or last grant'),
        i32('state', 'WorldState'),
        i32('generation', 'generation of the World row these figures belong to'),
        i32('wanted', '1 while another world waits for the PCPU this world holds'),
        f64('deadlineUs', 'end of the present grant, CLOCK_MONOTONIC, µs'),
        f64('createdUs', 'CLOCK_MONOTONIC when accounting began, µs'),
        f64('usedUs', 'charged: run + system − overlap; beside a busy hyper-thread of the core, half, µs'),
        f64('runUs', 'CPU time used, by the clock of its threads, µs'),
        f64('readyUs', 'runnable and not running, µs (includes limitedUs)'),
        f64('waitUs', 'blocked, µs (includes idleUs and swapUs)'),
        f64('idleUs', 'halted: nothing to do, µs'),
        f64('systemUs', 'VMkernel work done for it by other threads, µs'),
        f64('overlapUs', 'work for others done in its time, µs'),
        f64('costopUs', 'held so that siblings catch up, µs'),
        f64('limitedUs', 'ready and held by its limit, µs'),
        f64('swapUs', 'waiting for a page, µs'),
        f64('dispatches', 'grants'),
        f64('migrations', 'grants on another PCPU than the one before'),
        f64('guestUserUs', "as its monitor reports it: VmmReport's guestUserUs, µs"),
        f64('guestKernelUs', '… guestKernelUs, µs'),
        f64('monitorUs', '… monitorUs, µs'),
        f64('interrupts', '… interrupts'),
        f64('timerInterrupts', '… timerInterrupts'),
        f64('takenUs', 'CLOCK_MONOTONIC of these figures, µs'),
      ],
    },
  ],
};

const memoryFile: FileLayout = {
  name: 'memory',
  writer: 'memory thread',
  doc: 'Frames: what the machine has, what each VM was charged.',
  tables: [
    {
      name: 'MemoryControl',
      rows: 1,
      seqlock: true,
      fields: [
        i32('ready', '1 once the thread serves faults'),
        f64('totalPages', 'frames of the machine this host may use'),
        f64('freePages', 'frames nobody was charged for'),
        f64('guestPages', 'frames that hold guest pages'),
        f64('overheadPages', 'frames charged as overhead of VMs'),
        f64('kernelPages', 'frames of VMkernel and service console'),
        f64('faults', 'faults resolved since boot'),
        f64('refused', 'faults that found no frame or failed'),
        f64('resolveUs', 'time spent resolving, µs'),
        f64('takenUs', 'CLOCK_MONOTONIC of these figures, µs'),
      ],
    },
    {
      name: 'MemoryVm',
      rows: MAX_VMS,
      seqlock: true,
      fields: [
        i32('generation', 'generation of the Vm row these figures belong to'),
        f64('sizePages', 'configured size'),
        f64('privatePages', 'pages that have a frame'),
        f64('zeroPages', 'holes: never touched or given back'),
        f64('overheadPages', 'frames charged as overhead'),
        f64('faults', 'faults resolved'),
        f64('readFaults', '… by reads'),
        f64('resolveUs', 'time spent on them, µs'),
        f64('takenUs', 'CLOCK_MONOTONIC of these figures, µs'),
      ],
    },
  ],
};

const vmmFile: FileLayout = {
  name: 'vmm',
  writer: 'VMM thread of one virtual CPU',
  doc: 'What the virtual machine monitor reports; one file each, named vmm-<world id>.',
  tables: [
    {
      name: 'VmmReport',
      rows: 1,
      fields: [
        i32('tid', 'its Linux thread, 0 before it runs'),
        i32('state', 'VmmState'),
        i32('acknowledged', 'grant word that the last report answers'),
        i32('reports', 'reports so far; moves after the other words of a report'),
        f64('nextTimerUs', 'when a halted guest wants to run again, CLOCK_MONOTONIC, µs'),
        f64('cpuUs', 'CPU time its thread used, as of the end of the last slice, µs'),
        f64('haltedUs', 'time spent halted while it held a grant, µs'),
        f64('haltedSinceUs', 'when the present halt began, CLOCK_MONOTONIC, µs'),
        f64('stoppedUs', 'when it saw its grant gone, CLOCK_MONOTONIC, µs'),
        f64('instructions', 'guest instructions executed'),
        f64('slices', 'slices executed'),
        f64('longestSliceUs', 'longest slice so far, µs'),
        f64('translations', 'blocks compiled'),
        f64('guestUserUs', 'time in code of the guest outside ring 0: direct execution, µs'),
        f64('guestKernelUs', "time in ring 0 of the guest: the monitor's virtualization mode, µs"),
        f64('monitorUs', 'time of the monitor itself: devices, translation, interrupts, µs'),
        f64('interrupts', 'interrupts delivered to the guest'),
        f64('timerInterrupts', '… by its timers'),
        f64('wakes', 'doorbells seen; sample i is at i mod 1024'),
      ],
    },
    {
      name: 'VmmWake',
      rows: 1024,
      fields: [f64('latencyUs', 'from the kick to the first slice after it, µs')],
    },
  ],
};

const bellFile: FileLayout = {
  name: 'bell',
  writer: 'anyone who kicks: the one exception',
  doc: 'Doorbells. `reasons` is set by Atomics.or and cleared by its world with Atomics.exchange.',
  tables: [
    {
      name: 'BellControl',
      rows: 1,
      fields: [i32('rings', "the scheduler's futex: moves at every kick and report")],
    },
    {
      name: 'Bell',
      rows: MAX_WORLDS,
      fields: [
        i32('reasons', 'KickReason bits'),
        i32('signals', "the monitor's futex: moves at every kick and every new grant"),
        f64('kickedUs', 'when the first reason since the last clear was set, CLOCK_MONOTONIC, µs'),
      ],
    },
  ],
};

const storageFile: FileLayout = {
  name: 'storage',
  writer: 'storage thread',
  doc: 'Statistics of disks and of the work done for each VM.',
  tables: [
    {
      name: 'StorageVm',
      rows: MAX_VMS,
      seqlock: true,
      fields: [
        i32('generation', 'generation of the Vm row these figures belong to'),
        f64('reads', 'commands'),
        f64('writes', 'commands'),
        f64('otherCommands', 'commands'),
        f64('readBytes', 'bytes'),
        f64('writtenBytes', 'bytes'),
        f64('latencyUs', 'sum over commands, doorbell to completion, µs'),
        f64('cpuUs', 'CPU time of VMkernel threads spent for it, µs: its %SYS'),
        f64('errors', 'commands that ended with a check condition'),
        f64('takenUs', 'CLOCK_MONOTONIC of these figures, µs'),
      ],
    },
  ],
};

const diskRequestFile: FileLayout = {
  name: 'diskRequest',
  writer: 'VMM thread of the VM',
  doc: "A VM's end of its disk ring, disk-<world id>-request: requests, then (after the tables) the arena of data that the guest writes.",
  tables: [
    {
      name: 'DiskRequestControl',
      rows: 1,
      fields: [
        i32('head', 'requests ever made, modulo 2^32; moves after the slot is written'),
        i32(
          'completionTail',
          'completions ever taken, modulo 2^32: their slots and arena bytes are free again',
        ),
      ],
    },
    {
      name: 'DiskRequestSlot',
      rows: DISK_RING_ROWS,
      fields: [
        i32('tag', 'chosen by the VMM, unique among its requests not yet taken back'),
        i32('operation', 'DiskOperation'),
        i32('target', 'number of the disk'),
        i32('lun', 'logical unit of the target'),
        i32('otherTag', 'abort: the tag to abort'),
        i32('dataOutBytes', 'bytes the guest sends; in the arena of this file from arenaOffset on'),
        i32(
          'dataInBytes',
          'bytes the guest accepts; in the arena of the completion file from arenaOffset on',
        ),
        i32('arenaOffset', 'offset in the arena, bytes'),
        f64('submittedUs', 'when it was made, CLOCK_MONOTONIC, µs'),
        bytes('cdb', 16, 'command descriptor block'),
      ],
    },
  ],
};

const diskCompletionFile: FileLayout = {
  name: 'diskCompletion',
  writer: 'storage thread (payload: the I/O worker that owns the request)',
  doc: "The VMkernel's end of a disk ring, disk-<world id>-completion: completions, then (after the tables) the arena of data that the guest reads.",
  tables: [
    {
      name: 'DiskCompletionControl',
      rows: 1,
      fields: [
        i32('depth', 'requests the VM may have outstanding, at most the rows of the ring'),
        i32('requestArenaBytes', 'size of the arena in the request file'),
        i32('completionArenaBytes', 'size of the arena in this file'),
        i32('asleep', '1 while the storage thread waits for the doorbell'),
        i32('requestTail', 'requests ever taken, modulo 2^32'),
        i32('head', 'completions ever posted, modulo 2^32; moves after the slot is written'),
        i32('broken', '1 once the ring is out of service: the VMM wrote something that cannot be'),
      ],
    },
    {
      name: 'DiskCompletionSlot',
      rows: DISK_RING_ROWS,
      fields: [
        i32('tag', 'of the request'),
        i32('hostStatus', 'DiskHostStatus'),
        i32('status', 'SCSI status byte'),
        i32('transferredBytes', 'bytes taken from or put into the arena'),
        i32('senseBytes', 'length of sense, 0 = none'),
        bytes('sense', 18, 'fixed-format sense data'),
      ],
    },
  ],
};

export const layouts: readonly FileLayout[] = [
  hostFile,
  schedFile,
  memoryFile,
  vmmFile,
  bellFile,
  storageFile,
  diskRequestFile,
  diskCompletionFile,
];
