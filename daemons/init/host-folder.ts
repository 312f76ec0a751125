import { chmodSync, existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of one host: everything it has on the machine, except shared memory. */
export class HostFolder {
  readonly path: string;

  /** Makes what is missing of it. */
  constructor(path: string) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.path = realpathSync(path);
    this.#closeToOthers();
    for (const [folder, mode] of FOLDERS) mkdirSync(this.in(folder), { recursive: true, mode });
  }

  readonly in = (...names: string[]): string => join(this.path, ...names);

  get hostFile(): string {
    return this.in('host.json');
  }
  get passwordFile(): string {
    return this.in('password');
  }
  /** Held locked by the init that runs this host. */
  get lockFile(): string {
    return this.in('init.lock');
  }
  get bootFile(): string {
    return this.in('run/init/boot.json');
  }
  get controlSocket(): string {
    return this.in('run/init/control.sock');
  }
  get vmkernelSocket(): string {
    return this.in('run/vmkernel/control.sock');
  }
  get datastoresFile(): string {
    return this.in('run/vmkernel/datastores.json');
  }
  get console(): string {
    return this.in('console');
  }
  get log(): string {
    return this.in('var/log');
  }

  /**
   * What the console's root lays down inside (a set-uid file, say) must be out of reach of other users of the machine.
   * A folder that held something else before it became a host's is left as it is.
   */
  #closeToOthers(): void {
    if (readdirSync(this.path).every(name => OWN_NAMES.has(name))) chmodSync(this.path, 0o700);
  }

  /** Removes what a boot leaves below run/. The folders stay. */
  clearRun(): void {
    this.#clear(['run/init', 'run/vmkernel', 'run/vmx']);
  }

  /** As clearRun, between two boots of one init: its own files stay. */
  clearBetweenBoots(): void {
    this.#clear(['run/vmkernel', 'run/vmx']);
  }

  #clear(names: readonly string[]): void {
    for (const folder of names.map(name => this.in(name))) {
      const names = existsSync(folder) ? readdirSync(folder) : [];
      for (const name of names) rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

const FOLDERS = [
  ['run', 0o755],
  ['run/init', 0o700],
  ['run/vmkernel', 0o755],
  ['run/vmx', 0o700],
  ['var/log', 0o755],
  ['console', 0o755],
  ['datastores', 0o755],
] as const;

const OWN_NAMES: ReadonlySet<string> = new Set([
  ...['host.json', 'password', 'run', 'var', 'console', 'datastores', 'firmware', 'init.lock', 'up.lock'],
  ...['host.json.new', 'password.new'],
]);

export function sharedMemoryFolder(bootId: string): string {
  return `/dev/shm/esx-${bootId}`;
}
