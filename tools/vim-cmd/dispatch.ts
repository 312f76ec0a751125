import { CommandError, type HostAgent } from './agent.js';
import { commandNamed, listing } from './commands.js';

/** Runs one command line. The agent is connected to only when a command needs it. @throws CommandError, VimClientFault */
export async function dispatch(
  words: readonly string[],
  connect: () => Promise<{ agent: HostAgent; close: () => Promise<void> }>,
  print: (text: string) => void,
): Promise<void> {
  const [name, ...args] = words;
  if (name === undefined || name === 'help') return print(helpText(args[0]));
  const group = listing(name.replace(/\/$/, ''));
  if (group !== '') return print(group);
  const command = commandNamed(name);
  if (command === undefined)
    throw new CommandError(
      'UnknownCommand',
      `Invalid command '${name}': \`vim-cmd help\` lists what there is`,
    );
  const needed = command.parameters.filter(parameter => !parameter.startsWith('[')).length;
  if (args.length < needed || args.length > command.parameters.length)
    throw new CommandError(
      'BadArguments',
      `usage: vim-cmd ${name} ${command.parameters.join(' ')}`.trimEnd(),
    );
  const { agent, close } = await connect();
  try {
    await command.run(agent, args, print);
  } finally {
    await close();
  }
}

function helpText(about: string | undefined): string {
  if (about === undefined) return listing(undefined);
  const command = commandNamed(about);
  if (command !== undefined)
    return `${[command.name, ...command.parameters].join(' ')}\n  ${command.summary}\n`;
  const text = listing(about.replace(/\/$/, ''));
  if (text === '') throw new CommandError('UnknownCommand', `Invalid command '${about}'`);
  return text;
}
