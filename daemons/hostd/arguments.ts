import { parseArgs } from 'node:util';
import { type ApiVersion, isApiVersion } from '../../lib/vim/index.js';

export interface HostdArguments {
  /** Inherited listening sockets. */
  readonly httpsFd: number;
  readonly httpFd: number;
  /** Where clients show a ticket for a machine's console. */
  readonly consolePort: number;
  readonly kernelSocket: string;
  readonly etcFolder: string;
  readonly logPath: string;
  /** /var/log */
  readonly logFolder: string;
  readonly shadowPath: string;
  readonly passwdPath: string;
  readonly groupPath: string;
  readonly ticketFolder: string;
  /** After so long without a call a session ends. */
  readonly sessionIdleMs: number;
  /** about.apiVersion. */
  readonly apiVersion: string;
  /** The newest version in vimServiceVersions.xml, and the WSDL set's. */
  readonly newestVersion: ApiVersion;
}

const options = {
  'https-fd': { type: 'string', default: '3' },
  'http-fd': { type: 'string', default: '4' },
  'console-port': { type: 'string', default: '903' },
  kernel: { type: 'string', default: '/var/run/vmware/control.sock' },
  etc: { type: 'string', default: '/etc/vmware' },
  log: { type: 'string', default: '/var/log/vmware/hostd.log' },
  'log-folder': { type: 'string', default: '/var/log' },
  shadow: { type: 'string', default: '/etc/shadow' },
  passwd: { type: 'string', default: '/etc/passwd' },
  group: { type: 'string', default: '/etc/group' },
  tickets: { type: 'string', default: '/var/run/hostd-tickets' },
  'session-timeout': { type: 'string', default: '30' },
  'api-version': { type: 'string', default: '2.5u2' },
  'newest-version': { type: 'string', default: '4.1' },
} as const;

/** @throws Error with a line for the user when a flag is unknown or has no sense */
export function parseArguments(argv: readonly string[]): HostdArguments {
  const { values } = parseArgs({ args: [...argv], options });
  const newestVersion = values['newest-version'];
  if (!isApiVersion(newestVersion)) throw new Error(`--newest-version: ${newestVersion} is no known version`);
  return {
    httpsFd: descriptor('https-fd', values['https-fd']),
    httpFd: descriptor('http-fd', values['http-fd']),
    consolePort: Number(values['console-port']),
    kernelSocket: values.kernel,
    etcFolder: values.etc,
    logPath: values.log,
    logFolder: values['log-folder'],
    shadowPath: values.shadow,
    passwdPath: values.passwd,
    groupPath: values.group,
    ticketFolder: values.tickets,
    sessionIdleMs: minutes('session-timeout', values['session-timeout']) * 60_000,
    apiVersion: values['api-version'],
    newestVersion,
  };
}

function descriptor(name: string, text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new Error(`--${name}: ${text} is no descriptor`);
  return Number(text);
}

function minutes(name: string, text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`--${name}: ${text} is no number of minutes`);
  return Number(text);
}
