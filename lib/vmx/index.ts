/**
 * lib/vmx: the .vmx dictionary. Owns its text (parse, edit, write) and a typed view of what a VM is made of.
 *
 * Layers: encoding (bytes, text, |XX escapes) < line (one line) < document (order, comments, lookups)
 *         < config and devices (the typed view) < labels. machine-files, pipe-name: which names. No I/O.
 *
 * Invariants
 * - What was not set or deleted is written back byte for byte: unknown keys, comments, order, case, line ends.
 * - Keys compare without case; a key occurs once. A defect names its line and a reason from `VmxDefect`.
 * - The typed view reports facts (vCPUs, 64-bit guest, devices); whether they can be run is the VMkernel's decision.
 */
export {
  type CdromType,
  type CpuAllocation,
  type DiskMode,
  type MemoryAllocation,
  readVmConfig,
  type SerialBackend,
  type VmCdrom,
  type VmConfig,
  type VmDisk,
  type VmSerial,
} from './config.js';
export { CPUID_REGISTERS, type CpuidMask, readCpuidMasks } from './cpuid-masks.js';
export type { PresentDevice } from './devices.js';
export { LIMITS, parseVmx, VmxDocument } from './document.js';
export { type VmxDefect, VmxError } from './errors.js';
export { deviceLabel } from './labels.js';
export { isMachineFile } from './machine-files.js';
export { isPipeName } from './pipe-name.js';
