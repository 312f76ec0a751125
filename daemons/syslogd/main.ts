import { writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { closeFd, setThreadName } from '../../lib/linux/index.js';
import { LogFile, syslogLine } from '../../lib/log/index.js';
import { LOG_NAMES, logOf } from './routes.js';
import { SyslogServer } from './syslog-server.js';

const MAX_FILE_BYTES = 4 << 20;
const KEPT_FILES = 4;

const { values } = parseArgs({
  options: {
    socket: { type: 'string', default: '/run/log' },
    'log-folder': { type: 'string', default: '/var/log' },
    'ready-fd': { type: 'string' },
  },
});
setThreadName('syslogd');
process.title = 'syslogd';
const files = new Map(
  LOG_NAMES.map(name => [
    name,
    new LogFile({
      path: join(values['log-folder'], name),
      maxSizeBytes: MAX_FILE_BYTES,
      keptFiles: KEPT_FILES,
    }),
  ]),
);
const server = new SyslogServer({
  path: values.socket,
  write: message => {
    const name = logOf(message);
    if (name !== undefined) files.get(name)?.write(syslogLine(Date.now(), hostname(), message.text));
  },
});
process.on('SIGTERM', () => {
  server.close();
  process.exit(0);
});
await server.listen();
files.get('messages')?.write(syslogLine(Date.now(), hostname(), 'syslogd: restart.'));
if (values['ready-fd'] !== undefined) {
  writeSync(Number(values['ready-fd']), 'ready\n');
  closeFd(Number(values['ready-fd']));
}
