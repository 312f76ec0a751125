/** What `status --json` prints. */
export interface HostStatus {
  readonly root: string;
  /** null while the host is down. */
  readonly bootId: string | null;
  readonly bind: string;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly user: string;
  /** Absolute; 0600; the password alone. */
  readonly passwordFile: string;
  /** Memory of the service console; null while the host is down. */
  readonly consoleMemory: ConsoleMemory | null;
  /** What the host does without, because who started it may not have it. Empty while it is down. */
  readonly leftOut: readonly { readonly what: string; readonly why: string }[];
  readonly daemons: readonly DaemonStatus[];
  readonly vms: readonly VmStatus[];
}

export interface ConsoleMemory {
  readonly sizeMb: number;
  /** Whether Linux holds the console to it; where not, why. */
  readonly limit: 'kept' | 'no controller' | 'in other hands' | 'refused';
}

export const PORT_NAMES = ['http', 'https', 'authd', 'vmkauthd', 'ssh'] as const;
export type PortName = (typeof PORT_NAMES)[number];

export interface DaemonStatus {
  readonly name: string;
  /** As the machine counts (outermost namespace); null while there is no process. */
  readonly pid: number | null;
  readonly state: 'starting' | 'running' | 'restarting' | 'stopped';
}

export interface VmStatus {
  readonly vmid: number;
  readonly name: string;
  /** `[label] folder/file.vmx` */
  readonly path: string;
  readonly state: 'poweredOn' | 'poweredOff' | 'suspended';
  /** Of its vmware-vmx; null while there is none. */
  readonly pid: number | null;
}

/** The table that `up` and `status` end with. */
export function statusTable(status: HostStatus): string {
  const { ports } = status;
  const address = status.bind === '0.0.0.0' ? '127.0.0.1' : status.bind;
  const up = status.bootId !== null;
  const rows: [string, string][] = [
    ['host', `${up ? 'up' : 'down'}, in ${status.root}`],
    ['SOAP', `https://${address}:${ports.https}/sdk   http://${address}:${ports.http}/sdk`],
    ['ssh', `ssh -p ${ports.ssh} ${status.user}@${address}`],
    ['ports', PORT_NAMES.map(name => `${name} ${ports[name]}`).join(', ')],
    ['user', status.user],
    ['password', `in ${status.passwordFile}`],
    [
      'daemons',
      status.daemons.map(d => `${d.name} ${d.state}${d.pid === null ? '' : ` (${d.pid})`}`).join(', '),
    ],
  ];
  if (status.consoleMemory !== null) rows.push(['console', consoleLine(status.consoleMemory)]);
  for (const { what, why } of status.leftOut) rows.push(['left out', `${what} (${why})`]);
  if (status.vms.length === 0) rows.push(['VMs', 'none registered']);
  for (const vm of status.vms)
    rows.push([
      `VM ${vm.vmid}`,
      `${vm.name}  ${vm.state}${vm.pid === null ? '' : ` (vmware-vmx ${vm.pid})`}  ${vm.path}`,
    ]);
  return `${rows.map(([name, value]) => `  ${name.padEnd(10)} ${value}\n`).join('')}`;
}

const WHY_NOT_KEPT = {
  'no controller': 'Linux offers no memory controller here',
  'in other hands': 'the memory controller is in another supervisor’s hands',
  refused: 'Linux refuses the cgroup, see init.log',
} as const;

function consoleLine({ sizeMb, limit }: ConsoleMemory): string {
  return `${sizeMb} MB of memory${limit === 'kept' ? '' : `, not enforced: ${WHY_NOT_KEPT[limit]}`}`;
}
