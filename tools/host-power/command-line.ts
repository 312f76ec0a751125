import type { HostPowerAction } from '../../kernel/abi/index.js';
import { shutdownDelayMs } from './shutdown-time.js';

/** What a command line wants. */
export type Wish =
  | { readonly kind: 'help'; readonly text: string }
  /** Of a shutdown that waits for its time. */
  | { readonly kind: 'cancel' }
  | {
      readonly kind: 'power';
      readonly action: HostPowerAction;
      readonly delayMs: number;
      /** For everybody who is logged in. */
      readonly message: string;
      readonly warnOnly: boolean;
    };

/** A command line that means nothing. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const SHUTDOWN_USAGE = `usage: shutdown -h|-r|-k [-t SECONDS] TIME [MESSAGE…]
       shutdown -c
  -h  shut the host down       -r  shut it down and boot it again
  -k  only warn                -c  cancel a shutdown that waits for its time
  TIME is now, +MINUTES or HH:MM. -a, -f, -F, -n and -t are taken and change nothing: the host goes down in order.
`;
const ACTIONS: Readonly<Record<string, HostPowerAction>> = {
  reboot: 'reboot',
  halt: 'shutdown',
  poweroff: 'shutdown',
};

/**
 * @param command the name it was called by: reboot, halt, poweroff or shutdown
 * @throws UsageError with the text for whoever wrote it
 */
export function parseCommandLine(command: string, words: readonly string[], now: Date): Wish {
  if (command === 'shutdown') return parseShutdown(words, now);
  const action = ACTIONS[command];
  if (action === undefined) throw new UsageError(`there is no command ${command}`);
  const usage = `usage: ${command} [-ndfiph]\n  The host goes down in order; the letters change nothing, -w does nothing at all.\n`;
  if (words.includes('--help')) return { kind: 'help', text: usage };
  const bad = words.find(word => !/^-[ndfiphw]+$/.test(word));
  if (bad !== undefined) throw new UsageError(usage);
  // Only a note in a log that nobody keeps here.
  const noteOnly = words.some(word => word.includes('w'));
  if (noteOnly) return { kind: 'help', text: '' };
  return { kind: 'power', action, delayMs: 0, message: '', warnOnly: false };
}

function parseShutdown(words: readonly string[], now: Date): Wish {
  const rest = [...words];
  const letters = takeLetters(rest);
  if (letters.has('?')) return { kind: 'help', text: SHUTDOWN_USAGE };
  if (letters.has('c')) return { kind: 'cancel' };
  const [time, ...message] = rest;
  if (time === undefined) throw new UsageError(`shutdown: when? (try now)\n${SHUTDOWN_USAGE}`);
  const delayMs = shutdownDelayMs(time, now);
  if (delayMs === undefined) throw new UsageError(`shutdown: ${time} is no time\n${SHUTDOWN_USAGE}`);
  const reboot = letters.has('r');
  if (reboot && letters.has('h')) throw new UsageError('shutdown: -h or -r, not both\n');
  if (!reboot && !letters.has('h') && !letters.has('k'))
    throw new UsageError('shutdown: this host has no single-user mode: give -h or -r\n');
  const action = reboot ? 'reboot' : 'shutdown';
  return { kind: 'power', action, delayMs, message: message.join(' '), warnOnly: letters.has('k') };
}

/** Takes the options off the front. `?` stands for --help. */
function takeLetters(rest: string[]): Set<string> {
  const letters = new Set<string>();
  while (rest[0]?.startsWith('-')) {
    const word = rest.shift() ?? '';
    if (word === '--help') letters.add('?');
    else if (!/^-[akrhfFnct]+$/.test(word)) throw new UsageError(SHUTDOWN_USAGE);
    for (const letter of word.slice(1)) letters.add(letter);
    if (word.endsWith('t') && !/^\d+$/.test(rest.shift() ?? '')) throw new UsageError(SHUTDOWN_USAGE);
  }
  return letters;
}
