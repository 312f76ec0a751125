import type { Logger } from '../../lib/log/index.js';
import {
  type RedeemRequest,
  type RunningChanges,
  type TicketInfo,
  type TicketRequest,
  type VmInfo,
  VmkernelError,
} from '../abi/index.js';
import type { StorageSystem } from '../storage/index.js';
import type { ChangeFeed } from './change-feed.js';
import type { ConfigWrites } from './config-writes.js';
import type { VmRows } from './host-tables.js';
import { InjectedFailure, Ledger } from './ledger.js';
import type { PoolTree } from './pools/index.js';
import type { PowerOn } from './power-on.js';
import { type RedeemedTicket, Tickets } from './tickets.js';
import { Vm, type VmListener } from './vm.js';

/** An orderly power-off that takes longer is ended by force. */
const POWER_OFF_MS = 5000;

/** The VMs of this host that are not powered off, by the path of their .vmx. */
export class VmManager implements VmListener {
  readonly #vms = new Map<string, Vm>();
  readonly #tickets = new Tickets();
  #stopping = false;

  constructor(
    private readonly powerOnSteps: PowerOn,
    private readonly configWrites: ConfigWrites,
    private readonly storage: StorageSystem,
    private readonly feed: ChangeFeed,
    private readonly log: Logger,
  ) {}

