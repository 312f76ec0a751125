import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { copyFolder, folder, link } from './root-paths.js';

const SECRET = ['shadow', 'gshadow'];

/** Gives a fresh console its /etc and /root. What is there already is the administrator's and stays. */
export function furnishEtc(machine: string, template: string): void {
  if (!existsSync('/etc/passwd')) {
    copyFolder(template, '/etc');
    for (const name of SECRET) chmodSync(`/etc/${name}`, 0o600);
    copyFolder('/etc/skel', '/root');
    writeFileSync('/etc/resolv.conf', nameServers(machine), { flag: 'a' });
  }
  link('/etc/mtab', '../proc/self/mounts');
  linkAlternatives(join(machine, 'etc/alternatives'));
}

/** The network is the machine's, so are its name servers. */
function nameServers(machine: string): string {
  const path = join(machine, 'etc/resolv.conf');
  // The machine's file may be a link into its /run, which leads nowhere from here.
  if (!existsSync(path)) return '';
  const lines = readFileSync(path, 'utf8').match(/^nameserver\s+\S+$/gm) ?? [];
  return lines.map(line => `${line}\n`).join('');
}

/** awk, vi and others are links through /etc/alternatives into /usr, and /usr is the machine's. */
function linkAlternatives(source: string): void {
  if (!existsSync(source)) return;
  folder('/etc/alternatives');
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const target = join('/etc/alternatives', entry.name);
    if (!entry.isSymbolicLink() || lstatSync(target, { throwIfNoEntry: false }) !== undefined) continue;
    const to = readlinkSync(join(source, entry.name));
    if (to.startsWith('/')) symlinkSync(to, target);
  }
}
