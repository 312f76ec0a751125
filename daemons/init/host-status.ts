import type { ConsoleLimits } from './console-cgroups.js';
import type { LeftOut } from './left-out.js';
import type { PortName } from './listeners.js';
import type { DaemonState } from './supervised-daemon.js';

/** What the control call `status` answers. Pids are those of `pidNamespace`; 0 where there is no process. */
export interface HostStatus {
  state: 'starting' | 'running' | 'stopping';
  bootId: string;
  root: string;
  bind: string;
  portOffset: number;
  /** No offset was asked for, and the product's own ports could not be had. */
  portsMoved: boolean;
  ports: Readonly<Record<PortName, number>>;
  /** As readlink(2) of /proc/self/ns/pid gives it: pids below count in it. */
  pidNamespace: string;
  /** What this host does without, and why. */
  leftOut: readonly LeftOut[];
  user: string;
  passwordFile: string;
  /** Of the service console in this boot; what is not `kept` is a size that Linux does not hold it to, and why. */
  consoleMemory: { sizeMb: number; limit: ConsoleLimits['memory'] };
  daemons: readonly {
    name: string;
    pid: number;
    state: DaemonState;
    /** Why it does not come up, however often it is started. */
    failure?: string | undefined;
  }[];
}
