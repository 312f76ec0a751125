/** What a line asks for. */
export type Request =
  | { readonly verb: 'help' | 'status' | 'guest' | 'devices' | 'quit' }
  | { readonly verb: 'poweroff' | 'reset' | 'suspend' }
  | { readonly verb: 'connect' | 'disconnect'; readonly device: string };

export type Verb = Request['verb'];

const interact = (name: string): string => `VirtualMachine.Interact.${name}`;

/** The right that a request takes beside the ticket itself; undefined: none. */
export const RIGHTS: Readonly<Record<Verb, string | undefined>> = {
  help: undefined,
  status: undefined,
  guest: undefined,
  devices: undefined,
  quit: undefined,
  poweroff: interact('PowerOff'),
  reset: interact('Reset'),
  suspend: interact('Suspend'),
  connect: interact('DeviceConnection'),
  disconnect: interact('DeviceConnection'),
};

export const VERBS = Object.keys(RIGHTS) as readonly Verb[];

const MAX_DEVICE = 64;

/** @returns undefined for a line that is no request */
export function parseRequest(line: string): Request | undefined {
  const [, word = '', argument = ''] = /^(\w+)(?: (\S+))?$/.exec(line.trim()) ?? [];
  const verb = VERBS.find(known => known === word.toLowerCase());
  if (verb === undefined) return undefined;
  if (verb === 'connect' || verb === 'disconnect')
    return argument === '' || argument.length > MAX_DEVICE ? undefined : { verb, device: argument };
  return argument === '' ? { verb } : undefined;
}
