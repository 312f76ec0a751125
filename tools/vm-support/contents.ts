/** Folders and files of the service console, below `/`. */
export const FILES = [
  ...['etc/vmware', 'etc/sysconfig', 'etc/hosts', 'etc/resolv.conf', 'etc/passwd', 'etc/group', 'etc/fstab'],
  ...['etc/redhat-release', 'etc/vmware-release', 'etc/motd', 'etc/issue', 'var/log'],
] as const;

/** tar's patterns for what must not leave the host. */
export const SECRETS = [
  '*.key',
  'etc/shadow*',
  'etc/gshadow*',
  'etc/ssh',
  '*ssh_host_*',
  '*authorized_keys*',
] as const;

/** What is asked of the host's tools; each answer is one file. */
export const COMMANDS: readonly (readonly string[])[] = [
  ['vmware', '-v'],
  ['esxcfg-info', '-a'],
  ['esxtop', '-b', '-n', '2', '-d', '2'],
  ['vim-cmd', 'vmsvc/getallvms'],
  ['service', '--status-all'],
  ['ps', 'axww', '-o', 'pid,ppid,user,stat,rss,args'],
  ['df', '-k'],
  ['cat', '/proc/mounts'],
  ['uptime'],
  ['uname', '-a'],
  ['hostname'],
];

/** `esxtop.-b.-n.2.-d.2.txt` */
export function answerName(command: readonly string[]): string {
  return `${command.join('.').replace(/[^\w.-]/g, '_')}.txt`;
}

/** `esx-2008-12-03--10.15.3204.tgz`, in UTC. */
export function bundleName(timeMs: number, pid: number): string {
  const [, day, hour, minute] = /^(\S+)T(\d\d):(\d\d)/.exec(new Date(timeMs).toISOString()) ?? [];
  return `esx-${day}--${hour}.${minute}.${pid}.tgz`;
}

/** Of a VM's folder: its description and its logs, by name; disks and memory stay. */
export function isVmFile(name: string): boolean {
  return (
    /\.(vmx|vmxf|vmsd)$|^vmware(-\d+)?\.log$/.test(name) ||
    (/\.vmdk$/.test(name) && !/-(flat|delta|s\d+)\.vmdk$/.test(name))
  );
}

/** As the product lists them: `vmid=1076 name`. */
export function worldLines(vms: readonly { readonly worldId: number; readonly name: string }[]): string {
  const lines = vms.map(({ worldId, name }) => `vmid=${worldId}\t${name.replace(/\p{Cc}/gu, '?')}\n`);
  return `Available worlds to debug:\n\n${lines.join('')}`;
}
