import { type ManagedObjectReference, TypedValue } from '../../../lib/vim/index.js';
import type { CallContext, MethodHandlers } from '../../../lib/vim-server/index.js';
import { baseName, folderOf } from '../inventory/datastore-path.js';
import type { VirtualMachine } from './virtual-machine.js';
import { requireNotBusy, requirePowerState } from './virtual-machine-power.js';

/** What a screenshot takes from the host. */
export interface ScreenshotOperations {
  /** What the machine shows, as PNG. */
  png(vmxPath: string): Promise<Buffer>;
  /** Names of the files in a folder, by `/vmfs/volumes/…` path. */
  names(folder: string): Promise<readonly string[]>;
  /** Writes a file. */
  write(path: string, bytes: Uint8Array): Promise<unknown>;
}

export const screenshotMethods: MethodHandlers<VirtualMachine> = {
  CreateScreenshot_Task: (vm, _, call) => startScreenshot(vm, call),
};

/** `<machine>-N.png` in the machine's folder, N the first number that is free; the task's result is its path. */
function startScreenshot(vm: VirtualMachine, call: CallContext): ManagedObjectReference {
  requireNotBusy(vm);
  const operation = {
    methodName: 'CreateScreenshot_Task',
    descriptionId: 'VirtualMachine.createScreenshot',
  };
  const task = vm.dependencies.tasks.start({ entity: vm, ...operation, call }, async () => {
    try {
      requirePowerState(vm, 'poweredOn', 'poweredOn');
      return new TypedValue('xsd:string', false, await takeScreenshot(vm));
    } finally {
      vm.setBusy(undefined);
    }
  });
  vm.setBusy(task);
  return task;
}

async function takeScreenshot(vm: VirtualMachine): Promise<string> {
  const { png, names, write } = vm.dependencies.screenshot;
  const picture = await png(vm.vmxPath);
  const folder = folderOf(vm.vmxPath);
  const taken = new Set(await names(folder));
  const stem = baseName(vm.vmxPath).replace(/\.vmx$/i, '');
  let number = 0;
  while (taken.has(`${stem}-${number}.png`)) number++;
  const name = `${stem}-${number}.png`;
  await write(`${folder}/${name}`, picture);
  return `${vm.folderPath}${name}`;
}
