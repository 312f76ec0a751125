import { setTimeout as delay } from 'node:timers/promises';
import { ManagedObjectReference, type VirtualMachineQuestionInfo } from '../../lib/vim/index.js';
import { type VimClient, VimClientFault } from '../../lib/vim-client/index.js';
import { FrontDoorError } from './errors.js';
import type { InitStatus } from './init-client.js';
import { logIn, said } from './soap-session.js';

const SHOWN_LIMIT_MS = 15_000;
const LOOK_MS = 100;
const QUESTION = 'runtime.question';
const PATH_NAME = 'summary.config.vmPathName';

/** Registers VMs and powers them on, through SOAP as any client does. */
export class VmPower {
  /** @param client logged in */
  constructor(private readonly client: VimClient) {}

  /** @throws FrontDoorError VmFailed */
  static login(init: InitStatus, password: string): Promise<VmPower> {
    return logIn(init, password).then(client => new VmPower(client));
  }

  /** Registers `[datastore] folder/file.vmx`, unless it is. */
  register(path: string): Promise<ManagedObjectReference> {
    return said('registering the VM', async () => {
      const found = await this.#find(path);
      if (found !== undefined) return found;
      await this.#register(path).catch(error => {
        // hostd may show a VM only a moment after it came up.
        if (!(error instanceof VimClientFault && error.code === 'AlreadyExists')) throw error;
      });
      return this.#awaitShown(path);
    });
  }

  /** Powers on, unless it is. */
  on(vm: ManagedObjectReference): Promise<void> {
    return said('powering on', async () => {
      if (await this.#isOn(vm)) return;
      try {
        await this.#end(vm, await this.client.call(vm, 'PowerOnVM_Task', {}));
      } catch (error) {
        // The host starts it by itself.
        const other = taskInProgress(error);
        if (other !== undefined) await this.#end(vm, other);
        else if (!(await this.#isOn(vm))) throw error;
      }
    });
  }

  /** Waits for a power-on, which waits for an answer as long as its machine asks something: then this gives up. */
  async #end(vm: ManagedObjectReference, task: ManagedObjectReference): Promise<void> {
    const over = new AbortController();
    const ended = this.client.waitForTask(task).finally(() => over.abort());
    await Promise.race([ended, this.#asked(vm, over.signal)]);
  }

  async #asked(vm: ManagedObjectReference, over: AbortSignal): Promise<never> {
    for (;;) {
      // Nobody looks at what becomes of this once the task is over.
      if (over.aborted) return new Promise(() => undefined);
      const question = (await this.client.read(vm, [QUESTION])).get(QUESTION) as
        | VirtualMachineQuestionInfo
        | undefined;
      if (question !== undefined && !over.aborted)
        throw new FrontDoorError(
          'VmFailed',
          `the VM asks and waits: ${question.text}`,
          `Answer it: ./esx shell vim-cmd vmsvc/message ${vm.value}`,
        );
      await delay(LOOK_MS);
    }
  }

  async #isOn(vm: ManagedObjectReference): Promise<boolean> {
    const state = (await this.client.read(vm, ['runtime.powerState'])).get('runtime.powerState');
    return state === 'poweredOn';
  }

  async logout(): Promise<void> {
    try {
      await this.client.logout();
    } finally {
      this.client.close();
    }
  }

  async #find(path: string): Promise<ManagedObjectReference | undefined> {
    const vms = await this.client.find('VirtualMachine', [PATH_NAME]);
    return vms.find(vm => vm.properties.get(PATH_NAME) === path)?.object;
  }

  async #awaitShown(path: string): Promise<ManagedObjectReference> {
    const deadlineMs = performance.now() + SHOWN_LIMIT_MS;
    for (;;) {
      const vm = await this.#find(path);
      if (vm !== undefined) return vm;
      if (performance.now() > deadlineMs)
        throw new FrontDoorError('VmFailed', `${path} was registered and is not shown`);
      await delay(LOOK_MS);
    }
  }

  async #register(path: string): Promise<void> {
    const [datacenter] = await this.client.find('Datacenter', ['vmFolder']);
    const [compute] = await this.client.find('ComputeResource', ['resourcePool']);
    const folder = datacenter?.properties.get('vmFolder') as ManagedObjectReference | undefined;
    const pool = compute?.properties.get('resourcePool') as ManagedObjectReference | undefined;
    if (folder === undefined || pool === undefined)
      throw new FrontDoorError('VmFailed', 'the host shows no folder and pool for VMs');
    const task = await this.client.call(folder, 'RegisterVM_Task', { path, asTemplate: false, pool });
    await this.client.waitForTask(task);
  }
}

function taskInProgress(error: unknown): ManagedObjectReference | undefined {
  if (!(error instanceof VimClientFault) || error.code !== 'TaskInProgress') return undefined;
  const task: unknown = 'task' in error.detail ? error.detail.task : undefined;
  return task instanceof ManagedObjectReference ? task : undefined;
}
