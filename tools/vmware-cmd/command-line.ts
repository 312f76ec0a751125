import { parseArgs } from 'node:util';
import type { LoginOptions } from '../../lib/vim-client/index.js';
import { Control, type HostAgent } from './control.js';
import type { Dialogue, Operation } from './operation.js';
import { OPERATIONS } from './operations.js';
import { list, register, unregister } from './server-operations.js';
import { UsageError } from './vm-control-error.js';

export interface CommandLine extends LoginOptions {
  readonly help: boolean;
  /** The value alone. */
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly list: boolean;
  /** -s: of the server, not of one machine. */
  readonly server: boolean;
  readonly words: readonly string[];
}

/** @throws UsageError */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parse(args);
  if ((values.U === undefined) !== (values.P === undefined)) throw new UsageError('-U and -P go together');
  if (values.H !== undefined && values.U === undefined) throw new UsageError('another host needs -U and -P');
  if (values.O !== undefined && !isPort(values.O)) throw new UsageError(`'${values.O}' is no port`);
  if (values.H === '') throw new UsageError('-H takes the name of a host');
  return {
    help: values.help,
    quiet: values.q,
    verbose: values.v,
    list: values.list,
    server: values.s,
    host: values.H ?? null,
    port: values.O === undefined ? null : Number(values.O),
    user: values.U ?? null,
    password: values.P ?? null,
    words: positionals,
  };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 65_535;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        q: { type: 'boolean', short: 'q', default: false },
        v: { type: 'boolean', short: 'v', default: false },
        list: { type: 'boolean', short: 'l', default: false },
        s: { type: 'boolean', short: 's', default: false },
        H: { type: 'string', short: 'H' },
        O: { type: 'string', short: 'O' },
        U: { type: 'string', short: 'U' },
        P: { type: 'string', short: 'P' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Something to do once there is a host agent. */
export type Job = (agent: HostAgent, dialogue: Dialogue) => Promise<void>;

/** What a command line asks for, found out before anybody is connected to. @throws UsageError */
export function jobOf({ list: isList, server, quiet, words }: CommandLine): Job {
  if (isList) {
    if (words.length > 0) throw new UsageError('-l takes no arguments');
    return async (agent, { print }) => print(await list(await Control.of(agent)));
  }
  if (server) return serverJob(words, quiet);
  const [path, name, ...args] = words;
  if (path === undefined || name === undefined)
    throw new UsageError('a .vmx file and an operation are needed');
  const operation = OPERATIONS.find(one => one.name === name);
  if (operation === undefined) throw new UsageError(`there is no operation ${name}`);
  checkCount(operation, args);
  return async (agent, dialogue) => {
    const control = await Control.of(agent);
    const value = await operation.run(control, await control.vm(path), args, dialogue);
    if (value !== undefined) dialogue.print(answerText(name, args, value, quiet));
  };
}

function serverJob([name, path, ...more]: readonly string[], quiet: boolean): Job {
  const operation = name === 'register' ? register : name === 'unregister' ? unregister : undefined;
  if (name === undefined || operation === undefined || path === undefined || more.length > 0)
    throw new UsageError('-s register and -s unregister take a .vmx file');
  return async (agent, { print }) => {
    await operation(await Control.of(agent), path);
    print(answerText(name, [path], 1, quiet));
  };
}

function checkCount({ name, parameters }: Operation, args: readonly string[]): void {
  const needed = parameters.filter(parameter => !parameter.startsWith('[')).length;
  if (args.length < needed || args.length > parameters.length)
    throw new UsageError(`${name} takes ${parameters.length === 0 ? 'no arguments' : parameters.join(' ')}`);
}

/** `getconfig(memsize) = 64`; of a variable that is set, its name alone is repeated. */
function answerText(name: string, args: readonly string[], value: string | number, quiet: boolean): string {
  return quiet ? `${value}\n` : `${name}(${args.join(' ')}) = ${value}\n`;
}

export function usage(): string {
  const width = 34;
  const lines = OPERATIONS.map(({ name, parameters, summary }) => {
    const words = [name, ...parameters.map(one => (one.startsWith('[') ? one : `<${one}>`))].join(' ');
    return `    ${words.padEnd(width)} ${summary}\n`;
  });
  return `Usage: vmware-cmd [options] <vm-cfg-path> <operation> [argument ...]
       vmware-cmd [options] -s register|unregister <vm-cfg-path>
       vmware-cmd [options] -l
  Options:
    -H <host>  another host (with -U and -P)   -O <port>  its port
    -U <user>  who to log in as                -P <password>
    -q         the answer's value alone        -v  more words on failures
    -l         the registered machines         -h  this text
  Operations:
${lines.join('')}`;
}
