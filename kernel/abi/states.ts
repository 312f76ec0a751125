/** Values of the words in shared memory. Numbers never change their meaning within a hash. */

export const GroupKind = { host: 0, idle: 1, system: 2, console: 3, vm: 4, pool: 5, drivers: 6 } as const;
export type GroupKind = (typeof GroupKind)[keyof typeof GroupKind];

/** What an administrator speaks of: MHz, or percent of one PCPU. */
export const CpuUnits = { mhz: 0, percent: 1 } as const;
export type CpuUnits = (typeof CpuUnits)[keyof typeof CpuUnits];

/** With whom a world shares the other hyper-thread of its core: anybody, worlds of its own VM, nobody. */
export const HtSharing = { any: 0, internal: 1, none: 2 } as const;
export type HtSharing = (typeof HtSharing)[keyof typeof HtSharing];

export const VmState = { poweringOn: 1, poweredOn: 2, poweringOff: 3 } as const;
export type VmState = (typeof VmState)[keyof typeof VmState];

export const WorldKind = { idle: 1, system: 2, console: 3, vmm: 4, vmx: 5 } as const;
export type WorldKind = (typeof WorldKind)[keyof typeof WorldKind];

/** What the scheduler thinks of a world. */
export const WorldState = { none: 0, run: 1, ready: 2, wait: 3, costop: 4, zombie: 5 } as const;
export type WorldState = (typeof WorldState)[keyof typeof WorldState];

/** What a virtual machine monitor says of itself. */
export const VmmState = { start: 0, run: 1, parked: 2, halt: 3, fault: 4, stopped: 5 } as const;
export type VmmState = (typeof VmmState)[keyof typeof VmmState];

/** Bits of a doorbell: why a world should look. */
export const KickReason = { control: 1, timer: 2, disk: 4, input: 8, net: 16, mks: 32 } as const;
export type KickReason = (typeof KickReason)[keyof typeof KickReason];

/** A grant word is `sequence << 1 | may run`. */
export const mayRun = (grant: number): boolean => (grant & 1) !== 0;
export const grantSequence = (grant: number): number => grant >>> 1;

/** What a slot of a disk ring asks for. Every operation has one completion. */
export const DiskOperation = { command: 0, abort: 1, resetTarget: 2, resetBus: 3 } as const;
export type DiskOperation = (typeof DiskOperation)[keyof typeof DiskOperation];

/**
 * What became of a request, beside its SCSI status. `aborted`: it had no effect. `badRequest`: the slot itself was
 * wrong. `noTarget`: selection would time out. `notFound`: an abort found nothing under that tag.
 */
export const DiskHostStatus = { done: 0, aborted: 1, badRequest: 2, noTarget: 3, notFound: 4 } as const;
export type DiskHostStatus = (typeof DiskHostStatus)[keyof typeof DiskHostStatus];

/** Most data that one disk request may carry. */
export const DISK_TRANSFER_BYTES = 1 << 20;
