import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrivateApt } from '../apt/private-apt.js';
import { GuestBuildError } from '../guest-build-error.js';

export interface Busybox {
  readonly binary: Buffer;
  readonly applets: readonly string[];
}

const PACKAGE = 'busybox-static';

export const fetchBusybox = async (apt: PrivateApt): Promise<Busybox> => {
  const binary = await readFile(join(await apt.unpacked(PACKAGE), 'bin', 'busybox'));
  return { binary, applets: appletNames(binary) };
};

const FIRST_APPLETS = Buffer.from('[\0[[\0');
const NAME = /^[a-z0-9[._-]+$/;

/**
 * busybox keeps its sorted list of applets as strings one behind the other. Reading it there, rather than asking the
 * program, works on machines that cannot run i386 programs.
 */
export const appletNames = (binary: Buffer): string[] => {
  const names: string[] = [];
  for (let at = binary.indexOf(FIRST_APPLETS); at >= 0; ) {
    const end = binary.indexOf(0, at);
    const name = binary.toString('latin1', at, end);
    if (end < 0 || !NAME.test(name)) break;
    names.push(name);
    at = end + 1;
  }
  if (!names.includes('sh') || !names.includes('switch_root')) {
    throw new GuestBuildError('BadPackage', `${PACKAGE}: no applet list with sh and switch_root`, {
      package: PACKAGE,
    });
  }
  return names;
};
