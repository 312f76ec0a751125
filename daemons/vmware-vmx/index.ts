/**
 * vmware-vmx: the process of one powered-on VM, started by the VMkernel outside the service console.
 *
 * Layers: devices (register-level devices of our own) < engine (all of v86's private API)
 *         < halt-policy, vmm-picture, vmm-input, vmm-loop < vmm-thread (the VMM thread), vmm-worker
 *         | serial, config, questions, vmware-log < connections, power-on-questions < vmx, vmx-thread < main;
 *         bare*: the engine without a VMkernel, the benchmarks' baseline; prepare: run once for a build,
 *         makes prepared/ (the threads' modules as bundles, V8's caches of them, the engine's machine code).
 *
 * Invariants
 * - The VMM thread blocks on its grant word, runs slices while granted, and never decides; its event loop does not
 *   turn. The VMX thread does all talking: VMkernel, log, serial ports.
 * - VMX to VMM: a message, then a kick of the doorbell. VMM to VMX: a message. Input in flight is bounded.
 * - While the VM runs its .vmx is this process's: it decides what changes, the VMkernel checks, admits and writes.
 * - A question holds up its operation alone, at power-on, or the guest, whose write found no space; it is withdrawn with
 *   the process.
 * - Guest RAM is the VMkernel's memfd, mapped before the engine touches it; no system call gets an address in it.
 * - Whatever ends the VM (power-off, soft off, trap, the VMkernel's death) ends this process and nothing else.
 */
export { BareMachine, type BareOptions, type BareVm } from './bare-machine.js';
export { Vmx, type VmxOptions } from './vmx.js';
