/**
 * Logs of the daemons: pino in front, a size-bounded file behind, lines in the forms that administrators of the
 * product know: /var/log/vmkernel in the VMkernel's form, all others as hostd.log.
 *
 * - One record is one line, whatever its message contains.
 * - Writers outside the console share /var/log with the console's root: LogFile opens plain files only and moves aside
 *   what else lies in their place, and these writers use files directly in that folder, never in a folder below it
 *   (which could be made a link).
 * - Warnings of the VMkernel stand in vmkwarning too; what a login daemon says goes to syslogd too.
 * - Writing never throws and never blocks on anything but the disk.
 */
import pino from 'pino';
import { classicLine, type LogRecord, messageOf, vmkernelLine } from './lines.js';
import { LogFile } from './log-file.js';
import { SyslogClient } from './syslog-client.js';

export type { Logger } from 'pino';
export * from './lines.js';
export * from './log-error.js';
export * from './log-file.js';
export * from './syslog-client.js';

/** pino's levels. */
const INFO = 30;
const WARNING = 40;

export interface LogOptions {
  path: string;
  level?: pino.Level;
  /** Default: the form of hostd.log. */
  form?: { kind: 'classic' } | { kind: 'vmkernel'; hostName: string; bootTimeMs: number };
  /** A second file for warnings and worse: /var/log/vmkwarning. */
  warningsPath?: string;
  /** Records from `info` on go there too, as `<tag>[<pid>]: message` of the facility authpriv. */
  syslog?: { path: string; tag: string };
  maxSizeBytes?: number;
  keptFiles?: number;
}

export interface DaemonLog {
  /** `log.child({ module: 'Sched' })` names the part that speaks; vmkernel lines also take `cpu` and `world`. */
  readonly logger: pino.Logger;
  close(): void;
}

export function openLog(options: LogOptions): DaemonLog {
  const { maxSizeBytes = 4 << 20, keptFiles = 4, warningsPath, syslog } = options;
  const file = new LogFile({ path: options.path, maxSizeBytes, keptFiles });
  const warnings =
    warningsPath === undefined ? undefined : new LogFile({ path: warningsPath, maxSizeBytes, keptFiles });
  const client = syslog && new SyslogClient(syslog.path, `${syslog.tag}[${process.pid}]`);
  const form = options.form ?? { kind: 'classic' };
  const format = (record: LogRecord): string =>
    form.kind === 'classic' ? classicLine(record) : vmkernelLine(record, form.hostName, form.bootTimeMs);
  const write = (record: LogRecord): void => {
    const line = format(record);
    file.write(line);
    if (record.level >= WARNING) warnings?.write(line);
    if (record.level >= INFO)
      client?.write(
        record.level > WARNING ? 'error' : record.level < WARNING ? 'info' : 'warning',
        messageOf(record),
      );
  };
  const destination = { write: (json: string): void => write(JSON.parse(json)) };
  const base = { pid: process.pid };
  return {
    logger: pino({ level: options.level ?? 'info', base }, destination),
    close: () => {
      file.close();
      warnings?.close();
      client?.close();
    },
  };
}
