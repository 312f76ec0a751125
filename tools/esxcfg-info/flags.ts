export const SECTIONS = ['hardware', 'resource', 'storage', 'system', 'advopt'] as const;
export type Section = (typeof SECTIONS)[number];

export const USAGE = `esxcfg-info <options>
-a|--all        All of the host (what it prints without options)
-w|--hardware   Hardware
-r|--resource   Resources: machine memory, virtual machines
-s|--storage    Datastores
-y|--system     The system itself
-o|--advopt     Advanced options of the VMkernel
-h|--help       This text
`;

const FLAGS: Readonly<Record<string, readonly Section[]>> = {
  '-a': SECTIONS,
  '--all': SECTIONS,
  '-w': ['hardware'],
  '--hardware': ['hardware'],
  '-r': ['resource'],
  '--resource': ['resource'],
  '-s': ['storage'],
  '--storage': ['storage'],
  '-y': ['system'],
  '--system': ['system'],
  '-o': ['advopt'],
  '--advopt': ['advopt'],
};
/** The product has them; this host has not. */
const NOT_BUILT: Readonly<Record<string, string>> = {
  '-n': 'There are no virtual networks yet',
  '--network': 'There are no virtual networks yet',
  '-F': 'There is no form but the tree',
  '--format': 'There is no form but the tree',
};

/** What is to be printed: sections, the usage, or a complaint. */
export type Wanted =
  | { readonly sections: readonly Section[] }
  | { readonly usage: true }
  | { readonly complaint: string };

export function parseFlags(args: readonly string[]): Wanted {
  if (args.some(arg => arg === '-h' || arg === '--help')) return { usage: true };
  const sections = new Set<Section>();
  for (const arg of args) {
    const known = Object.hasOwn(FLAGS, arg) ? FLAGS[arg] : undefined;
    const name = arg.split('=')[0] ?? arg;
    if (known === undefined)
      return { complaint: (Object.hasOwn(NOT_BUILT, name) && NOT_BUILT[name]) || `Unknown option: ${arg}` };
    for (const section of known) sections.add(section);
  }
  return { sections: sections.size === 0 ? SECTIONS : SECTIONS.filter(section => sections.has(section)) };
}
