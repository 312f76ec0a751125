import { join } from 'node:path';
import { PlainFileError, readPlainFile } from '../../../lib/linux/index.js';

/** A small text file of the service console; '' when there is none or something else lies there. */
export function readConsoleFile(consoleRoot: string, path: string): string {
  try {
    return readPlainFile(join(consoleRoot, path)) ?? '';
  } catch (error) {
    if (error instanceof PlainFileError || isRefused(error)) return '';
    throw error;
  }
}

function isRefused(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return ['EACCES', 'ENOTDIR', 'ELOOP', 'EPERM'].includes(String(code));
}
