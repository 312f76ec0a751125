import { CPU_STEPS, type CpuStepName } from './demo/cpu-steps.js';
import { FrontDoorError } from './errors.js';

/** A command line, checked. `root` is as given; undefined means the tree's var/esx. */
export type Command =
  | ({ name: 'up'; portOffset?: number; bind?: string; vm: 'linux' | 'none' } & WithRoot)
  | ({ name: 'down' } & WithRoot)
  | ({ name: 'status'; json: boolean } & WithRoot)
  | ({ name: 'shell'; command: string[] } & WithRoot)
  | ({ name: 'console'; vm: string; waitFor?: RegExp; timeoutMs?: number } & WithRoot)
  | ({ name: 'screen'; vm: string; by: 'vnc' | 'web'; port: number } & WithRoot)
  | ({ name: 'demo'; demo: 'console' } & WithRoot)
  | ({ name: 'demo'; demo: 'cpu'; last: CpuStepName; end: boolean } & WithRoot)
  | ({ name: 'check'; seconds: number } & WithRoot)
  | ({ name: 'test'; only: string[] } & WithRoot)
  | ({
      name: 'bench';
      benches: string[];
      json: boolean;
      runs?: number;
      quick: boolean;
      full: boolean;
    } & WithRoot)
  | { name: 'help' };

interface WithRoot {
  root?: string;
}

interface Shape {
  /** Option → whether it takes a value. */
  readonly options: Readonly<Record<string, boolean>>;
  readonly operands: readonly [min: number, max: number];
  /** Everything from the first operand on belongs to the command that is run. */
  readonly passesOn?: boolean;
}

/** Longer than a window of limits. */
const CHECK_SECONDS = 12;

const SHAPES: Readonly<Record<Exclude<Command['name'], 'help' | 'screen'>, Shape>> = {
  up: { options: { root: true, 'port-offset': true, bind: true, vm: true }, operands: [0, 0] },
  down: { options: { root: true }, operands: [0, 0] },
  status: { options: { root: true, json: false }, operands: [0, 0] },
  shell: { options: { root: true }, operands: [0, Number.POSITIVE_INFINITY], passesOn: true },
  console: {
    options: { root: true, wait: true, timeout: true, vnc: false, web: false, port: true },
    operands: [1, 1],
  },
  demo: { options: { root: true, step: true, end: false }, operands: [1, 1] },
  check: { options: { root: true, seconds: true }, operands: [0, 0] },
  test: { options: { root: true }, operands: [0, Number.POSITIVE_INFINITY] },
  bench: {
    options: { root: true, json: false, runs: true, quick: false, full: false },
    operands: [0, Number.POSITIVE_INFINITY],
  },
};

export const USAGE = `usage: ./esx COMMAND [--root DIR] …

  up [--port-offset N] [--bind ADDR] [--vm linux|none]   install, build, boot the host, power on a guest
  down                                                   power VMs off, stop the host
  status [--json]                                        daemons, ports, VMs
  shell [COMMAND…]                                       ssh into the service console
  console VM [--wait REGEX] [--timeout SECONDS]          the VM's serial console; Ctrl-] leaves
  console VM --vnc|--web [--port N]                      the VM's screen, for a VNC viewer or a browser of this machine
  demo console                                           a screen by ticket outlives hostd and authd
  demo cpu [--step shares|reservation|limit] [--end]     two VMs on one PCPU: shares, a reservation, a limit
  check [--seconds N]                                    what the host says of its CPUs against Linux's clocks
  test [STAGE…]                                          everything that can be checked
  bench [NAME…] [--json] [--runs N] [--quick] [--full]   measurements, on hosts of their own

DIR is the host's own folder (var/esx in this tree by default); hosts with different folders run side by side.
`;

/** @throws FrontDoorError BadArguments */
export function parseArguments(argv: readonly string[]): Command {
  const rest = [...argv];
  const leading = takeLeadingRoot(rest);
  const name = rest.shift();
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return { name: 'help' };
  if (!(name in SHAPES)) throw bad(`no such command: ${name}`);
  const command = name as keyof typeof SHAPES;
  const { values, flags, operands } = split(command, SHAPES[command], rest);
  const root = values.root ?? leading;
  const withRoot = root === undefined ? {} : { root };
  switch (command) {
    case 'up':
      return { name: 'up', ...withRoot, ...upOptions(values) };
    case 'down':
      return { name: 'down', ...withRoot };
    case 'status':
      return { name: 'status', ...withRoot, json: flags.has('json') };
    case 'shell':
      return { name: 'shell', ...withRoot, command: operands };
    case 'console':
      return { ...withRoot, vm: operands[0] ?? '', ...consoleOptions(values, flags) };
    case 'demo':
      return { name: 'demo', ...withRoot, ...demoOptions(operands[0] ?? '', values.step, flags) };
    case 'check':
      return {
        name: 'check',
        ...withRoot,
        seconds:
          values.seconds === undefined ? CHECK_SECONDS : wholeNumber('--seconds', values.seconds, 86400),
      };
    case 'test':
      return { name: 'test', ...withRoot, only: operands };
    case 'bench':
      return {
        name: 'bench',
        ...withRoot,
        benches: operands,
        json: flags.has('json'),
        quick: flags.has('quick'),
        full: flags.has('full'),
        ...(values.runs === undefined ? {} : { runs: wholeNumber('--runs', values.runs, 100) }),
      };
  }
}

