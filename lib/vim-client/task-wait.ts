import { type ManagedObjectReference, type TaskInfo, typeNameOf, untyped } from '../vim/index.js';
import { VimClientFault } from './errors.js';
import type { VimClient } from './vim-client.js';

/** Follows a task's info by a property filter until it is over. */
export async function waitForTask(client: VimClient, task: ManagedObjectReference): Promise<TaskInfo> {
  const collector = await client.call(client.content.propertyCollector, 'CreateFilter', {
    spec: {
      propSet: [{ type: 'Task', all: false, pathSet: ['info'] }],
      objectSet: [{ obj: task, skip: false }],
    },
    partialUpdates: false,
  });
  try {
    for (let version = ''; ; ) {
      const set = await client.call(client.content.propertyCollector, 'WaitForUpdates', { version });
      version = set.version;
      const info = await taskInfo(client, task);
      if (info?.state === 'success') return info;
      if (info?.state === 'error') throw taskFault(info);
    }
  } finally {
    await client.call(collector, 'DestroyPropertyFilter', {});
  }
}

async function taskInfo(client: VimClient, task: ManagedObjectReference): Promise<TaskInfo | undefined> {
  const properties = await client.read(task, ['info']);
  return untyped(properties.get('info')) as TaskInfo | undefined;
}

function taskFault(info: TaskInfo): VimClientFault {
  const fault = info.error?.fault ?? {};
  const message = info.error?.localizedMessage ?? 'The task failed';
  return new VimClientFault(typeNameOf(fault) ?? 'MethodFault', message, fault);
}
