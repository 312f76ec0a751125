export const SCRIPT_NAME = 'VMware ESX Server Support Script 1.29';

export const USAGE = `${SCRIPT_NAME}
Usage: vm-support [options]
-n              no core files (there are none in a bundle of this host)
-w <dir>        where the bundle is put, and made
-x              lists the worlds of virtual machines
-h              this text
`;

export type Wanted =
  | { readonly kind: 'bundle'; readonly folder: string }
  | { readonly kind: 'worlds' | 'usage' }
  | { readonly kind: 'complaint'; readonly text: string };

/** @param folder where the bundle goes when no other is named */
export function parseFlags(args: readonly string[], folder: string): Wanted {
  let target = folder;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '-h' || arg === '--help') return { kind: 'usage' };
    if (arg === '-x') return { kind: 'worlds' };
    if (arg === '-n') continue;
    if (arg !== '-w') return { kind: 'complaint', text: `unknown option ${arg}` };
    const value = args[++i];
    if (value === undefined || value === '') return { kind: 'complaint', text: '-w needs a folder' };
    target = value;
  }
  return { kind: 'bundle', folder: target };
}
