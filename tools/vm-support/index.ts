/**
 * vm-support: a bundle for whoever has to find out what is wrong with a host: logs, configuration, the machines'
 * descriptions and logs, and what the host's own tools say now.
 *
 *   flags    what is asked for; pure        contents   which files and commands; pure
 *   main     asks the VMkernel, runs the commands, packs with tar
 *
 * - No secret goes along: passwords, private keys and disks stay.
 * - Performance snapshots are esxtop's own recording (`esxtop --record`): unpacked, `esxtop -R` replays them.
 * - A command that fails or hangs is told in its file; the bundle is made all the same.
 */
export * from './contents.js';
export * from './flags.js';
