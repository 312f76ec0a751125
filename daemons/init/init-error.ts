export interface InitErrorDetails {
  BadFlag: { flag: string; value: string; want: string };
  BadFile: { path: string; reason: string };
  AlreadyUp: { root: string };
  NotRoot: Record<string, never>;
  NotPrivileged: Record<string, never>;
  PortInUse: { name: string; port: number; bind: string; offset: number };
  PortRefused: { name: string; port: number; bind: string; reason: string };
  AddressUnavailable: { bind: string; reason: string };
  NoFreePorts: { bind: string };
  LeftoverProcess: { pid: number; name: string };
  VmkernelFailed: { reason: string };
  VmkernelDied: { reason: string };
  Stopped: Record<string, never>;
}

const TEXTS: { [C in keyof InitErrorDetails]: (details: InitErrorDetails[C]) => string } = {
  BadFlag: ({ flag, value, want }) => `--${flag} ${value}: ${want}`,
  BadFile: ({ path, reason }) => `${path}: ${reason}`,
  AlreadyUp: ({ root }) => `the host in ${root} is up already`,
  NotRoot: () => 'init needs root, or to be root of a user namespace, as ./esx up makes one',
  NotPrivileged: () =>
    'root here may not make namespaces (CAP_SYS_ADMIN): run the container with --privileged',
  PortInUse: ({ name, port, bind, offset }) =>
    `port ${port} (${name}) is in use at ${bind} with --port-offset ${offset}; ` +
    'stop what listens there (ss -ltnp shows it), give another offset, or none to let all ports move by a free one',
  PortRefused: ({ name, port, bind, reason }) =>
    `port ${port} (${name}) cannot be bound at ${bind}: ${reason}`,
  AddressUnavailable: ({ bind, reason }) =>
    `--bind ${bind}: this machine has no such address (${reason}); ip addr shows those it has`,
  NoFreePorts: ({ bind }) => `no offset leaves all five ports free at ${bind}; give one with --port-offset`,
  LeftoverProcess: ({ pid, name }) => `process ${pid} (${name}) of the last boot does not end`,
  VmkernelFailed: ({ reason }) => `the VMkernel did not start: ${reason}`,
  VmkernelDied: ({ reason }) => `the VMkernel died: ${reason}`,
  Stopped: () => 'the host was shut down while it started',
};

/** What keeps a host from starting, or ends it. The message says what to do. */
export class InitError<C extends keyof InitErrorDetails = keyof InitErrorDetails> extends Error {
  override readonly name = 'InitError';
  constructor(
    readonly code: C,
    readonly details: InitErrorDetails[C],
  ) {
    super(TEXTS[code](details));
  }
}
