import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuests } from '../../guests/index.js';
import type { VmInfo } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import type { HostStatus, VmStatus } from '../../tools/esx/status.js';
import { processesNaming } from './machine.js';
import { type Finished, type ProgramOptions, runProgram } from './program.js';
import { SerialPort } from './serial-port.js';
import { until } from './until.js';

/** The tree, seen from the source and from dist/. */
export const TREE = findTree();
export const ESX = join(TREE, 'dist/tools/esx/main.js');

export interface HostOptions {
  readonly vm?: 'linux' | 'none';
  readonly flags?: readonly string[];
}

/** A private host in a folder of its own, on ports of its own. Everything it gives out is taken back by stop(). */
export class TestHost {
  readonly root: string;
  readonly #kernels: VmkernelClient[] = [];
  readonly #ports: SerialPort[] = [];

  constructor(parent = tmpdir()) {
    this.root = mkdtempSync(join(parent, 'esx-'));
  }

  static async up(options: HostOptions = {}): Promise<TestHost> {
    const host = new TestHost();
    await host.up(options);
    return host;
  }

  async up(options: HostOptions = {}): Promise<Finished> {
    const finished = await this.esx(['up', '--vm', options.vm ?? 'none', ...(options.flags ?? [])], {
      timeoutMs: 300_000,
    });
    if (finished.status !== 0) throw new Error(`./esx up failed: ${finished.stderr}`);
    return finished;
  }

  /** Runs the front door on this host. */
  esx(args: readonly string[], options: ProgramOptions = {}): Promise<Finished> {
    const [command = '', ...rest] = args;
    return runProgram(process.execPath, [ESX, command, '--root', this.root, ...rest], options);
  }

  async status(): Promise<HostStatus> {
    const { status, stdout, stderr } = await this.esx(['status', '--json']);
    if (status !== 0) throw new Error(`./esx status failed: ${stderr}`);
    return JSON.parse(stdout.toString('utf8')) as HostStatus;
  }

  /** Pid of a daemon, in the machine's own numbers. */
  async pid(daemon: string): Promise<number> {
    const found = (await this.status()).daemons.find(d => d.name === daemon);
    if (found?.pid === undefined || found.pid === null) throw new Error(`${daemon} does not run`);
    return found.pid;
  }

  async vm(name: string): Promise<VmStatus> {
    const found = (await this.status()).vms.find(vm => vm.name === name);
    if (found === undefined) throw new Error(`no VM ${name} is registered`);
    return found;
  }

  /** Runs a command in the service console, through sshd. */
  ssh(command: string, options: ProgramOptions = {}): Promise<Finished> {
    return this.esx(['shell', command], options);
  }

  get password(): string {
    return readFileSync(join(this.root, 'password'), 'utf8').trim();
  }

  async kernel(): Promise<VmkernelClient> {
    const client = await VmkernelClient.connect(join(this.root, 'run/vmkernel/control.sock'));
    this.#kernels.push(client);
    return client;
  }

  /** The running VM as the VMkernel knows it. */
  async world(kernel: VmkernelClient, name: string): Promise<VmInfo | undefined> {
    return (await kernel.call('listVms', {})).vms.find(vm => vm.name === name);
  }

  async serial(worldId: number, port = 0): Promise<SerialPort> {
    const opened = await SerialPort.open(join(this.root, `run/vmx/${worldId}/serial${port}.sock`));
    this.#ports.push(opened);
    return opened;
  }

  /** Puts a guest's folder on the first datastore. @returns its .vmx path for the VMkernel */
  async addGuest(guest: string, as = guest, edit: (vmx: string) => string = text => text): Promise<string> {
    const store = join(this.root, 'datastores/storage1');
    const parent = as === guest ? store : mkdtempSync(join(this.root, 'made-'));
    await buildGuests(guest, parent, {
      cacheDir: join(TREE, 'guests/build'),
      recipesDir: join(TREE, 'guests'),
      env: Object.fromEntries(Object.entries(process.env).map(([k, v]) => [k, v ?? ''])),
      onStep: () => undefined,
    });
    if (parent !== store) {
      await runProgram('mv', [join(parent, guest), join(store, as)]);
      rmSync(parent, { recursive: true });
    }
    const vmx = join(store, as, `${guest}.vmx`);
    const text = readFileSync(vmx, 'utf8').replace(/^displayName = .*$/m, `displayName = "${as}"`);
    writeFileSync(vmx, edit(text));
    return `/vmfs/volumes/storage1/${as}/${guest}.vmx`;
  }

  /** Powers on through the VMkernel and opens the first serial port. */
  async powerOn(kernel: VmkernelClient, vmxPath: string): Promise<{ vm: VmInfo; serial: SerialPort }> {
    const vm = await kernel.call('powerOn', { vmxPath });
    return { vm, serial: await this.serial(vm.worldId) };
  }

  /** Waits until every daemon runs (again). */
  settled(): Promise<HostStatus> {
    return until('every daemon to run', async () => {
      const status = await this.status();
      return status.daemons.every(d => d.state === 'running') && status;
    });
  }

  logs(): string {
    const folder = join(this.root, 'var/log');
    if (!existsSync(folder)) return '';
    const tail = (name: string) => readFileSync(join(folder, name), 'utf8').split('\n').slice(-15).join('\n');
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => `--- ${entry.name}\n${tail(entry.name)}`)
      .join('\n');
  }

  /** Ends the host and its folder. @throws when something of it is still there */
  async stop(): Promise<void> {
    for (const kernel of this.#kernels) kernel.close();
    for (const port of this.#ports) port.close();
    const bootId = await this.status().then(
      status => status.bootId,
      () => null,
    );
    const finished = await this.esx(['down']);
    if (finished.status !== 0) throw new Error(`./esx down failed: ${finished.stderr}\n${this.logs()}`);
    const left = processesNaming(this.root);
    if (left.length > 0)
      throw new Error(`processes of ${this.root} are left: ${left.join(', ')}\n${this.logs()}`);
    if (bootId !== null && existsSync(`/dev/shm/esx-${bootId}`))
      throw new Error(`/dev/shm/esx-${bootId} is left`);
    if (readFileSync('/proc/self/mountinfo', 'utf8').includes(this.root))
      throw new Error(`mounts of ${this.root} are left`);
    rmSync(this.root, { recursive: true, force: true });
  }
}

function findTree(): string {
  let folder = fileURLToPath(new URL('.', import.meta.url));
  while (!existsSync(join(folder, 'package-lock.json'))) folder = join(folder, '..');
  return folder.replace(/\/$/, '');
}
