import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { attachStatistics, VmkernelClient } from '../../kernel/client/index.js';
import { LoginGuard } from '../../lib/auth/index.js';
import { openLog } from '../../lib/log/index.js';
import { CertificateFile, certificateFolder, loadServerCertificate } from '../../lib/tls/index.js';
import {
  createRedirectServer,
  createSecureServer,
  DescriptionFiles,
  LocalTickets,
  type LoginPolicy,
  SoapEndpoint,
} from '../../lib/vim-server/index.js';
import { AccountTools, ConsoleAccounts, HttpCallers, KnownPasswords } from './access/index.js';
import { parseArguments } from './arguments.js';
import { FolderEndpoint } from './folder/folder-endpoint.js';
import { Host } from './host.js';
import { aboutInfo, loadHostUuid, welcomePage } from './identity.js';
import { readMachine } from './machine/machine.js';
import { ScreenEndpoint, takePicture } from './screen/index.js';
import { writeProxyFile } from './settings/proxy-file.js';

/** How long the first clients wait for the inventory to be read: a datastore may hang. */
const firstReadMs = 3_000;

async function main(): Promise<void> {
  const args = parseArguments(process.argv.slice(2));
  const log = openLog({ path: args.logPath });
  const onError = (error: unknown): void =>
    log.logger.error({ err: error, module: 'App' }, 'unexpected error');
  const accounts = new ConsoleAccounts({ passwd: args.passwdPath, group: args.groupPath });
  const passwords = new KnownPasswords({ shadow: args.shadowPath, passwd: args.passwdPath });
  const loginGuard = new LoginGuard({ lockedOut: attempt => host.noteLockOut(attempt) });
  const policy: LoginPolicy = {
    verifyPassword: (user, password, address) => {
      const account = host.access.hasAccess(user) ? user : undefined;
      return loginGuard.check({ account, address }, () => passwords.verify(user, password));
    },
    localUser: async user => accounts.user(user),
  };
  const shown = new CertificateFile(certificateFolder(join(args.etcFolder, 'ssl')));
  const about = aboutInfo(args.apiVersion);
  const host = new Host(
    {
      about,
      machine: await readMachine(),
      uuid: await loadHostUuid(args.etcFolder),
      inventoryPath: join(args.etcFolder, 'hostd', 'vmInventory.xml'),
      consoleRoot: '/',
      logFolder: args.logFolder,
      settingsFolder: join(args.etcFolder, 'hostd'),
      newestVersion: args.newestVersion,
      sessionLimits: { idleMs: args.sessionIdleMs },
      databasePath: join(args.etcFolder, 'hostd', 'hostd.sqlite'),
    },
    {
      attachStatistics,
      connectVmkernel: () => VmkernelClient.connect(args.kernelSocket),
      policy,
      accounts,
      accountTools: new AccountTools(),
      tickets: new LocalTickets(args.ticketFolder),
      consoleDoor: () => ({ port: args.consolePort, sslThumbprint: shown.current()?.sha1 }),
      setLogLevel: level => {
        log.logger.level = level;
      },
      onError,
      onProblem: problem => log.logger.warn({ module: 'App' }, problem),
    },
  );
  const certificate = await loadServerCertificate(join(args.etcFolder, 'ssl'), hostname());
  await host.start();
  await Promise.race([host.inventory.settled(), delay(firstReadMs, undefined, { ref: false })]);
  const callers = new HttpCallers({ sessions: host.sessions, policy: host.policy, access: host.access });
  const secure = createSecureServer(certificate, {
    soap: new SoapEndpoint(host.dispatcher, host.schema),
    folder: new FolderEndpoint({
      callers,
      files: () => host.link.files,
      datastore: name => host.inventory.datastore(name),
      datastores: () => host.inventory.datastores(),
      fileChanged: path => host.inventory.noteFile(path),
      onError,
    }),
    screen: new ScreenEndpoint({
      callers,
      machine: moid => host.inventory.vms().find(vm => vm.ref.value === moid),
      picture: vmxPath => takePicture(host.link, vmxPath),
      onError,
    }),
    descriptions: new DescriptionFiles(() => host.managers.advertisedVersion()),
    welcomePage: welcomePage(about),
    onError,
  });
  const redirect = createRedirectServer(() => portOf(secure.address()));
  secure.listen({ fd: args.httpsFd });
  redirect.listen({ fd: args.httpFd });
  const servers = { http: redirect.address(), https: secure.address() };
  // On a full disk clients must be served all the more: one of them has to make room.
  await writeProxyFile(join(args.etcFolder, 'hostd'), servers).catch(onError);
  log.logger.info({ module: 'App' }, `${about.fullName}: hostd is up`);
  const stop = (): void => {
    log.logger.info({ module: 'App' }, 'hostd ends');
    host.close();
    for (const server of [secure, redirect]) server.close();
    secure.closeAllConnections();
    redirect.closeAllConnections();
    log.close();
  };
  // init's word that the whole host goes down, not only this process.
  process.once('SIGPWR', () => {
    host.hostStops().catch(onError).finally(stop);
  });
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function portOf(address: ReturnType<import('node:net').Server['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 443;
}

main().catch((error: unknown) => {
  process.stderr.write(`hostd: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
