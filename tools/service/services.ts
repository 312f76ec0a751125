import type { ServiceAction, ServiceName, ServiceState } from '../../kernel/abi/index.js';

/** A daemon as `service` names it. */
export interface Service {
  readonly daemon: ServiceName;
  /** As its status line calls it. */
  readonly program: string;
  /** What is printed when it is stopped and started: a line of its own for each, or one over several. */
  readonly stopping: readonly string[];
  readonly starting: readonly string[];
  readonly heading?: string;
}

/** reference: the scripts of ESX Server 3.5 and Red Hat Enterprise Linux 3. */
export const SERVICES: Readonly<Record<string, Service>> = {
  'mgmt-vmware': {
    daemon: 'hostd',
    program: 'vmware-hostd',
    heading: 'VMware ESX Server Management services',
    stopping: ['   VMware ESX Server Host Agent Watchdog', '   VMware ESX Server Host Agent'],
    starting: ['   VMware ESX Server Host Agent (background)'],
  },
  // The super-server of the product starts vmware-authd.
  xinetd: {
    daemon: 'authd',
    program: 'xinetd',
    stopping: ['Stopping xinetd:'],
    starting: ['Starting xinetd:'],
  },
  syslog: {
    daemon: 'syslogd',
    program: 'syslogd',
    stopping: ['Shutting down system logger:'],
    starting: ['Starting system logger:'],
  },
  sshd: { daemon: 'sshd', program: 'sshd', stopping: ['Stopping sshd:'], starting: ['Starting sshd:'] },
};

export type ServiceCommand = ServiceAction | 'condrestart';
export const COMMANDS: readonly ServiceCommand[] = ['start', 'stop', 'restart', 'condrestart', 'status'];

/** Exit status of `status` for what does not run (LSB). */
const NOT_RUNNING = 3;
const FAILED = 1;
/** Where the bracket stands. */
const COLUMN = 60;

export interface Outcome {
  readonly out: string;
  readonly status: number;
}

/** How the VMkernel is asked. */
export type Ask = (action: ServiceAction) => Promise<ServiceState>;

/** Does what is wanted of one service and says it as its script does. */
export async function act(service: Service, command: ServiceCommand, ask: Ask): Promise<Outcome> {
  const before = await ask('status');
  if (command === 'status') return tellStatus(service, before);
  if (command === 'condrestart' && before.state === 'stopped') return { out: '', status: 0 };
  let out = '';
  let ok = true;
  if (command !== 'start') {
    // Of a service that does not run, a script says FAILED and goes on.
    const wasRunning = before.state !== 'stopped';
    if (command === 'stop') await ask('stop');
    out += tell(service, 'Stopping', wasRunning);
    ok = wasRunning || command !== 'stop';
  }
  if (command !== 'stop') {
    const { state } = await ask(command === 'start' ? 'start' : 'restart');
    ok = state === 'running';
    out += tell(service, 'Starting', ok);
  }
  return { out, status: ok ? 0 : FAILED };
}

function tellStatus({ program }: Service, { state, pid }: ServiceState): Outcome {
  if (state === 'stopped') return { out: `${program} is stopped\n`, status: NOT_RUNNING };
  if (state === 'running') return { out: `${program} (pid ${pid}) is running...\n`, status: 0 };
  return { out: `${program} is started and does not serve yet\n`, status: NOT_RUNNING };
}

function tell(service: Service, verb: 'Stopping' | 'Starting', ok: boolean): string {
  const lines = verb === 'Stopping' ? service.stopping : service.starting;
  const heading = service.heading === undefined ? '' : `${verb} ${service.heading}:\n`;
  const bracket = ok ? '[  OK  ]' : '[FAILED]';
  return heading + lines.map(line => `${line.padEnd(COLUMN)}${bracket}\n`).join('');
}
