import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setThreadName } from '../../lib/linux/index.js';
import { openLog } from '../../lib/log/index.js';
import { freshBootId, Host } from './host.js';
import { HostFolder } from './host-folder.js';
import { InitError } from './init-error.js';
import { parseOptions } from './options.js';

const CAP_SYS_ADMIN = 1n << 21n;
const EXIT_FAILED = 1;
const EXIT_VMKERNEL_DIED = 70;

/** Namespaces and mounts take CAP_SYS_ADMIN, which root in a container often lacks. */
function requireRights(): void {
  if (process.getuid?.() !== 0) throw new InitError('NotRoot', {});
  const [, effective = '0'] =
    /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if ((BigInt(`0x${effective}`) & CAP_SYS_ADMIN) === 0n) throw new InitError('NotPrivileged', {});
}

async function main(): Promise<void> {
  process.umask(0o022);
  setThreadName('init');
  const options = parseOptions(process.argv.slice(2));
  requireRights();
  const treeFolder = realpathSync(fileURLToPath(new URL('../../../', import.meta.url)));
  const folder = new HostFolder(options.root);
  const { logger } = openLog({ path: join(folder.log, 'init.log') });
  const host = new Host(
    {
      folder,
      portOffset: options.portOffset,
      bind: options.bind,
      treeFolder,
      nodePath: realpathSync(process.execPath),
      vmkernelMain: options.vmkernelMain ?? join(treeFolder, 'dist/kernel/boot/main.js'),
      usr: options.usr,
    },
    options.bootId ?? freshBootId(),
    {
      logger,
      listener: {
        wasShutDown: () => end(0),
        failed: error => {
          const died = error instanceof InitError && error.code === 'VmkernelDied';
          if (!died) logger.fatal({ err: error }, 'the host did not come up again');
          end(died ? EXIT_VMKERNEL_DIED : EXIT_FAILED);
        },
      },
    },
  );
  const end = (status: number): void => {
    host
      .shutdown()
      .then(() => host.close())
      .then(
        () => process.exit(status),
        error => {
          logger.fatal({ err: error }, 'shutting down');
          process.exit(EXIT_FAILED);
        },
      );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(0));
  process.on('SIGHUP', () => undefined); // the terminal that started the host may go
  process.on('uncaughtException', error => {
    logger.fatal({ err: error }, 'init fails');
    end(EXIT_FAILED);
  });
  try {
    await host.boot();
  } catch (error) {
    if (error instanceof InitError && error.code === 'Stopped') return; // whoever stopped it ends this process
    logger.fatal({ err: error }, 'the host did not come up');
    await host.close();
    throw error;
  }
}

main().catch(error => {
  const text = error instanceof InitError ? `${error.code}: ${error.message}` : String(error?.stack ?? error);
  process.stderr.write(`init: ${text}\n`);
  process.exit(EXIT_FAILED);
});
