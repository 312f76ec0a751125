import type { ConsoleLimits } from './console-cgroups.js';
import type { PortName } from './listeners.js';
import type { DaemonState } from './supervised-daemon.js';

/** What the control call `status` answers. Pids are the machine's own; 0 where there is no process. */
export interface HostStatus {
  state: 'starting' | 'running' | 'stopping';
  bootId: string;
  root: string;
  bind: string;
  portOffset: number;
  /** No offset was asked for, and the product's own ports could not be had. */
  portsMoved: boolean;
  ports: Readonly<Record<PortName, number>>;
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
