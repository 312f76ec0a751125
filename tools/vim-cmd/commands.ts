import type { HostAgent } from './agent.js';
import { VM_COMMANDS } from './vm-commands.js';

export interface Command {
  /** `<group>/<operation>` */
  readonly name: string;
  /** In order; in brackets those that may be left out. */
  readonly parameters: readonly string[];
  readonly summary: string;
  run(agent: HostAgent, args: readonly string[], print: (text: string) => void): Promise<void>;
}

export const COMMANDS: readonly Command[] = VM_COMMANDS;

export function commandNamed(name: string): Command | undefined {
  return COMMANDS.find(command => command.name === name);
}

/** What there is: the groups, or the commands of one. */
export function listing(group: string | undefined): string {
  if (group === undefined) {
    const groups = new Set(COMMANDS.map(command => `${groupOf(command)}/\n`));
    return `Commands available under /:\n${[...groups].sort().join('')}`;
  }
  const members = COMMANDS.filter(command => groupOf(command) === group);
  if (members.length === 0) return '';
  const lines = members.map(
    ({ name, parameters, summary }) =>
      `${[name, ...parameters.map(p => (p.startsWith('[') ? p : `<${p}>`))].join(' ').padEnd(34)} ${summary}\n`,
  );
  return `Commands available under ${group}/:\n${lines.join('')}`;
}

const groupOf = (command: Command): string => command.name.split('/')[0] ?? '';
