/** What pino hands over for a line, parsed. Fields other than these are the caller's details. */
export interface LogRecord {
  level: number;
  time: number;
  pid?: number;
  msg?: string;
  module?: string;
  err?: { type?: string; message?: string; stack?: string };
  [detail: string]: unknown;
}

const OWN_FIELDS = new Set([
  'level',
  'time',
  'pid',
  'msg',
  'module',
  'cpu',
  'world',
  'name',
  'hostname',
  'v',
]);
const LEVELS: readonly (readonly [number, string])[] = [
  [60, 'panic'],
  [50, 'error'],
  [40, 'warning'],
  [30, 'info'],
  [20, 'verbose'],
  [0, 'trivia'],
];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const pad = (value: number, width: number, fill = '0'): string => String(value).padStart(width, fill);

/** `[2008-12-03 16:27:31.123 'App' 3204 info] message {"detail":1}`: hostd.log's form, in UTC. */
export function classicLine(record: LogRecord): string {
  const at = new Date(record.time).toISOString().replace('T', ' ').replace('Z', '');
  const level = LEVELS.find(([from]) => record.level >= from)?.[1] ?? 'trivia';
  return `[${at} '${record.module ?? 'App'}' ${record.pid ?? 0} ${level}] ${messageOf(record)}\n`;
}

/** `Mar  4 10:15:02 esx1 vmkernel: 0:00:12:31.123 cpu1:1034)Sched: message`; the uptime counts from `bootTimeMs`. */
export function vmkernelLine(record: LogRecord, hostName: string, bootTimeMs: number): string {
  const cpu = typeof record.cpu === 'number' ? record.cpu : 0;
  const world = typeof record.world === 'number' ? record.world : 0;
  const warning = record.level >= 40 ? 'WARNING: ' : '';
  const module = record.module ?? 'Init';
  return (
    `${syslogHead(record.time, hostName)} vmkernel: ${uptime(Math.max(0, record.time - bootTimeMs))} ` +
    `cpu${cpu}:${world})${warning}${module}: ${messageOf(record)}\n`
  );
}

/** `Mar  4 10:15:02 esx1 su[123]: text`: a line of /var/log/messages and its like, in UTC. */
export function syslogLine(timeMs: number, hostName: string, text: string): string {
  return `${syslogHead(timeMs, hostName)} ${text}\n`;
}

/** Time, and the host's name without its domain. */
function syslogHead(timeMs: number, hostName: string): string {
  const at = new Date(timeMs);
  const day = `${MONTHS[at.getUTCMonth()]} ${pad(at.getUTCDate(), 2, ' ')}`;
  const clock = `${pad(at.getUTCHours(), 2)}:${pad(at.getUTCMinutes(), 2)}:${pad(at.getUTCSeconds(), 2)}`;
  return `${day} ${clock} ${hostName.split('.')[0]}`;
}

/** d:hh:mm:ss.mmm */
function uptime(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours, minutes, rest] = parts.map(part => pad(part, 2));
  return `${Math.floor(seconds / 86400)}:${hours}:${minutes}:${rest}.${pad(Math.floor(elapsedMs % 1000), 3)}`;
}

/** What a record says, on one line. */
export function messageOf(record: LogRecord): string {
  const details = Object.entries(record).filter(([key]) => !OWN_FIELDS.has(key) && key !== 'err');
  const parts = [record.msg ?? ''];
  if (details.length > 0) parts.push(JSON.stringify(Object.fromEntries(details)));
  if (record.err !== undefined) parts.push(record.err.stack ?? record.err.message ?? 'unknown error');
  // One line a record: what came from outside must not start a line of its own.
  return parts
    .filter(part => part !== '')
    .join(' ')
    .replace(/\r?\n\s*/g, ' | ')
    .replace(/\p{Cc}/gu, '?');
}
