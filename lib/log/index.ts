/**
 * Logs of the daemons: pino in front, a size-bounded file behind, lines in the forms that administrators of the
 * product know: /var/log/vmkernel in the VMkernel's form, all others as hostd.log.
 *
 * - One record is one line, whatever its message contains.
 * - Writers outside the console share /var/log with the console's root: LogFile opens plain files only and moves aside
 *   what else lies in their place, and these writers use files directly in that folder, never in a folder below it
 *   (which could be made a link).
 * - Writing never throws and never blocks on anything but the disk.
 */
import pino from 'pino';
import { classicLine, type LogRecord, vmkernelLine } from './lines.js';
import { LogFile } from './log-file.js';

export type { Logger } from 'pino';
export * from './lines.js';
export * from './log-error.js';
export * from './log-file.js';

export interface LogOptions {
  path: string;
  level?: pino.Level;
  /** Default: the form of hostd.log. */
  form?: { kind: 'classic' } | { kind: 'vmkernel'; hostName: string; bootTimeMs: number };
  maxSizeBytes?: number;
  keptFiles?: number;
}

export interface DaemonLog {
  /** `log.child({ module: 'Sched' })` names the part that speaks; vmkernel lines also take `cpu` and `world`. */
  readonly logger: pino.Logger;
  close(): void;
}

export function openLog(options: LogOptions): DaemonLog {
  const file = new LogFile({
    path: options.path,
    maxSizeBytes: options.maxSizeBytes ?? 4 << 20,
    keptFiles: options.keptFiles ?? 4,
  });
  const form = options.form ?? { kind: 'classic' };
  const format = (record: LogRecord): string =>
    form.kind === 'classic' ? classicLine(record) : vmkernelLine(record, form.hostName, form.bootTimeMs);
  const destination = { write: (json: string): void => file.write(format(JSON.parse(json))) };
  const base = { pid: process.pid };
  return {
    logger: pino({ level: options.level ?? 'info', base }, destination),
    close: () => file.close(),
  };
}
