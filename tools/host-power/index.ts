/**
 * `reboot`, `halt`, `poweroff`, `shutdown`: the power of the host, asked of the VMkernel, done by init in order.
 *
 *   command-line   what each of the commands takes, as a wish     shutdown-time   when       warning   who is told
 *
 * - Root alone; nothing here ends a process.
 */
export * from './command-line.js';
