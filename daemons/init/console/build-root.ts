import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  bindMount,
  detachMount,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  mount,
  pivotRoot,
  setHostName,
} from '../../../lib/linux/index.js';
import { populateDevices } from './devices.js';
import { furnishEtc } from './furnish-etc.js';
import { hostNameIn } from './host-name.js';
import { folder, link } from './root-paths.js';
import type { ConsoleSettings } from './settings.js';
import { mountUsr } from './usr.js';

const ROOT_LINKS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'] as const;
const DATA = MS_NOSUID | MS_NODEV;

/**
 * Makes the console's root file system in the calling thread's own mount namespace:
 *
 *   /               DIR/console (etc root home var tmp last)   /usr      the machine's, read-only, with ours on top
 *   /proc           of this pid namespace, all read-only       /dev      six devices, a devpts of its own
 *   /run            tmpfs; /run/vmware = DIR/run/vmkernel, ro  /var/log  DIR/var/log
 *   /dev/shm        tmpfs; esx-<bootId>/ statistics, ro            /vmfs     the datastores
 *
 * The console's root wrote what lies in DIR/console, links included. So nothing is made or mounted below it until it
 * is "/" itself: there a link cannot lead out. The machine's root hangs at a folder below it meanwhile and then goes.
 */
export function buildRoot(settings: ConsoleSettings): void {
  mount(null, '/', null, MS_REC | MS_PRIVATE);
  bindMount(settings.rootFolder, settings.rootFolder, DATA);
  process.chdir(settings.rootFolder);
  const machine = `/.machine-${process.hrtime.bigint().toString(36)}`;
  mkdirSync(join(settings.rootFolder, machine), { mode: 0o700 });
  pivotRoot(settings.rootFolder, join(settings.rootFolder, machine));
  process.chdir('/');
  linkRoot(machine);
  mountUsr(machine, settings);
  mountProc();
  furnishEtc(machine, join(machine, settings.treeFolder, 'etc'));
  populateDevices(machine);
  mountRun(machine, settings);
  mountShared(machine, settings);
  mountDatastores(machine, settings);
  setHostName(hostNameIn(readOr('/etc/sysconfig/network', '')));
  detachMount(machine);
  rmdirSync(machine);
}

function linkRoot(machine: string): void {
  for (const name of ROOT_LINKS) if (existsSync(join(machine, 'usr', name))) link(`/${name}`, `usr/${name}`);
  for (const path of ['/root', '/home', '/etc', '/var/spool/mail', '/var/empty', '/var/lib', '/opt', '/mnt'])
    folder(path, path === '/root' ? 0o700 : 0o755);
  for (const path of ['/tmp', '/var/tmp']) folder(path, 0o1777);
}

function mountProc(): void {
  // Read-only as a whole: uid 0 may write /proc/sys without any capability.
  // Mounted twice: what is put over /proc later shows Linux's own files by links to /.proc.
  mount('proc', folder('/.proc'), 'proc', MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
  for (const name of ['keys', 'key-users', 'kcore', 'kmsg', 'kallsyms', 'timer_list', 'sched_debug'])
    if (existsSync(`/.proc/${name}`)) bindMount('/.proc/filesystems', `/.proc/${name}`, MS_RDONLY);
  mount('/.proc', folder('/proc'), null, MS_BIND | MS_REC);
}

function mountRun(machine: string, settings: ConsoleSettings): void {
  mount('run', folder('/run'), 'tmpfs', DATA | MS_NOEXEC, 'mode=755,size=32m');
  folder('/var');
  link('/var/run', '../run');
  link('/var/lock', '../run/lock');
  chmodSync(folder('/run/lock'), 0o1777);
  // connect() works on a read-only mount; replacing the socket does not.
  bindMount(join(machine, settings.vmkernelRunFolder), folder('/run/vmware'), DATA | MS_NOEXEC | MS_RDONLY);
  bindMount(join(machine, settings.logFolder), folder('/var/log'), DATA | MS_NOEXEC);
  folder('/var/log/vmware');
}

function mountShared(machine: string, settings: ConsoleSettings): void {
  mount('shm', folder('/dev/shm'), 'tmpfs', DATA | MS_NOEXEC, 'mode=1777,size=64m');
  const source = settings.sharedMemoryFolder;
  if (source !== undefined) {
    const target = folder(`/dev/shm/${basename(source)}`, 0o700);
    mount('statistics', target, 'tmpfs', DATA | MS_NOEXEC, 'mode=700,size=64k');
    for (const name of settings.statisticsFiles.filter(file => existsSync(join(machine, source, file)))) {
      closeSync(openSync(join(target, name), 'wx', 0o600));
      bindMount(join(machine, source, name), join(target, name), DATA | MS_NOEXEC | MS_RDONLY);
    }
    mount(null, target, null, MS_REMOUNT | MS_BIND | MS_RDONLY | DATA | MS_NOEXEC);
  }
  mount(null, '/dev', null, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID);
}

function mountDatastores(machine: string, settings: ConsoleSettings): void {
  mount('vmfs', folder('/vmfs'), 'tmpfs', DATA | MS_NOEXEC, 'mode=755,size=1m');
  for (const { volume, label, path } of settings.datastores) {
    bindMount(join(machine, path), folder(`/vmfs/volumes/${volume}`), DATA | MS_NOEXEC);
    link(`/vmfs/volumes/${label}`, volume);
  }
  mount(null, '/vmfs', null, MS_REMOUNT | MS_BIND | MS_RDONLY | DATA | MS_NOEXEC);
}

function readOr(path: string, otherwise: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : otherwise;
}
