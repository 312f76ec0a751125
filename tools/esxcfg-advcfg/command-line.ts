export const USAGE = `esxcfg-advcfg <options> [<option's path>]
-g|--get            Tells the value of an option
-s|--set <value>    Sets an option, at once and for later boots
-d|--default        Gives an option its default again
-l|--list           All options: path, value, default, range and meaning
-q|--quiet          Sets without telling
-h|--help           This text
An option's path is its group and its name: /Cpu/Quantum
`;

/** The product has them; this host has not. */
const NOT_BUILT: Readonly<Record<string, string>> = {
  '-k': 'There are no boot options of the VMkernel yet',
  '--set-kernel': 'There are no boot options of the VMkernel yet',
  '-j': 'There are no boot options of the VMkernel yet',
  '--get-kernel': 'There are no boot options of the VMkernel yet',
  '-m': 'The message of the host cannot be set yet',
  '--set-message': 'The message of the host cannot be set yet',
};
const LONG: Readonly<Record<string, string>> = {
  '--get': '-g',
  '--set': '-s',
  '--default': '-d',
  '--list': '-l',
  '--quiet': '-q',
  '--help': '-h',
};

/** What is to be done, or a complaint. */
export type Wanted =
  | { readonly act: 'usage' }
  | { readonly act: 'list' }
  | { readonly act: 'get' | 'default'; readonly path: string; readonly quiet: boolean }
  | { readonly act: 'set'; readonly path: string; readonly value: number; readonly quiet: boolean }
  | { readonly act: 'refuse'; readonly complaint: string };

export function parseCommandLine(args: readonly string[]): Wanted {
  const flags = new Set<string>();
  const paths: string[] = [];
  let value: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const [name = '', attached] = arg.startsWith('--') ? arg.split(/=(.*)/s) : [arg];
    const flag = (Object.hasOwn(LONG, name) && LONG[name]) || name;
    if (!arg.startsWith('-')) paths.push(arg);
    else if (Object.hasOwn(NOT_BUILT, name)) return refuse(NOT_BUILT[name] ?? name);
    else if (!Object.values(LONG).includes(flag)) return refuse(`Unknown option: ${arg}`);
    else {
      flags.add(flag);
      if (flag === '-s') value = attached ?? args[++at];
    }
  }
  return wanted(flags, paths, value);
}

function wanted(flags: ReadonlySet<string>, paths: readonly string[], value: string | undefined): Wanted {
  if (flags.has('-h')) return { act: 'usage' };
  const acts = ['-g', '-s', '-d', '-l'].filter(flag => flags.has(flag));
  const [act] = acts;
  if (acts.length !== 1) return refuse('One of -g, -s, -d and -l is needed');
  if (act === '-l') return paths.length === 0 ? { act: 'list' } : refuse('-l takes no path');
  const [path] = paths;
  if (path === undefined || paths.length > 1) return refuse("One option's path is needed");
  const quiet = flags.has('-q');
  if (act === '-g') return { act: 'get', path, quiet };
  if (act === '-d') return { act: 'default', path, quiet };
  if (value === undefined || !/^-?\d{1,9}$/.test(value))
    return refuse(`${value || 'Nothing'} is no whole number`);
  return { act: 'set', path, value: Number(value), quiet };
}

function refuse(complaint: string): Wanted {
  return { act: 'refuse', complaint };
}
