import { z } from 'zod';

/** What init tells the process that builds the console's root and becomes its pid 1. Absolute, resolved paths. */
export const ConsoleSettings = z.object({
  /** DIR/console */
  rootFolder: z.string(),
  /** DIR/var/log */
  logFolder: z.string(),
  /** DIR/run/vmkernel */
  vmkernelRunFolder: z.string(),
  /** /dev/shm/esx-<bootId>; absent when there is none (a stand-in VMkernel) */
  sharedMemoryFolder: z.string().optional(),
  /** The tree that holds dist/, node_modules/ and etc/ */
  treeFolder: z.string(),
  nodePath: z.string(),
  datastores: z.array(z.object({ volume: z.string(), label: z.string(), path: z.string() })),
  usr: z.enum(['overlay', 'links']),
});
export type ConsoleSettings = z.infer<typeof ConsoleSettings>;

/** What init tells the process that enters the console and becomes one of its programs. */
export const EntrySettings = z.object({
  argv: z.array(z.string()).min(1),
  environment: z.record(z.string(), z.string()),
  /** Descriptors 0 … keptFds-1 are the program's; keptFds is the console's pidfd, keptFds+1 takes an error. */
  keptFds: z.number().int().min(3),
});
export type EntrySettings = z.infer<typeof EntrySettings>;