  list(): VmInfo[] {
    return [...this.#vms.values()].map(vm => vm.info());
  }

  /** The VMs that have rows in the tables, each with its pool. */
  rowsByPool(tree: PoolTree): { readonly rows: VmRows; readonly poolId: number }[] {
    return [...this.#vms.values()].flatMap(({ rows, vmxPath }) =>
      rows === null ? [] : { rows, poolId: tree.poolOf(vmxPath) },
    );
  }

  /**
   * A running VM's .vmx has one writer, its vmx, and its folder stays where it is.
   * @throws VmkernelError FileLocked {path} when a change of `path` would touch one
   */
  refuseChange(path: string): void {
    const { canonical } = this.storage.resolve(path);
    for (const { vmxPath } of this.#vms.values())
      if (vmxPath === canonical || vmxPath.startsWith(`${canonical}/`))
        throw new VmkernelError('FileLocked', `${path} belongs to a VM that is not powered off`, { path });
  }

  /** @throws VmkernelError InvalidState when it is not powered off, and every refusal of power-on */
  async powerOn(path: string, failAfterStep?: string): Promise<VmInfo> {
    const vmxPath = this.storage.resolve(path).canonical;
    if (this.#stopping) throw new VmkernelError('Busy', 'The host is going down');
    const present = this.#vms.get(vmxPath);
    if (present !== undefined) throw invalidState(present);
    const name = vmxPath.slice(vmxPath.lastIndexOf('/') + 1).replace(/\.vmx$/, '');
    const log = this.log.child({ module: 'VM' });
    const vm = new Vm(vmxPath, name, new Ledger(log, failAfterStep), log, this);
    this.#vms.set(vmxPath, vm);
    this.#tell(vm, 'poweringOn');
    try {
      await this.powerOnSteps.run(vm);
      if (this.#stopping) throw new VmkernelError('Cancelled', 'The host is going down');
    } catch (error) {
      await this.#remove(vm, error instanceof Error ? error.message : String(error));
      throw error instanceof InjectedFailure ? new VmkernelError('Cancelled', error.message) : error;
    }
    vm.state = 'poweredOn';
    vm.bootTimeMs = Date.now();
    this.#tell(vm, 'poweredOn');
    this.log.info(
      { module: 'VM', world: vm.rows?.worldId },
      `${vm.name}: powered on, vmx ${vm.process?.pid}`,
    );
    void vm.process?.ended.then(() => this.#died(vm));
    return vm.info();
  }

  /** Resolves when the vmx has been reaped and nothing of the VM is left. A power-on that asks is given up. */
  async powerOff(path: string): Promise<void> {
    const asking = this.#vms.get(this.storage.resolve(path).canonical);
    if (asking?.state === 'poweringOn' && asking.question !== null) {
      asking.cancel('Powered off while it asked a question');
      return asking.gone.reached;
    }
    const vm = this.#running(path);
    if (vm.state === 'poweringOff') throw invalidState(vm);
    vm.question = null;
    vm.state = 'poweringOff';
    this.#tickets.forgetVm(vm.info().worldId);
    this.#tell(vm, 'poweringOff');
    await this.#end(vm);
  }

  async reset(path: string): Promise<void> {
    const vm = this.#running(path);
    if (vm.state !== 'poweredOn') throw invalidState(vm);
    await vm.ask({ type: 'reset' });
    this.#tell(vm, 'reset');
  }

  async reconfigure(path: string, changes: RunningChanges): Promise<void> {
    const vm = this.#running(path);
    if (vm.state !== 'poweredOn') throw invalidState(vm);
    await vm.ask({ type: 'reconfigure', changes }, true);
  }

  /** @throws VmkernelError InvalidState when nothing, or something else, is asked; InvalidArgument {argument} */
  async answer(path: string, questionId: string, choice: string): Promise<void> {
    const vm = this.#vms.get(this.storage.resolve(path).canonical);
    const question = vm?.question;
    if (vm === undefined || question?.id !== questionId)
      throw new VmkernelError('InvalidState', `Question ${questionId} is not asked`, { questionId });
    if (!question.choices.some(({ key }) => key === choice))
      throw new VmkernelError('InvalidArgument', `${choice} is none of the choices`, { argument: 'choice' });
    await vm.ask({ type: 'answer', questionId, choice }, true);
  }

  onChange(vm: Vm, event: string): void {
    this.#tell(vm, event);
  }

  onWriteConfig(vm: Vm, id: number, vmxText: string): void {
    void this.configWrites.write(vm, vmxText).then(error => {
      vm.process?.send({ type: 'configWritten', id, ...(error === undefined ? {} : { error }) });
      if (error === undefined)
        this.feed.publish({ topic: 'config', object: vm.vmxPath, event: 'reconfigured' });
    });
  }

  async readScreen(path: string): Promise<{ columns: number; lines: string[]; graphics: boolean }> {
    const vm = this.#running(path);
    const { result } = await vm.ask({ type: 'readScreen' });
    return result as { columns: number; lines: string[]; graphics: boolean };
  }

  async readPicture(path: string): Promise<{ result: { width: number; height: number }; body: Uint8Array }> {
    const vm = this.#running(path);
    if (vm.state !== 'poweredOn') throw invalidState(vm);
    const { result, body } = await vm.ask({ type: 'readPicture' });
    return { result: result as { width: number; height: number }, body };
  }

  /** @throws VmkernelError InvalidState unless it is powered on */
  issueTicket(request: TicketRequest): string {
    const vm = this.#running(request.vmxPath);
    if (vm.state !== 'poweredOn') throw invalidState(vm);
    return this.#tickets.issue(vm.info().worldId, { ...request, vmxPath: vm.vmxPath });
  }

  checkTicket(ticket: string): TicketInfo {
    return this.#tickets.check(ticket);
  }

  /** For vmkauthd alone. @throws VmkernelError NotFound, PermissionDenied, InvalidState; the ticket is used up then, too */
  redeemTicket({ ticket, vmxPath, service }: RedeemRequest): { worldId: number; ticket: RedeemedTicket } {
    const { canonical } = this.storage.resolve(vmxPath);
    const worldId = this.#vms.get(canonical)?.rows?.worldId ?? 0;
    const redeemed = this.#tickets.redeem(ticket, worldId, service);
    const vm = this.#running(vmxPath);
    if (vm.state !== 'poweredOn') throw invalidState(vm);
    return { worldId, ticket: redeemed };
  }

  /** A fault of the VM's memory could not be resolved: it cannot go on. */
  memoryRefused(vmRow: number, reason: string): void {
    for (const vm of this.#vms.values()) {
      if (vm.rows?.vmRow !== vmRow) continue;
      vm.ending ??= reason;
      vm.process?.kill();
    }
  }

  /** The VM's disk ring is out of service: its vmx wrote nonsense into it. */
  ringBroken(worldId: number): void {
    for (const vm of this.#vms.values()) {
      if (vm.rows?.worldId !== worldId) continue;
      vm.ending ??= 'the disk ring is broken';
      vm.process?.kill();
    }
  }

  /** Ends every VM, those that are powering on included. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#vms.values()].map(vm => this.#end(vm)));
  }

  async #end(vm: Vm): Promise<void> {
    vm.process?.send({ type: 'powerOff' });
    const late = setTimeout(() => vm.process?.kill(), POWER_OFF_MS);
    if (vm.state === 'poweringOn') vm.process?.kill();
    await vm.gone.reached;
    clearTimeout(late);
  }

  async #died(vm: Vm): Promise<void> {
    await this.#remove(vm, vm.state === 'poweringOff' ? undefined : (vm.ending ?? undefined));
  }

  async #remove(vm: Vm, reason: string | undefined): Promise<void> {
    await vm.ledger.unwind();
    if (this.#vms.get(vm.vmxPath) !== vm) return;
    this.#vms.delete(vm.vmxPath);
    this.#tickets.forgetVm(vm.info().worldId);
    this.#tell(vm, 'poweredOff', reason);
    const line = { module: 'VM', world: vm.rows?.worldId };
    if (reason === undefined) this.log.info(line, `${vm.name}: powered off`);
    else if (vm.guestAsked) this.log.info(line, `${vm.name}: powered off: ${reason}`);
    else this.log.warn(line, `${vm.name}: powered off: ${reason}`);
    vm.gone.resolve();
  }

  #running(path: string): Vm {
    const vmxPath = this.storage.resolve(path).canonical;
    const vm = this.#vms.get(vmxPath);
    if (vm === undefined)
      throw new VmkernelError('InvalidState', `${vmxPath} is not powered on`, { state: 'poweredOff' });
    if (vm.state === 'poweringOn') throw invalidState(vm);
    return vm;
  }

  #tell(vm: Vm, event: string, reason?: string): void {
    const why = reason === undefined ? {} : ({ reason, cause: vm.guestAsked ? 'guest' : 'failure' } as const);
    this.feed.publish({ topic: 'vm', object: vm.vmxPath, event, ...why });
  }
}

function invalidState(vm: Vm): VmkernelError {
  return new VmkernelError('InvalidState', `${vm.name} is ${vm.state}`, { state: vm.state });
}
