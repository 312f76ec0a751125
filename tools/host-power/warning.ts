import { closeSync, constants, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What the terminals are told, in wall's form. */
export function warningText(by: string, at: Date, lines: readonly string[]): string {
  return ['', `Broadcast message from ${by} (${at.toString().slice(0, 24)}):`, '', ...lines, '', ''].join(
    '\r\n',
  );
}

/** Every terminal of the console; one that takes nothing now is left out. @returns how many took it */
export function warnTerminals(text: string, folder = '/dev/pts'): number {
  const terminals = readdirSync(folder).filter(name => /^\d+$/.test(name));
  return terminals.filter(name => writeTo(join(folder, name), text)).length;
}

function writeTo(path: string, text: string): boolean {
  let fd = -1;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return writeSync(fd, text) > 0;
  } catch {
    // Its user has gone or does not read: the host goes down all the same.
    return false;
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}
