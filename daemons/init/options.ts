import { parseArgs } from 'node:util';
import { InitError } from './init-error.js';
import { MAX_PORT_OFFSET } from './listeners.js';

export interface Options {
  root: string;
  bootId: string | undefined;
  /** undefined: the last boot's, or the first free one. */
  portOffset: number | undefined;
  bind: string | undefined;
  usr: 'overlay' | 'links';
  vmkernelMain: string | undefined;
}

/** @throws InitError BadFlag */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      root: { type: 'string', default: 'var/esx' },
      'boot-id': { type: 'string' },
      'port-offset': { type: 'string', default: 'auto' },
      bind: { type: 'string' },
      // For tests: how /usr is made in the console, and what stands in for the VMkernel.
      usr: { type: 'string', default: 'overlay' },
      'vmkernel-main': { type: 'string' },
    },
  });
  const { root, bind, usr, 'boot-id': bootId, 'vmkernel-main': vmkernelMain } = values;
  if (bootId !== undefined && !/^[\w-]{1,64}$/.test(bootId))
    throw new InitError('BadFlag', { flag: 'boot-id', value: bootId, want: 'letters, digits, - and _' });
  if (bind !== undefined && !/^\d{1,3}(\.\d{1,3}){3}$/.test(bind))
    throw new InitError('BadFlag', { flag: 'bind', value: bind, want: 'an IPv4 address of this machine' });
  if (usr !== 'overlay' && usr !== 'links')
    throw new InitError('BadFlag', { flag: 'usr', value: usr, want: 'overlay or links' });
  return { root, bootId, portOffset: parseOffset(values['port-offset']), bind, usr, vmkernelMain };
}

function parseOffset(value: string): number | undefined {
  if (value === 'auto') return undefined;
  const offset = Number(value);
  if (/^\d{1,5}$/.test(value) && offset <= MAX_PORT_OFFSET) return offset;
  throw new InitError('BadFlag', {
    flag: 'port-offset',
    value,
    want: `a whole number up to ${MAX_PORT_OFFSET}, or auto`,
  });
}