function takeLeadingRoot(rest: string[]): string | undefined {
  const equals = rest[0]?.startsWith('--root=') ? rest.shift()?.slice('--root='.length) : undefined;
  if (equals !== undefined) return equals;
  if (rest[0] !== '--root') return undefined;
  const [, value] = rest.splice(0, 2);
  if (value === undefined) throw bad('--root needs a folder');
  return value;
}

function split(command: string, shape: Shape, tokens: readonly string[]) {
  const values: Record<string, string> = {};
  const flags = new Set<string>();
  const operands: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? '';
    if (shape.passesOn && operands.length > 0) operands.push(token);
    else if (token === '--') {
      operands.push(...tokens.slice(i + 1));
      break;
    } else if (!token.startsWith('--')) operands.push(token);
    else {
      const [option = '', inline] = halves(token.slice(2));
      const takesValue = shape.options[option];
      if (takesValue === undefined) throw bad(`${command} has no option --${option}`);
      if (!takesValue && inline !== undefined) throw bad(`--${option} takes no value`);
      if (!takesValue) flags.add(option);
      else {
        const value = inline ?? tokens[++i];
        if (value === undefined || value === '') throw bad(`--${option} needs a value`);
        values[option] = value;
      }
    }
  }
  const [min, max] = shape.operands;
  if (operands.length < min)
    throw bad(`${command} needs the name of a ${command === 'demo' ? 'demonstration: console, cpu' : 'VM'}`);
  if (operands.length > max) throw bad(`${command} does not take "${operands[max]}"`);
  return { values, flags, operands };
}

function halves(option: string): [string, string | undefined] {
  const at = option.indexOf('=');
  return at < 0 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
}

function upOptions(values: Readonly<Record<string, string>>) {
  const vm = values.vm ?? 'linux';
  if (vm !== 'linux' && vm !== 'none') throw bad(`--vm is linux or none, not "${vm}"`);
  const bind = values.bind;
  if (bind !== undefined && !isIpv4(bind)) throw bad(`--bind takes an IPv4 address, not "${bind}"`);
  const portOffset = values['port-offset'];
  return {
    vm: vm as 'linux' | 'none',
    ...(bind === undefined ? {} : { bind }),
    ...(portOffset === undefined ? {} : { portOffset: wholeNumber('--port-offset', portOffset, 64000) }),
  };
}

function consoleOptions(values: Readonly<Record<string, string>>, flags: ReadonlySet<string>) {
  const { wait, timeout, port } = values;
  if (flags.has('vnc') || flags.has('web')) {
    if (flags.size > 1) throw bad('--vnc and --web exclude each other');
    if (wait !== undefined || timeout !== undefined)
      throw bad('--wait and --timeout are for the serial console');
    const by = flags.has('vnc') ? ('vnc' as const) : ('web' as const);
    return { name: 'screen' as const, by, port: port === undefined ? 0 : wholeNumber('--port', port, 65535) };
  }
  if (port !== undefined) throw bad('--port is for --vnc and --web');
  return {
    name: 'console' as const,
    ...(wait === undefined ? {} : { waitFor: regularExpression(wait) }),
    ...(timeout === undefined ? {} : { timeoutMs: wholeNumber('--timeout', timeout, 86400) * 1000 }),
  };
}

function demoOptions(demo: string, step: string | undefined, flags: ReadonlySet<string>) {
  if (demo === 'console') {
    if (step !== undefined || flags.size > 0) throw bad('--step and --end are for the demonstration cpu');
    return { demo } as const;
  }
  if (demo !== 'cpu') throw bad(`there is no demonstration "${demo}"; there are: console, cpu`);
  const end = flags.has('end');
  if (end && step !== undefined) throw bad('--step and --end exclude each other');
  const last = step === undefined ? 'limit' : CPU_STEPS.find(name => name === step);
  if (last === undefined) throw bad(`--step is one of ${CPU_STEPS.join(', ')}, not "${step}"`);
  return { demo, last, end } as const;
}

function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text, 'm');
  } catch (cause) {
    throw bad(`--wait: ${(cause as Error).message}`);
  }
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max)
    throw bad(`${option} takes a whole number up to ${max}, not "${text}"`);
  return value;
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every(p => /^\d{1,3}$/.test(p) && Number(p) <= 255);
}

function bad(message: string): FrontDoorError {
  return new FrontDoorError('BadArguments', message, 'See ./esx help.');
}
