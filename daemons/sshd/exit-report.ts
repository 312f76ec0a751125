import { constants } from 'node:os';
import type { ServerChannel } from 'ssh2';
import type { Ending } from './program.js';

/** The signals that a client may name (RFC 4254, 6.9) and that an exit may be told by. */
const PROTOCOL_SIGNALS: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGALRM',
  'SIGFPE',
  'SIGHUP',
  'SIGILL',
  'SIGINT',
  'SIGKILL',
  'SIGPIPE',
  'SIGQUIT',
  'SIGSEGV',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
]);
const SIGNAL_STATUS = 128;

export function isProtocolSignal(name: string): name is NodeJS.Signals {
  return PROTOCOL_SIGNALS.has(name);
}

/** Tells the client how its program ended, after all output, and closes the channel. */
export function reportEnding(channel: ServerChannel, ending: Ending): void {
  // Standard error has a queue of its own; closing the channel would cut it off.
  channel.stderr.end(() => {
    if ('status' in ending) channel.exit(ending.status);
    else if (isProtocolSignal(ending.signal)) channel.exit(ending.signal, ending.coreDumped, '');
    else channel.exit(SIGNAL_STATUS + (isLinuxSignal(ending.signal) ? constants.signals[ending.signal] : 0));
    channel.end();
  });
}

function isLinuxSignal(name: string): name is NodeJS.Signals {
  return name in constants.signals;
}
