/**
 * esxcfg-info: what the host is made of, as a tree of groups and values.
 *
 *   tree    the form of the output; pure        info    the groups, from what the VMkernel tells; pure
 *   flags   which of them are wanted; pure      main    asks the VMkernel
 *
 * - Every value is the VMkernel's own; what it does not tell has no line.
 */
export * from './flags.js';
export * from './info.js';
export * from './tree.js';
