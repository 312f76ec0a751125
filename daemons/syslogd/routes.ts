import type { SyslogMessage } from './messages.js';

export const LOG_NAMES = ['messages', 'secure', 'cron', 'maillog'] as const;
export type LogName = (typeof LOG_NAMES)[number];

const MAIL = 2;
const AUTH = 4;
const CRON = 9;
const AUTHPRIV = 10;
const DEBUG = 7;

/** As /etc/syslog.conf of the console's system has it; undefined for what is not kept. */
export function logOf({ facility, severity }: SyslogMessage): LogName | undefined {
  if (facility === AUTH || facility === AUTHPRIV) return 'secure';
  if (facility === CRON) return 'cron';
  if (facility === MAIL) return 'maillog';
  return severity < DEBUG ? 'messages' : undefined;
}
