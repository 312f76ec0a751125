import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  bindMount,
  detachMount,
  MS_BIND,
  MS_NODEV,
  MS_NOSUID,
  MS_RDONLY,
  MS_REMOUNT,
  mount,
} from '../../../lib/linux/index.js';
import { folder } from './root-paths.js';
import type { ConsoleSettings } from './settings.js';

/**
 * Where the console finds each tool: its main file below dist/tools, and the commands that run it. A command with a
 * word after its path hands that word to the tool first: its own name, for a tool that is several.
 */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  'esxcfg-advcfg': ['usr/sbin/esxcfg-advcfg'],
  'esxcfg-resgrp': ['usr/sbin/esxcfg-resgrp'],
  'esxcfg-info': ['usr/sbin/esxcfg-info'],
  esxtop: ['usr/bin/esxtop'],
  'host-power': ['reboot', 'halt', 'poweroff', 'shutdown'].map(name => `usr/sbin/${name} ${name}`),
  service: ['usr/sbin/service'],
  'vim-cmd': ['usr/bin/vim-cmd', 'usr/bin/vmware-vim-cmd'],
  'vm-support': ['usr/bin/vm-support'],
  vmware: ['usr/bin/vmware'],
  'vmware-cmd': ['usr/bin/vmware-cmd'],
};

export const CONSOLE_NODE = '/usr/lib/vmware/bin/node';
export const CONSOLE_DIST = '/usr/lib/vmware/dist';
const READ_ONLY = MS_RDONLY | MS_NODEV;

/**
 * /usr: the machine's own, read-only, with our folder on top: the tools' commands and /usr/lib/vmware, where the
 * built tree and the Node in use are bound. Where Linux refuses the overlay (a machine whose /usr is one of two
 * overlays already) /usr is a tmpfs of links into the machine's /usr, bound at /usr/.machine.
 */
export function mountUsr(machine: string, settings: ConsoleSettings): void {
  const machineUsr = join(machine, 'usr');
  const layer = folder('/run/.usr-layer');
  mount('usr', layer, 'tmpfs', MS_NODEV, 'mode=755');
  fillLayer(layer);
  if (settings.usr === 'links' || !mountOverlay(layer, machineUsr)) mountLinks(layer, machineUsr);
  const below = READ_ONLY | MS_NOSUID;
  bindMount(join(machine, settings.treeFolder, 'dist'), CONSOLE_DIST, below);
  bindMount(join(machine, settings.modulesFolder), '/usr/lib/vmware/node_modules', below);
  bindMount(join(machine, settings.nodePath), CONSOLE_NODE, below);
  detachMount(layer); // the overlay, or the links' bindings, hold it
  rmdirSync(layer);
}

function fillLayer(layer: string): void {
  for (const path of ['bin', 'sbin', 'lib/vmware/bin', 'lib/vmware/dist', 'lib/vmware/node_modules'])
    mkdirSync(join(layer, path), { recursive: true });
  closeSync(openSync(join(layer, 'lib/vmware/bin/node'), 'w'));
  writeFileSync(join(layer, 'lib/vmware/package.json'), '{ "type": "module" }\n');
  writeFileSync(
    join(layer, 'lib/os-release'),
    'NAME="VMware ESX Server"\nVERSION="3.5.0"\nID=esx\nPRETTY_NAME="VMware ESX Server 3.5.0"\n',
  );
  for (const [tool, commands] of Object.entries(TOOLS))
    for (const command of commands) {
      const [path = '', word = ''] = command.split(' ');
      writeCommand(join(layer, path.replace(/^usr\//, '')), `${CONSOLE_DIST}/tools/${tool}/main.js ${word}`);
    }
}

function writeCommand(path: string, program: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nexec ${CONSOLE_NODE} ${program} "$@"\n`);
  chmodSync(path, 0o755);
}

function mountOverlay(layer: string, machineUsr: string): boolean {
  try {
    mount('usr', folder('/usr'), 'overlay', READ_ONLY, `lowerdir=${layer}:${machineUsr}`);
    return existsSync('/usr/bin/env');
  } catch {
    // The caller has another way; which one serves shows in /proc/mounts.
    return false;
  }
}

function mountLinks(layer: string, machineUsr: string): void {
  mount('usr', folder('/usr'), 'tmpfs', MS_NODEV, 'mode=755');
  bindMount(machineUsr, folder('/usr/.machine'), READ_ONLY);
  mergeLinks(layer, '/usr', '.machine');
  mount(null, '/usr', null, MS_REMOUNT | MS_BIND | READ_ONLY);
}

/** Fills `target` with links to the machine's entries, and with copies of the layer's where it has something. */
function mergeLinks(layer: string, target: string, machineRelative: string): void {
  const own = new Set(existsSync(layer) ? readdirSync(layer) : []);
  const machineFolder = join(target, machineRelative);
  for (const name of existsSync(machineFolder) ? readdirSync(machineFolder) : [])
    if (!own.has(name) && name !== '.machine') symlinkSync(join(machineRelative, name), join(target, name));
  for (const name of own) {
    const source = join(layer, name);
    if (statSync(source).isDirectory()) {
      mkdirSync(join(target, name), { recursive: true });
      mergeLinks(source, join(target, name), join('..', machineRelative, name));
    } else bindFile(source, join(target, name));
  }
}

function bindFile(source: string, target: string): void {
  closeSync(openSync(target, 'w'));
  bindMount(source, target);
}
