export const USAGE = `esxcfg-resgrp <options>
-l|--list                      The groups as a tree
-a|--add <path> [SETTING]…     Adds a group: /high/web below /high
-c|--change <path> SETTING…    Changes a group's settings, at once
-m|--move <path> <parent>      Moves a group below another
-d|--delete <path>             Deletes a group; what is in it goes to its parent
-h|--help                      This text
A SETTING is cpu.min=MHZ, cpu.max=MHZ|unlimited, cpu.shares=low|normal|high|NUMBER, cpu.expandable=yes|no,
or the same of mem in MB.
`;
const LONG: Readonly<Record<string, string>> = {
  '--list': '-l',
  '--add': '-a',
  '--change': '-c',
  '--move': '-m',
  '--delete': '-d',
  '--help': '-h',
};

export type Change =
  | { readonly act: 'add' | 'change'; readonly path: string; readonly settings: readonly string[] }
  | { readonly act: 'move'; readonly path: string; readonly parent: string }
  | { readonly act: 'delete'; readonly path: string };

/** What is to be done, or a complaint. */
export type Wanted =
  | Change
  | { readonly act: 'usage' }
  | { readonly act: 'list' }
  | { readonly act: 'refuse'; readonly complaint: string };

export function parseCommandLine([flag = '-h', ...words]: readonly string[]): Wanted {
  const act = (Object.hasOwn(LONG, flag) && LONG[flag]) || flag;
  if (!Object.values(LONG).includes(act)) return refuse(`Unknown option: ${flag}`);
  if (act === '-h') return { act: 'usage' };
  if (act === '-l') return words.length === 0 ? { act: 'list' } : refuse('-l takes nothing more');
  const [path = '', ...rest] = words;
  if (path === '') return refuse('A path is needed');
  if (act === '-a') return { act: 'add', path, settings: rest };
  if (act === '-c')
    return rest.length > 0 ? { act: 'change', path, settings: rest } : refuse('A setting is needed');
  const [parent = '', ...more] = act === '-m' ? rest : ['/', ...rest];
  if (parent === '') return refuse('The path of its new parent is needed');
  if (more.length > 0) return refuse(`${more.join(' ')}: one word too many`);
  return act === '-m' ? { act: 'move', path, parent } : { act: 'delete', path };
}

function refuse(complaint: string): Wanted {
  return { act: 'refuse', complaint };
}
