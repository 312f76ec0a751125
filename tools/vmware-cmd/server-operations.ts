import type { ManagedObjectReference } from '../../lib/vim/index.js';
import { VimClientFault } from '../../lib/vim-client/index.js';
import type { Control } from './control.js';
import { VmControlError } from './vm-control-error.js';

/** One line a registered machine. */
export async function list(control: Control): Promise<string> {
  return (await control.vms()).map(({ path }) => `${path}\n`).join('');
}

export async function register(control: Control, path: string): Promise<void> {
  const folder = await first(control, 'Datacenter', 'vmFolder');
  const pool = await first(control, 'ComputeResource', 'resourcePool');
  const args = { path: control.datastorePath(path), asTemplate: false, pool };
  try {
    await control.agent.waitForTask(await control.agent.call(folder, 'RegisterVM_Task', args));
  } catch (error) {
    if (error instanceof VimClientFault && error.code === 'AlreadyExists')
      throw new VmControlError(-999, `Virtual machine already exists: ${path}`);
    throw error;
  }
}

export async function unregister(control: Control, path: string): Promise<void> {
  const { vm } = await control.vm(path);
  await control.agent.call(vm, 'UnregisterVM', {});
}

async function first(control: Control, type: string, path: string): Promise<ManagedObjectReference> {
  const [found] = await control.agent.find(type, [path]);
  if (found === undefined) throw new VmControlError(-14, `The host agent shows no ${type}`);
  return found.properties.get(path) as ManagedObjectReference;
}
