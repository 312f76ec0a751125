import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildGuests, GuestBuildError } from '../../../guests/index.js';
import { VmkernelError } from '../../../kernel/abi/index.js';
import type { VmkernelClient } from '../../../kernel/client/index.js';
import {
  type ManagedObjectReference,
  type Methods,
  untyped,
  type VirtualDevice,
  type VirtualMachineConfigSpec,
} from '../../../lib/vim/index.js';
import type { VimClient } from '../../../lib/vim-client/index.js';
import { FrontDoorError } from '../errors.js';
import { deliver, isOnDatastore } from '../guest-delivery.js';
import { definedOnly, type Workplace } from '../guest-image.js';
import { said } from '../soap-session.js';
import { VmPower } from '../vm-power.js';
import type { CpuSetting } from './cpu-steps.js';

const STORE = '/vmfs/volumes/storage1';
const GUEST = 'asm-spinner';
const DISK = `${GUEST}.vmdk`;
const DISK_KB = 1024;
const MEMORY_MB = 8;
const IDE_CONTROLLER = 200;

const vmxOf = (name: string): string => `${name}/${name}.vmx`;
const pathOf = (name: string): string => `[storage1] ${vmxOf(name)}`;

/** Where a demonstration's machines are made. */
export interface DemoHost {
  readonly client: VimClient;
  readonly kernel: VmkernelClient;
  readonly work: Workplace;
  /** A folder of the machine's to build in. */
  readonly drafts: string;
}

/** VMs that spin, made, changed and ended through SOAP as by any client. What a run left half made the next one completes. */
export class DemoMachines {
  readonly #host: DemoHost;
  readonly #power: VmPower;

  constructor(host: DemoHost) {
    this.#host = host;
    this.#power = new VmPower(host.client);
  }

