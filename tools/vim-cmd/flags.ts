import { parseArgs } from 'node:util';
import type { LoginOptions } from '../../lib/vim-client/index.js';
import { CommandError } from './agent.js';

export interface Flags extends LoginOptions {
  readonly help: boolean;
  /** The command and its arguments. */
  readonly words: readonly string[];
}

export const USAGE = `usage: vim-cmd [-H host] [-O port] [-U user -P password] command [argument ...]
  -H host      host agent to speak to (this host)
  -O port      its port (443 elsewhere)
  -U user      who to log in as; without it, who runs this, on this host only
  -P password  that user's password
  -h           this text; \`vim-cmd help\` lists the commands
`;

/** @throws CommandError */
export function parseFlags(args: readonly string[]): Flags {
  const { values, positionals } = parse(args);
  if ((values.U === undefined) !== (values.P === undefined))
    throw new CommandError('BadArguments', '-U and -P go together');
  if (values.H !== undefined && values.U === undefined)
    throw new CommandError('BadArguments', 'another host needs -U and -P');
  return {
    help: values.help,
    host: values.H ?? null,
    port: values.O === undefined ? null : portNumber(values.O),
    user: values.U ?? null,
    password: values.P ?? null,
    words: positionals,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      // Everything after the command is the command's, whatever it looks like.
      args: [...optionsOf(args)],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        H: { type: 'string', short: 'H' },
        O: { type: 'string', short: 'O' },
        U: { type: 'string', short: 'U' },
        P: { type: 'string', short: 'P' },
      },
    });
  } catch (error) {
    throw new CommandError('BadArguments', error instanceof Error ? error.message : String(error));
  }
}

/** Puts `--` before the command. */
function optionsOf(args: readonly string[]): string[] {
  let at = 0;
  while (at < args.length && args[at]?.startsWith('-')) at += /^-[HOUP]$/.test(args[at] ?? '') ? 2 : 1;
  return at < args.length ? [...args.slice(0, at), '--', ...args.slice(at)] : [...args];
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new CommandError('BadArguments', `'${text}' is no port`);
  return port;
}
