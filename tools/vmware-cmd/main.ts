import { createInterface } from 'node:readline/promises';
import { localAddress, openSession } from '../../lib/vim-client/index.js';
import { type Job, jobOf, parseCommandLine, usage } from './command-line.js';
import { asControlError, errorText, UsageError } from './vm-control-error.js';

const BAD_USAGE = 1;
const FAILED = 255;
/** As a shell tells of a process that SIGPIPE ended. */
const BROKEN_PIPE = 141;

const print = (text: string): void => void process.stdout.write(text);

async function readLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
  }
}

async function main(): Promise<void> {
  const line = parseCommandLine(process.argv.slice(2));
  if (line.help) return print(usage());
  const job: Job = jobOf(line);
  const { client, close } = await openSession(line, localAddress());
  try {
    await job(client, { print, readLine });
  } finally {
    await close();
  }
}

// Whoever read the output may have seen enough; the session is ended all the same.
process.stdout.on('error', () => {
  process.exitCode = BROKEN_PIPE;
});

main().catch((error: unknown) => {
  if (error instanceof UsageError) {
    process.exitCode = BAD_USAGE;
    process.stderr.write(`vmware-cmd: ${error.message}\n${usage()}`);
    return;
  }
  process.exitCode = FAILED;
  const known = asControlError(error);
  process.stderr.write(known === undefined ? `vmware-cmd: ${String(error)}\n` : errorText(known));
});
