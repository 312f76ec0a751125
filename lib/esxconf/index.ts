/**
 * /etc/vmware/esx.conf, the host's configuration: one line a setting, `/adv/Mem/IdleTax = "75"`.
 *
 * - What a change does not touch stays as it was, byte for byte: comments, order, lines that are none.
 * - Of two lines with one key the last one counts.
 */
export * from './console-memory.js';
export * from './esx-conf.js';
