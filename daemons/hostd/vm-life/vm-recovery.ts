import { setTimeout as delay } from 'node:timers/promises';
import { type RunningChanges, VmkernelError } from '../../../kernel/abi/index.js';
import type { TaskInfo } from '../../../lib/vim/index.js';
import { type TaskOutcome, vimFault } from '../../../lib/vim-server/index.js';
import { parseVmx } from '../../../lib/vmx/index.js';
import { parseDatastorePath } from '../inventory/datastore-path.js';
import type { HostInventory } from '../inventory/host-inventory.js';
import { vmxDigest } from '../vm-config/change-version.js';
import { vmxReadBytes } from '../vm-config/vmx-limits.js';
import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import type { Intent, IntentLog, IntentSubject } from './intent-log.js';
import type { MachineFiles } from './machine-files.js';

/** A vmx answers in milliseconds. */
const REPEAT_MS = 5000;

type Subject<K extends IntentSubject['kind']> = Extract<IntentSubject, { kind: K }>;

export interface RecoveryDependencies {
  readonly intents: IntentLog;
  readonly files: MachineFiles;
  readonly inventory: HostInventory;
  link(): VmkernelLink;
  onProblem(problem: string): void;
}

/**
 * Finishes or undoes what was begun: after a failure at once, after the death of hostd when the VMkernel is reached
 * again. Which of both it is, the operation's commit says: the inventory for Create and Destroy, the configuration
 * file for ReconfigVM.
 */
export class VmRecovery {
  readonly #dependencies: RecoveryDependencies;
  /** By event chain: reconfigurations of an earlier hostd, and whether their file was written. */
  readonly #reconfigured = new Map<number, boolean>();

  constructor(dependencies: RecoveryDependencies) {
    this.#dependencies = dependencies;
  }

  /** Does the work that the intent announced. When it fails what it left is cleared before the failure is told. */
  async guard<T>(intent: Intent | undefined, work: () => Promise<T>): Promise<T> {
    if (intent === undefined) return work();
    try {
      const result = await work();
      this.#dependencies.intents.end(intent);
      return result;
    } catch (error) {
      await this.#settle(intent);
      throw error;
    }
  }

  /** The same for work that the VMkernel does or refuses as a whole: a failure leaves nothing to clear. */
  async watch(intent: Intent | undefined, work: () => Promise<unknown>): Promise<void> {
    const { intents } = this.#dependencies;
    try {
      await work();
      if (intent !== undefined) intents.end(intent);
    } catch (error) {
      if (intent !== undefined && isLost(error)) intents.abandon(intent);
      else if (intent !== undefined) intents.end(intent);
      throw error;
    }
  }

  /** All that a hostd before this one, or a lost connection, left. */
  async run(): Promise<void> {
    for (const intent of this.#dependencies.intents.adopt()) {
      const { kind, vmxPath } = intent.subject;
      this.#dependencies.onProblem(`${kind} of ${vmxPath} was interrupted: clearing up`);
      await this.#settle(intent);
    }
  }

  /**
   * What became of a task whose hostd died: known at once where the inventory says whether it was committed, later
   * where the configuration file does. @returns undefined where there is no telling
   */
  outcomeOf({ eventChainId }: TaskInfo): TaskOutcome | 'later' | undefined {
    const wasWritten = this.#reconfigured.get(eventChainId);
    if (wasWritten !== undefined) return wasWritten ? { result: undefined } : undone();
    const subject = this.#dependencies.intents.ofTask(eventChainId)?.subject;
    if (subject === undefined) return undefined;
    if (subject.kind === 'reconfigure' || subject.kind === 'reconfigureRunning') return 'later';
    const vm = this.#dependencies.inventory.vmAt(parseDatastorePath(subject.vmxPath));
    if (subject.kind !== 'destroy' && vm !== undefined) return { result: vm.ref };
    if (subject.kind === 'destroy' && vm === undefined) return { result: undefined };
    return undone();
  }

