import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LoginGuard } from '../../lib/auth/index.js';
import { openLog } from '../../lib/log/index.js';
import { ConfigFile } from './config/config-file.js';
import { loadHostKeys } from './host-keys.js';
import { LoginRecords } from './login-records/login-records.js';
import { SshServer } from './ssh-server.js';

const { values } = parseArgs({
  options: {
    'listen-fd': { type: 'string' },
    etc: { type: 'string', default: '/etc' },
    log: { type: 'string', default: '/var/log/sshd.log' },
  },
});
const { logger } = openLog({ path: values.log, syslog: { path: '/dev/log', tag: 'sshd' } });
process.title = 'sshd';
process.on('uncaughtException', error => {
  logger.fatal({ err: error }, 'sshd ends');
  process.exit(1);
});
const ssh = join(values.etc, 'ssh');
const records = { utmp: '/run/utmp', wtmp: '/var/log/wtmp', lastlog: '/var/log/lastlog' };
const server = new SshServer({
  listenFd: Number(values['listen-fd'] ?? 3),
  etcFolder: values.etc,
  hostKeys: await loadHostKeys(ssh),
  config: new ConfigFile(join(ssh, 'sshd_config'), logger),
  guard: new LoginGuard({
    lockedOut: ({ account = 'users who may not log in', address }) =>
      logger.warn(`too many wrong passwords for ${account} from ${address}: no more for a minute`),
  }),
  records: new LoginRecords(records, logger),
  logger,
});
process.on('SIGTERM', () => {
  server.close();
  // Sessions have had their SIGHUP; init ends what does not go by itself.
  setTimeout(() => process.exit(0), 200);
});
// init starts another one in its place.
process.on('SIGHUP', () => {
  process.title = 'sshd: serves nobody new';
  logger.info('serves nobody new');
  server.drain(() => process.exit(0));
});
await server.listen();
logger.info('listening');
