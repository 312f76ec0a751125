import { CommandError } from './agent.js';
import { dispatch } from './dispatch.js';
import { parseFlags, USAGE } from './flags.js';

/** Wiring only: arguments, output, exit status. What needs the host agent is loaded when a command needs it. */

/** As a shell tells of a process that SIGPIPE ended. */
const BROKEN_PIPE = 141;

async function main(): Promise<void> {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.help) {
    process.stdout.write(USAGE);
    return;
  }
  const open = async () => {
    const { localAddress, openSession } = await import('../../lib/vim-client/index.js');
    const { client, close } = await openSession(flags, localAddress());
    return { agent: client, close };
  };
  await dispatch(flags.words, open, text => process.stdout.write(text));
}

function complaint(error: unknown): string {
  if (!(error instanceof Error)) return `vim-cmd: ${String(error)}`;
  if (error instanceof CommandError) return error.message;
  // By name: their classes come with the client, which may not have been loaded.
  if (error.name === 'VimClientFault' && 'code' in error) return `(vim.fault.${error.code}) ${error.message}`;
  return `vim-cmd: ${error.message}`;
}

// Whoever read the output may have seen enough; the session is ended all the same.
process.stdout.on('error', () => {
  process.exitCode = BROKEN_PIPE;
});

main().catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${complaint(error)}\n`);
});
