import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VmInfo } from '../kernel/abi/index.js';
import type { VmkernelClient } from '../kernel/client/index.js';
import { TestHost } from '../test/harness/index.js';
import { askInit, type InitStatus } from '../tools/esx/init-client.js';
import { RootFolder } from '../tools/esx/root-folder.js';
import { VmPower } from '../tools/esx/vm-power.js';
import { GuestSession } from './guest-session.js';
import { cpuUs, processTree } from './processes.js';
import type { BenchContext } from './result.js';

/** The whole product: a host brought up by the front door, without VMs. */
export class SoapHost {
  private constructor(
    private readonly host: TestHost,
    private readonly init: InitStatus,
    private readonly kernel: VmkernelClient,
    private readonly context: BenchContext,
  ) {}

  static async up(context: BenchContext): Promise<SoapHost> {
    const host = await TestHost.up({ vm: 'none' });
    const init = await askInit(new RootFolder(host.root).initSocket, 'status');
    if (init === undefined) throw new Error(`no host runs in ${host.root}`);
    return context.owned.add(new SoapHost(host, init, await host.kernel(), context));
  }

  get httpsPort(): number {
    return this.init.ports.https;
  }

  get sshPort(): number {
    return this.init.ports.ssh;
  }

  /** Lets root of the service console log in by this key: a line of authorized_keys. */
  authorizeKey(publicKey: string): void {
    const folder = join(this.host.root, 'console/root/.ssh');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'authorized_keys'), publicKey, { mode: 0o600 });
  }

  /** By how much every port of the host is moved, those of its VMs too. */
  get portOffset(): number {
    return this.init.portOffset;
  }

  get authdPort(): number {
    return this.init.ports.authd;
  }

  get userName(): string {
    return this.init.user;
  }

  get password(): string {
    return this.host.password;
  }

  get datastore(): string {
    return join(this.host.root, 'datastores/storage1');
  }

  /** Every process of the host, init first. */
  processes(): number[] {
    return processTree(this.init.daemons.find(daemon => daemon.name === 'init')?.pid ?? 0);
  }

  /** What runs in the service console, init and its own daemons: every process that is not the VMkernel's. */
  consoleProcesses(): number[] {
    const kernel = this.init.daemons.find(daemon => daemon.name === 'vmkernel');
    if (kernel === undefined) throw new Error('no VMkernel runs');
    const worlds = new Set(processTree(kernel.pid));
    return this.processes().filter(pid => !worlds.has(pid));
  }

  /** Registers `folder/file.vmx` and powers it on through SOAP. @returns seconds from PowerOnVM_Task to the prompt */
  async powerOnToPrompt(vmxFile: string): Promise<number> {
    const power = await VmPower.login(this.init, this.host.password);
    try {
      const vm = await power.register(`[storage1] ${vmxFile}`);
      const startMs = performance.now();
      await power.on(vm);
      const [running] = (await this.kernel.call('listVms', {})).vms;
      if (running === undefined) throw new Error('no VM runs');
      await this.#prompt(running);
      return (performance.now() - startMs) / 1000;
    } finally {
      await power.logout();
    }
  }

  /** Powers on by the VMkernel's own call and waits for the prompt. */
  async powerOnByKernel(vmxPath: string): Promise<VmInfo> {
    const vm = await this.start(vmxPath);
    await this.#prompt(vm);
    return vm;
  }

  /** Powers on by the VMkernel's own call. */
  start(vmxPath: string): Promise<VmInfo> {
    return this.kernel.call('powerOn', { vmxPath });
  }

  /** The first serial port of a VM that runs. */
  serial(vm: VmInfo): ReturnType<typeof GuestSession.connect> {
    return GuestSession.connect(new RootFolder(this.host.root).serialSocket(vm.worldId));
  }

  /** A ticket for the VM's screen. */
  async screenTicket(vm: VmInfo): Promise<string> {
    const { vmxPath } = vm;
    const request = { vmxPath, service: 'mks', user: this.init.user, rights: [] } as const;
    return (await this.kernel.call('issueTicket', request)).ticket;
  }

  async powerOff(vm: VmInfo): Promise<void> {
    await this.kernel.call('powerOff', { vmxPath: vm.vmxPath });
  }

  async stop(): Promise<void> {
    this.context.owned.gone(this);
    this.context.watch.countDetached(this.processes().reduce((total, pid) => total + cpuUs(pid), 0));
    await this.host.stop();
  }

  async #prompt(vm: VmInfo): Promise<void> {
    const { session, socket } = await this.serial(vm);
    await session.prompt();
    socket.destroy();
  }
}
