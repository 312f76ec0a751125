import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Logger } from '../../lib/log/index.js';

const MAX_LINE_CHARACTERS = 4000;
const MAX_CAUSE_CHARACTERS = 400;

/**
 * Puts what a process complains about (a crash, a warning of Node's) into init's log, a line at a time.
 * @returns the last line that names an error, or the last line, for whoever has to say why the process ended
 */
export function logComplaints(stream: Readable | null, name: string, logger: Logger): () => string {
  let rest = '';
  let cause = '';
  let last = '';
  if (stream === null) return () => cause;
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-MAX_LINE_CHARACTERS);
    for (const line of lines.filter(l => l !== '')) {
      logger.warn(`${name}: ${line.slice(0, MAX_LINE_CHARACTERS)}`);
      last = line.slice(0, MAX_CAUSE_CHARACTERS);
      if (/^\S*(error|failed|cannot)/i.test(line)) cause = line.slice(0, MAX_CAUSE_CHARACTERS);
    }
  });
  stream.on('end', () => {
    if (rest !== '') logger.warn(`${name}: ${rest}`);
  });
  stream.on('error', error => logger.warn({ err: error }, name));
  return () => cause || last;
}

/** Resolves when the process has written `ready` to this descriptor of its own; rejects when it closes it before. */
export function readiness(child: ChildProcess, fd: number): Promise<void> {
  const stream = child.stdio[fd];
  return new Promise((resolve, reject) => {
    if (stream === null || stream === undefined || !('read' in stream)) {
      reject(new Error('there is no readiness pipe'));
      return;
    }
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('latin1')).slice(-64);
      if (text.includes('ready\n')) resolve();
    });
    stream.on('error', reject);
    stream.on('close', () => reject(new Error('it ended before it was ready')));
  });
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null)
      resolve({ code: child.exitCode, signal: child.signalCode });
    else child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit status ${code}` : `killed by ${signal}`;
}
