/**
 * What both ends of every boundary of the VMkernel agree on: the layout of shared memory (declared in layouts.ts,
 * accessors in generated.ts, map in docs/abi.md), the words' meanings (states.ts), control calls and their errors
 * (calls.ts, pool-calls.ts), advanced options (options.ts), what the VMkernel asks of init (init-calls.ts), the talk
 * between VMkernel and vmx (vmx-calls.ts) and
 * vmkauthd (vmkauthd-calls.ts), framing (frames.ts).
 *
 * Imports nothing, does no I/O. One writer per shared-memory file; the doorbell is the exception.
 */
export * from './calls.js';
export * from './doorbell.js';
export * from './engine-cpuid.js';
export * from './frames.js';
export * from './generated.js';
export * from './init-calls.js';
export { DISK_RING_ROWS, MAX_GROUPS, MAX_PCPUS, MAX_VMS, MAX_WORLDS } from './layouts.js';
export { FILE_HEADER_BYTES } from './offsets.js';
export * from './options.js';
export * from './pool-calls.js';
export * from './product.js';
export { AbiMismatch } from './segment.js';
export * from './states.js';
export * from './vmkauthd-calls.js';
export * from './vmx-calls.js';
