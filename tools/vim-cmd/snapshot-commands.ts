import type { VirtualMachineSnapshotInfo } from '../../lib/vim/index.js';
import type { HostAgent } from './agent.js';
import type { Command } from './command.js';
import { snapshotText } from './snapshot-tree.js';
import { onVm } from './targets.js';

const isYes = (text: string): boolean => /^(1|true|yes)$/i.test(text);

const get: Command = {
  name: 'vmsvc/snapshot.get',
  parameters: ['vmid'],
  summary: 'Lists the snapshots of a virtual machine',
  run: (agent, [vmid = ''], print) =>
    onVm(vmid, async vm => {
      const snapshot = (await agent.read(vm, ['snapshot'])).get('snapshot');
      print(`Get Snapshot:\n${snapshotText(snapshot as VirtualMachineSnapshotInfo | undefined)}`);
    }),
};

const create: Command = {
  name: 'vmsvc/snapshot.create',
  parameters: ['vmid', '[name]', '[description]', '[includeMemory]', '[quiesced]'],
  summary: 'Takes a snapshot of a virtual machine',
  run: (agent, [vmid = '', name = '', description = '', memory = '0', quiesce = '0'], print) =>
    onVm(vmid, async vm => {
      print('Create Snapshot:\n');
      const args = { name, description, memory: isYes(memory), quiesce: isYes(quiesce) };
      await agent.waitForTask(await agent.call(vm, 'CreateSnapshot_Task', args));
    }),
};

const removeAll: Command = {
  name: 'vmsvc/snapshot.removeall',
  parameters: ['vmid'],
  summary: 'Removes every snapshot of a virtual machine',
  run: (agent, [vmid = ''], print) =>
    onVm(vmid, async vm => {
      print('Remove All Snapshots:\n');
      await agent.waitForTask(await agent.call(vm, 'RemoveAllSnapshots_Task', {}));
    }),
};

const revert: Command = {
  name: 'vmsvc/snapshot.revert',
  parameters: ['vmid'],
  summary: 'Takes a virtual machine back to its current snapshot',
  run: (agent: HostAgent, [vmid = ''], print) =>
    onVm(vmid, async vm => {
      print('Revert Snapshot:\n');
      await agent.waitForTask(await agent.call(vm, 'RevertToCurrentSnapshot_Task', {}));
    }),
};

export const SNAPSHOT_COMMANDS: readonly Command[] = [get, create, removeAll, revert];