  /** What cannot be cleared now is cleared when the VMkernel is reached the next time. */
  async #settle(intent: Intent): Promise<void> {
    const { intents, onProblem } = this.#dependencies;
    try {
      await this.#clear(intent);
      intents.end(intent);
    } catch (error) {
      if (!(error instanceof VmkernelError)) throw error;
      intents.abandon(intent);
      onProblem(`${intent.subject.kind} of ${intent.subject.vmxPath} is not cleared up: ${error.message}`);
    }
  }

  #clear({ subject, chainId }: Intent): Promise<void> {
    if (subject.kind === 'create') return this.#clearCreate(subject);
    if (subject.kind === 'reconfigure') return this.#clearReconfigure(subject, chainId);
    if (subject.kind === 'reconfigureRunning') return this.#repeatReconfigure(subject, chainId);
    if (subject.kind === 'register') return this.#clearRegister(subject);
    return this.#clearDestroy(subject);
  }

  async #clearCreate({ vmxPath, disks, folder }: Subject<'create'>): Promise<void> {
    const { files } = this.#dependencies;
    if (this.#isRegistered(vmxPath)) return;
    for (const disk of disks.toReversed()) await files.deleteDisk(disk);
    await files.removeFile(vmxPath);
    if (folder !== undefined) await files.removeFolder(folder);
    await this.#dependencies.inventory.placement.forget(vmxPath);
  }

  async #clearRegister({ vmxPath }: Subject<'register'>): Promise<void> {
    if (!this.#isRegistered(vmxPath)) await this.#dependencies.inventory.placement.forget(vmxPath);
  }

  async #clearReconfigure(subject: Subject<'reconfigure'>, chainId: number | undefined): Promise<void> {
    const { vmxPath, digest, created, destroyed, replaced } = subject;
    const { files } = this.#dependencies;
    // Without the machine there is no telling whose the disks are.
    if (!(await files.exists(vmxPath))) return;
    const isDone = vmxDigest(await files.read(vmxPath, vmxReadBytes)) === digest;
    if (chainId !== undefined) this.#reconfigured.set(chainId, isDone);
    for (const disk of isDone ? destroyed : created) await files.deleteDisk(disk);
    for (const disk of replaced) if (!(await files.exists(disk.path))) await files.createDisk(disk);
  }

  /**
   * The call goes on without its caller, so the file may not say yet what it will. The vmx does one change after the
   * other, and what is so already is no change: asked again it answers when both are done. The file tells of a machine
   * that has ended.
   */
  async #repeatReconfigure(
    { vmxPath, changes }: Subject<'reconfigureRunning'>,
    chainId: number | undefined,
  ): Promise<void> {
    const isDone = (await this.#repeated(vmxPath, changes)) || (await this.#holds(vmxPath, changes));
    if (chainId !== undefined) this.#reconfigured.set(chainId, isDone);
  }

  /** @returns false when it is refused, or not answered by a vmx that hangs */
  async #repeated(vmxPath: string, changes: RunningChanges): Promise<boolean> {
    const answered = new AbortController();
    const late = delay(REPEAT_MS, false, { signal: answered.signal }).catch(() => false);
    const call = this.#dependencies.link().call('reconfigure', { vmxPath, changes });
    const done = call.then(
      () => true,
      error => {
        if (!(error instanceof VmkernelError) || isLost(error)) throw error;
        return false;
      },
    );
    try {
      return await Promise.race([done, late]);
    } finally {
      answered.abort();
    }
  }

  async #holds(vmxPath: string, { settings }: RunningChanges): Promise<boolean> {
    const { files } = this.#dependencies;
    if (!(await files.exists(vmxPath))) return false;
    const vmx = parseVmx(await files.read(vmxPath, vmxReadBytes));
    return Object.entries(settings).every(([key, value]) => (vmx.get(key) ?? null) === value);
  }

  async #clearDestroy({ vmxPath, disks, files: names, folder }: Subject<'destroy'>): Promise<void> {
    const { files } = this.#dependencies;
    if (this.#isRegistered(vmxPath)) return;
    for (const disk of disks) await files.deleteDisk(disk);
    for (const name of names) await files.removeFile(name);
    await files.removeFolder(folder);
  }

  #isRegistered(vmxPath: string): boolean {
    return this.#dependencies.inventory.vmAt(parseDatastorePath(vmxPath)) !== undefined;
  }
}

function isLost(error: unknown): boolean {
  return error instanceof VmkernelError && error.code === 'ConnectionLost';
}

function undone(): TaskOutcome {
  const reason = 'The management server ended before the operation did, and it was undone';
  return { error: vimFault('SystemError', { reason }, `${reason}.`) };
}
