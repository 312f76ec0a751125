import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildGuests } from '../guests/index.js';
import { TREE } from '../test/harness/index.js';

const run = promisify(execFile);

export type GuestName = 'linux' | 'tiny' | 'asm-spinner' | 'asm-idler' | 'asm-mover';

/** Where a host's firmware and peers' comes from. */
export interface Firmware {
  readonly bios: string;
  readonly vgaBios: string;
}

/** Finished guests in a folder; VMs get fresh copies of them, so that every boot finds the same disk. */
export class Images {
  private constructor(
    private readonly folder: string,
    readonly firmware: Firmware,
  ) {}

  /** @param environment of the packages' tools */
  static async build(
    names: readonly GuestName[],
    folder: string,
    note: (text: string) => void,
  ): Promise<Images> {
    const options = {
      cacheDir: join(TREE, 'guests/build'),
      recipesDir: join(TREE, 'guests'),
      env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ''])),
      onStep: (step: { name: string }) => note(step.name),
    };
    let firmware: Firmware | undefined;
    for (const name of names) firmware = (await buildGuests(name, folder, options)).firmware;
    if (firmware === undefined) throw new RangeError('no guests were asked for');
    return new Images(folder, firmware);
  }

  /**
   * Puts a copy of a guest into a datastore's folder, in place of what was there.
   * @param keys of the .vmx to set, e.g. `sched.cpu.shares`
   * @returns the folder
   */
  async place(
    name: GuestName,
    datastore: string,
    as: string = name,
    keys: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const target = join(datastore, as);
    mkdirSync(target, { recursive: true });
    await run('cp', ['-R', '--sparse=always', '--reflink=auto', `${join(this.folder, name)}/.`, target]);
    const vmx = join(target, `${name}.vmx`);
    const set = { displayName: as, ...keys };
    const changed = Object.keys(set).map(key => key.toLowerCase());
    const kept = readFileSync(vmx, 'utf8')
      .split('\n')
      .filter(line => line !== '' && !changed.includes(line.split('=')[0]?.trim().toLowerCase() ?? ''));
    const added = Object.entries(set).map(([key, value]) => `${key} = "${value}"`);
    writeFileSync(vmx, `${[...kept, ...added].join('\n')}\n`);
    return target;
  }

  /** Puts the firmware where a VMkernel without front door looks for it. */
  placeFirmware(root: string): void {
    mkdirSync(join(root, 'firmware'), { recursive: true });
    copyFileSync(this.firmware.bios, join(root, 'firmware/bios-256k.bin'));
    copyFileSync(this.firmware.vgaBios, join(root, 'firmware/vgabios-stdvga.bin'));
  }
}
