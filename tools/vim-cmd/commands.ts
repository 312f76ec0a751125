import { AUTOSTART_COMMANDS } from './autostart-commands.js';
import type { Command } from './command.js';
import { DATASTORE_COMMANDS } from './datastore-commands.js';
import { DEVICE_COMMANDS } from './device-commands.js';
import { HOST_COMMANDS } from './host-commands.js';
import { POWER_COMMANDS } from './power-commands.js';
import { RESOURCE_COMMANDS } from './resource-commands.js';
import { SERVICE_COMMANDS } from './service-commands.js';
import { SNAPSHOT_COMMANDS } from './snapshot-commands.js';
import { SOLO_COMMANDS } from './solo-commands.js';
import { VM_COMMANDS } from './vm-commands.js';
import { VM_READ_COMMANDS } from './vm-read-commands.js';

export type { Command } from './command.js';

export const COMMANDS: readonly Command[] = [
  ...VM_COMMANDS,
  ...VM_READ_COMMANDS,
  ...POWER_COMMANDS,
  ...DEVICE_COMMANDS,
  ...SNAPSHOT_COMMANDS,
  ...SOLO_COMMANDS,
  ...HOST_COMMANDS,
  ...DATASTORE_COMMANDS,
  ...AUTOSTART_COMMANDS,
  ...RESOURCE_COMMANDS,
  ...SERVICE_COMMANDS,
];

export function commandNamed(name: string): Command | undefined {
  return COMMANDS.find(command => command.name === name);
}

/** What there is: the groups, or the groups and commands of one. Empty for what is no group. */
export function listing(group: string | undefined): string {
  const prefix = group === undefined ? '' : `${group}/`;
  const members = COMMANDS.filter(command => command.name.startsWith(prefix));
  if (members.length === 0) return '';
  const below = members.filter(({ name }) => name.slice(prefix.length).includes('/'));
  const groups = new Set(below.map(({ name }) => `${prefix}${name.slice(prefix.length).split('/')[0]}/\n`));
  const commands = members.filter(command => !below.includes(command));
  const lines = commands.map(
    ({ name, parameters, summary }) =>
      `${[name, ...parameters.map(p => (p.startsWith('[') ? p : `<${p}>`))].join(' ').padEnd(34)} ${summary}\n`,
  );
  return `Commands available under ${prefix === '' ? '/' : prefix}:\n${[...groups].sort().join('')}${lines.join('')}`;
}
