import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  bindMount,
  MS_NOEXEC,
  MS_NOSUID,
  makeCharacterDevice,
  mount,
  SystemError,
} from '../../../lib/linux/index.js';
import { folder } from './root-paths.js';

/** Name, major, minor of each device in the console. Nothing there may make another. */
const DEVICES = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
] as const;

const LINKS = [
  ['ptmx', 'pts/ptmx'],
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['log', '/run/log'],
] as const;

const GROUP_TTY = 5;

export function populateDevices(machine: string): void {
  mount('dev', folder('/dev'), 'tmpfs', MS_NOSUID, 'mode=755,size=1m');
  for (const [name, major, minor] of DEVICES) {
    const path = `/dev/${name}`;
    if (makeCharacterDevice(path, 0o666, major, minor)) chmodSync(path, 0o666);
    else bindDevice(join(machine, path), path);
  }
  for (const [name, target] of LINKS) symlinkSync(target, `/dev/${name}`);
  mkdirSync('/dev/pts');
  mountTerminals();
  mkdirSync('/dev/shm');
}

/** Terminals belong to group tty where there is one: an ordinary user's host may have his own group alone. */
function mountTerminals(): void {
  const options = 'newinstance,ptmxmode=0666,mode=620';
  try {
    mount('devpts', '/dev/pts', 'devpts', MS_NOSUID | MS_NOEXEC, `${options},gid=${GROUP_TTY}`);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== 'EINVAL') throw error;
    mount('devpts', '/dev/pts', 'devpts', MS_NOSUID | MS_NOEXEC, options);
  }
}

/** In a container that may not make nodes the machine's own serve. */
function bindDevice(source: string, target: string): void {
  closeSync(openSync(target, 'wx'));
  bindMount(source, target);
}
