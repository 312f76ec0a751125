/**
 * Machine memory: frames and who owns them (frame-table.ts), what VMs are charged at power-on (policy/),
 * and the thread that fills the holes of guest RAM (thread.ts, pager.ts). Its thread owns the file `memory`.
 *
 * - A VM's RAM is one memfd, offset = PPN × 4096; an untouched page is a hole behind userfaultfd.
 * - Frames are charged before use. A fault of an admitted VM always finds one.
 * - The VMkernel never maps guest RAM, and the thread never waits for a grant or a control call.
 */
export * from './memory-thread.js';
export * from './policy/index.js';
