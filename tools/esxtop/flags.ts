import { parseArgs } from 'node:util';

export interface Flags {
  readonly mode: 'live' | 'batch' | 'help' | 'version';
  /** null: not given, what the configuration says holds. */
  readonly delayMs: number | null;
  /** null: until told to end. */
  readonly iterations: number | null;
  readonly all: boolean;
  readonly secure: boolean;
  readonly configPath: string | null;
  /** A folder of performance snapshots to look at in place of the host. */
  readonly replayPath: string | null;
  /** A folder to write performance snapshots into. */
  readonly recordPath: string | null;
  /** null: the service console's own. */
  readonly socketPath: string | null;
}

export const DEFAULT_DELAY_MS = 5000;
export const MIN_DELAY_SECONDS = 2;
export const MAX_DELAY_SECONDS = 86_400;

/** The command line makes no sense; the message says why. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
  readonly code = 'BadFlag';
}

export const USAGE = `usage: esxtop [-h] [-v] [-b] [-a] [-s] [-c file] [-d delay] [-n iterations]
              [-R folder] [--record folder] [--socket path]
  -h         this text
  -v         the version
  -b         batch mode: records as perfmon CSV (PDH-CSV 4.0) on standard output
  -a         every field and every counter, whatever the configuration shows
  -s         secure mode: the delay cannot be changed while it runs, and nothing killed
  -c file    configuration to start with, instead of ~/.esxtop3rc
  -d delay   seconds between two looks, ${MIN_DELAY_SECONDS} at least (default ${DEFAULT_DELAY_MS / 1000})
  -n count   ends after so many looks
  --socket path  the VMkernel's control socket, where it is not the service console's
  -R folder  replays the performance snapshots of a bundle that vm-support -S made, unpacked
  --record folder  writes performance snapshots of what it looks at
`;

/** @throws FlagError */
export function parseFlags(args: readonly string[]): Flags {
  const { values } = parse(args);
  if (values.replay !== undefined && values.record !== undefined)
    throw new FlagError('a replay (-R) is not recorded again');
  return {
    mode: values.help ? 'help' : values.version ? 'version' : values.batch ? 'batch' : 'live',
    delayMs: values.delay === undefined ? null : parseDelay(values.delay),
    iterations: values.iterations === undefined ? null : wholeNumber('-n', values.iterations, 1),
    all: values.all,
    secure: values.secure,
    configPath: values.config ?? null,
    replayPath: values.replay ?? null,
    recordPath: values.record ?? null,
    socketPath: values.socket ?? null,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
        batch: { type: 'boolean', short: 'b', default: false },
        all: { type: 'boolean', short: 'a', default: false },
        secure: { type: 'boolean', short: 's', default: false },
        config: { type: 'string', short: 'c' },
        replay: { type: 'string', short: 'R' },
        delay: { type: 'string', short: 'd' },
        iterations: { type: 'string', short: 'n' },
        record: { type: 'string' },
        socket: { type: 'string' },
      },
    });
  } catch (error) {
    throw new FlagError(error instanceof Error ? error.message : String(error));
  }
}

/** @returns milliseconds @throws FlagError */
export function parseDelay(text: string): number {
  const seconds = wholeNumber('the delay', text, MIN_DELAY_SECONDS);
  if (seconds > MAX_DELAY_SECONDS) throw new FlagError(`the delay must be at most ${MAX_DELAY_SECONDS}`);
  return seconds * 1000;
}

export function wholeNumber(what: string, text: string, least: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least)) throw new FlagError(`${what} must be a whole number of at least ${least}`);
  return number;
}
