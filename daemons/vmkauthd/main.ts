import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { VMKAUTHD_LISTEN_FD } from '../../kernel/abi/index.js';
import { Door } from '../../lib/authd/index.js';
import { HandoverTaker } from '../../lib/handover/index.js';
import { setParentDeathSignal, setThreadName } from '../../lib/linux/index.js';
import { openLog } from '../../lib/log/index.js';
import { CertificateFile } from '../../lib/tls/index.js';
import { consoleCertificate } from './console-files.js';
import { admitFromConsole } from './console-offers.js';
import { VmkernelLink } from './vmkernel-link.js';
import { WorldKeeper } from './world-keeper.js';

const SIGKILL = 9;

const { values } = parseArgs({
  options: { root: { type: 'string', default: '/' }, socket: { type: 'string', default: '' } },
});
setThreadName('vmkauthd');
setParentDeathSignal(SIGKILL);
const { logger } = openLog({ path: join(values.root, 'var', 'log', 'vmkauthd.log') });
process.on('uncaughtException', error => {
  logger.fatal({ err: error }, 'vmkauthd ends');
  process.exit(1);
});
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
const vmkernel = new VmkernelLink(() => process.exit(0));
const certificate = new CertificateFile(consoleCertificate(join(values.root, 'console')));
const keeper = new WorldKeeper(vmkernel, certificate, logger);
const door = new Door({ listenFd: VMKAUTHD_LISTEN_FD, ticketsOnly: true, certificate }, keeper, logger);
await HandoverTaker.listen({
  path: values.socket,
  admit: admitFromConsole(keeper),
  onError: error => logger.warn({ err: error }, 'hand-over from the console'),
});
await door.listen();
vmkernel.ready();
logger.info('listening');
process.on('SIGTERM', () => process.exit(0));
