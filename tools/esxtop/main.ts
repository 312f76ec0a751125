import { homedir } from 'node:os';
import { join } from 'node:path';
import { FlagError, type Flags, parseFlags, USAGE } from './flags.js';

/** Wiring only: flags, signals, exit status. What needs native code is loaded when it is needed. */

const VERSION = 'esxtop: VMware ESX Server 3.5.0 build-153875';
const PIPE_CLOSED_STATUS = 141;

async function main(): Promise<number> {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.mode === 'help') process.stdout.write(USAGE);
  else if (flags.mode === 'version') process.stdout.write(`${VERSION}\n`);
  else return watch(flags);
  return 0;
}

async function watch(flags: Flags): Promise<number> {
  const stop = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, () => stop.abort(signal));
  // A terminal that went away: writing to it fails, and the hang-up signal ends the run.
  process.stdout.on('error', () => stop.abort());
  const { run } = await import('./run.js');
  const term = process.env.TERM ?? '';
  const alive = await run(flags, {
    stdin: process.stdin,
    stdout: process.stdout,
    terminalUsable: term !== '' && term !== 'dumb' && term !== 'unknown',
    configPath: flags.configPath ?? join(homedir(), '.esxtop3rc'),
    configNeeded: flags.configPath !== null,
    warn: text => process.stderr.write(`esxtop: ${text}\n`),
    stop: stop.signal,
  });
  const signal = signals.find(name => name === stop.signal.reason);
  // The default action gives the caller the true exit status.
  if (signal !== undefined) process.kill(process.pid, signal);
  else if (!alive) {
    process.stderr.write('esxtop: the host is gone: its VMkernel ended\n');
    return 1;
  }
  return 0;
}

function report(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'EPIPE') return PIPE_CLOSED_STATUS;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`esxtop: ${message}\n`);
  if (error instanceof FlagError) process.stderr.write(USAGE);
  return 1;
}

process.exitCode = await main().catch(report);