  /** Makes the VM unless it is there. @throws FrontDoorError VmFailed when something else bears its name */
  async make(name: string): Promise<ManagedObjectReference> {
    const found = await this.#find(name);
    if (found !== undefined) return found;
    await this.#bringDisk(name);
    if (await this.#exists(`${STORE}/${vmxOf(name)}`)) return this.#power.register(pathOf(name));
    return said(`creating ${name}`, async () => this.#create(name));
  }

  /** Gives a VM its CPU settings, whether it runs or not. @param pcpu the only PCPU it may use; undefined: any */
  set(
    vm: ManagedObjectReference,
    setting: CpuSetting,
    { pcpu, pcpuMhz }: { readonly pcpu: number; readonly pcpuMhz: number },
  ): Promise<void> {
    const mhz = (parts: number): number => Math.floor(parts * pcpuMhz);
    const spec: VirtualMachineConfigSpec = {
      cpuAllocation: {
        reservation: mhz(setting.reservation),
        limit: setting.limit === null ? -1 : mhz(setting.limit),
        shares: { shares: setting.shares, level: 'custom' },
      },
      cpuAffinity: { affinitySet: [pcpu] },
    };
    return said('changing the VM', async () => this.#done(vm, 'ReconfigVM_Task', { spec }));
  }

  powerOn(vm: ManagedObjectReference): Promise<void> {
    return this.#power.on(vm);
  }

  /** Ends the VM and all that is left of it. @returns whether there was anything */
  async end(name: string): Promise<boolean> {
    const vm = await this.#find(name);
    if (vm !== undefined) {
      const isOn = (await this.#host.client.read(vm, ['runtime.powerState'])).get('runtime.powerState');
      if (isOn !== 'poweredOff')
        await said('powering off', async () => this.#done(vm, 'PowerOffVM_Task', {}));
      await said(`deleting ${name}`, async () => this.#done(vm, 'Destroy_Task', {}));
    }
    const { files } = this.#host.kernel;
    const isLeft = (await isOnDatastore(files, name)) && (await this.#exists(`${STORE}/${name}/${DISK}`));
    if (isLeft) await files.remove(`${STORE}/${name}`, true);
    return vm !== undefined || isLeft;
  }

  async #find(name: string): Promise<ManagedObjectReference | undefined> {
    const vms = await this.#host.client.find('VirtualMachine', ['name', 'summary.config.vmPathName']);
    const ours = vms.find(({ properties }) => properties.get('summary.config.vmPathName') === pathOf(name));
    if (ours !== undefined) return ours.object;
    if (vms.some(({ properties }) => properties.get('name') === name))
      throw new FrontDoorError(
        'VmFailed',
        `another VM has the name ${name}`,
        'Rename it, then run this again.',
      );
    return undefined;
  }

  /** Puts the spinner's disk into the VM's folder. */
  async #bringDisk(name: string): Promise<void> {
    const { kernel, work, drafts } = this.#host;
    if (await isOnDatastore(kernel.files, name)) {
      if (await this.#exists(`${STORE}/${name}/${DISK}`)) return;
      throw new FrontDoorError(
        'VmFailed',
        `${STORE}/${name} is there and not this demonstration's`,
        `Look at it (./esx shell ls -la ${STORE}/${name}), move it away, then run this again.`,
      );
    }
    const folder = mkdtempSync(join(drafts, 'demo-'));
    try {
      await buildGuests(GUEST, folder, {
        cacheDir: join(work.tree, 'guests/build'),
        recipesDir: join(work.tree, 'guests'),
        env: definedOnly(work.environment),
        onStep: () => undefined,
      });
      rmSync(join(folder, GUEST, `${GUEST}.vmx`));
      await deliver(kernel.files, join(folder, GUEST), name);
    } catch (cause) {
      if (!(cause instanceof GuestBuildError)) throw cause;
      throw new FrontDoorError('StepFailed', `the guest could not be made: ${cause.message}`, undefined, {
        cause,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #create(name: string): Promise<ManagedObjectReference> {
    const { client } = this.#host;
    const [datacenter] = await client.find('Datacenter', ['vmFolder']);
    const [compute] = await client.find('ComputeResource', ['resourcePool']);
    const folder = datacenter?.properties.get('vmFolder') as ManagedObjectReference | undefined;
    const pool = compute?.properties.get('resourcePool') as ManagedObjectReference | undefined;
    if (folder === undefined || pool === undefined)
      throw new FrontDoorError('VmFailed', 'the host shows no folder and pool for VMs');
    const config: VirtualMachineConfigSpec = {
      name,
      guestId: 'otherGuest',
      memoryMB: MEMORY_MB,
      numCPUs: 1,
      files: { vmPathName: pathOf(name) },
      deviceChange: [{ operation: 'add', device: diskDevice(name) }],
    };
    const task = await client.call(folder, 'CreateVM_Task', { config, pool });
    return untyped((await client.waitForTask(task)).result) as ManagedObjectReference;
  }

  async #done<M extends 'ReconfigVM_Task' | 'PowerOffVM_Task' | 'Destroy_Task'>(
    vm: ManagedObjectReference,
    method: M,
    args: Methods[M]['args'],
  ): Promise<void> {
    const { client } = this.#host;
    await client.waitForTask(await client.call(vm, method, args));
  }

  async #exists(path: string): Promise<boolean> {
    try {
      await this.#host.kernel.files.stat(path);
      return true;
    } catch (error) {
      if (error instanceof VmkernelError && error.code === 'NotFound') return false;
      throw error;
    }
  }
}

function diskDevice(name: string): VirtualDevice {
  const backing = {
    _type: 'VirtualDiskFlatVer2BackingInfo',
    fileName: `[storage1] ${name}/${DISK}`,
    diskMode: 'persistent',
  };
  const disk = { controllerKey: IDE_CONTROLLER, unitNumber: 0, capacityInKB: DISK_KB, backing };
  return { _type: 'VirtualDisk', key: -1, ...disk } as VirtualDevice;
}
