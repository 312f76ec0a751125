/** The memory policy as pure functions: what a VM is charged (admission.ts). No I/O, no state. */
export * from './admission.js';
