import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

export interface ConsoleLog {
  readonly key: string;
  /** Below /var/log. */
  readonly fileName: string;
  /** Who writes it. */
  readonly creator: string;
  readonly label: string;
  readonly summary: string;
}

export const consoleLogs: readonly ConsoleLog[] = [
  {
    key: 'hostd',
    fileName: 'vmware/hostd.log',
    creator: 'hostd',
    label: 'Management log',
    summary: 'Log of the host agent',
  },
  {
    key: 'vmkernel',
    fileName: 'vmkernel',
    creator: 'vmkernel',
    label: 'VMkernel log',
    summary: 'Log of the VMkernel',
  },
  {
    key: 'vmkwarning',
    fileName: 'vmkwarning',
    creator: 'vmkernel',
    label: 'VMkernel warnings',
    summary: 'Warnings from the log of the VMkernel',
  },
  {
    key: 'messages',
    fileName: 'messages',
    creator: 'syslogd',
    label: 'Service console log',
    summary: 'What programs of the service console say',
  },
  {
    key: 'init',
    fileName: 'init.log',
    creator: 'init',
    label: 'Boot log',
    summary: 'Log of the host going up and down',
  },
  {
    key: 'sshd',
    fileName: 'sshd.log',
    creator: 'sshd',
    label: 'SSH log',
    summary: 'Log of the SSH server',
  },
];

export interface LogLines {
  /** Number of the first line, 1 for the file's first. */
  readonly start: number;
  /** Number of the last line; start - 1 where there is none. */
  readonly end: number;
  readonly lines: string[];
}

const CHUNK_BYTES = 1 << 16;
/** A line that is longer is told shortened. */
const MAX_LINE_BYTES = 1 << 14;

/** Lines of a log, at most `count` from `first` on. @throws Node's system error when it cannot be read */
export async function readLogLines(
  logFolder: string,
  log: ConsoleLog,
  range: { readonly first: number; readonly count: number },
): Promise<LogLines> {
  const path = join(logFolder, log.fileName);
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const lines: string[] = [];
    let number = 0;
    for await (const line of linesOf(file)) {
      number += 1;
      if (number < range.first) continue;
      if (lines.length >= range.count) break;
      lines.push(line);
    }
    return { start: range.first, end: range.first + lines.length - 1, lines };
  } finally {
    await file.close();
  }
}

export async function countLogLines(logFolder: string, log: ConsoleLog): Promise<number> {
  const path = join(logFolder, log.fileName);
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    let count = 0;
    for await (const _ of linesOf(file)) count += 1;
    return count;
  } finally {
    await file.close();
  }
}

async function* linesOf(file: FileHandle): AsyncGenerator<string> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest = Buffer.alloc(0);
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES);
    if (bytesRead === 0) break;
    let text = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10)) {
      yield lineText(text.subarray(0, end));
      text = text.subarray(end + 1);
    }
    rest = text.subarray(0, MAX_LINE_BYTES);
  }
  if (rest.length > 0) yield lineText(rest);
}

function lineText(bytes: Buffer): string {
  return bytes.toString('utf8', 0, Math.min(bytes.length, MAX_LINE_BYTES)).replace(/\r$/, '');
}
