import { AgentFault, CommandError } from './agent.js';
import { dispatch } from './dispatch.js';
import { parseFlags, USAGE } from './flags.js';
import { localAddress } from './local-agent.js';

/** Wiring only: arguments, output, exit status. The API's schema is loaded when a command needs the agent. */

async function main(): Promise<void> {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.help) {
    process.stdout.write(USAGE);
    return;
  }
  const local = localAddress(process.env.SSH_CONNECTION ?? '');
  const open = async () => (await import('./connect.js')).connect(flags, local);
  await dispatch(flags.words, open, text => process.stdout.write(text));
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  if (error instanceof AgentFault) process.stderr.write(`(vim.fault.${error.code}) ${error.message}\n`);
  else if (error instanceof CommandError) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(`vim-cmd: ${error instanceof Error ? error.message : String(error)}\n`);
});
