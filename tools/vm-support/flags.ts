export const SCRIPT_NAME = 'VMware ESX Server Support Script 1.29';

export const USAGE = `${SCRIPT_NAME}
Usage: vm-support [options]
-n              no core files (there are none in a bundle of this host)
-w <dir>        where the bundle is put, and made
-x              lists the worlds of virtual machines
-s              takes performance snapshots as well, for esxtop -R
-S              takes performance snapshots alone
-d <seconds>    for how long (default 300)
-i <seconds>    how often (default 10, at least 2)
-h              this text
`;

export interface PerformanceWish {
  readonly durationSeconds: number;
  readonly intervalSeconds: number;
}

export interface BundleWish {
  readonly kind: 'bundle';
  readonly folder: string;
  /** null: none. */
  readonly performance: PerformanceWish | null;
  /** Logs, configuration and answers of tools. */
  readonly rest: boolean;
}

export type Wanted =
  | BundleWish
  | { readonly kind: 'worlds' | 'usage' }
  | { readonly kind: 'complaint'; readonly text: string };

const SECONDS = { '-d': { least: 2, most: 86_400 }, '-i': { least: 2, most: 3600 } } as const;

/** @param folder where the bundle goes when no other is named */
export function parseFlags(args: readonly string[], folder: string): Wanted {
  const complaint = (text: string): Wanted => ({ kind: 'complaint', text });
  const seconds = { '-d': 300, '-i': 10 };
  let target = folder;
  let snapshots: '' | '-s' | '-S' = '';
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '-h' || arg === '--help') return { kind: 'usage' };
    if (arg === '-x') return { kind: 'worlds' };
    if (arg === '-n') continue;
    if (arg === '-s' || arg === '-S') snapshots = arg;
    else if (arg === '-d' || arg === '-i') {
      const value = secondsOf(args[++i], SECONDS[arg]);
      const { least, most } = SECONDS[arg];
      if (value === null) return complaint(`${arg} needs whole seconds, ${least} to ${most}`);
      seconds[arg] = value;
    } else if (arg === '-w') {
      target = args[++i] ?? '';
      if (target === '') return complaint('-w needs a folder');
    } else return complaint(`unknown option ${arg}`);
  }
  const wish = { durationSeconds: seconds['-d'], intervalSeconds: seconds['-i'] };
  if (wish.durationSeconds < wish.intervalSeconds)
    return complaint('-d is shorter than -i: rates need two snapshots');
  const performance = snapshots === '' ? null : wish;
  return { kind: 'bundle', folder: target, performance, rest: snapshots !== '-S' };
}

function secondsOf(
  text: string | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): number | null {
  const value = text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : null;
}
