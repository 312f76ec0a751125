import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Door } from '../../lib/authd/index.js';
import { openLog } from '../../lib/log/index.js';
import { CertificateFile, certificateFolder, loadServerCertificate } from '../../lib/tls/index.js';
import { ConsoleKeeper } from './console-keeper.js';

const { values } = parseArgs({
  options: {
    'listen-fd': { type: 'string', default: '3' },
    etc: { type: 'string', default: '/etc' },
    log: { type: 'string', default: '/var/log/vmware/authd.log' },
    kernel: { type: 'string', default: '/var/run/vmware/control.sock' },
    vmkauthd: { type: 'string', default: '/var/run/vmware/vmkauthd.sock' },
  },
});
const { logger } = openLog({ path: values.log });
process.title = 'vmware-authd';
process.on('uncaughtException', error => {
  logger.fatal({ err: error }, 'authd ends');
  process.exit(1);
});
const sslFolder = join(values.etc, 'vmware', 'ssl');
await loadServerCertificate(sslFolder, hostname());
const keeper = new ConsoleKeeper(
  { etcFolder: values.etc, kernelSocket: values.kernel, vmkauthdSocket: values.vmkauthd },
  logger,
);
const certificate = new CertificateFile(certificateFolder(sslFolder));
const door = new Door(
  { listenFd: Number(values['listen-fd']), ticketsOnly: false, certificate },
  keeper,
  logger,
);
process.on('SIGTERM', () => {
  door.close();
  process.exit(0);
});
await door.listen();
logger.info('listening');
