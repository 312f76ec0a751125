import {
  ManagedObjectReference,
  type ObjectContent,
  type ObjectSpec,
  type PropertySpec,
  type TaskInfo,
  type UpdateSet,
  untyped,
} from '../../lib/vim/index.js';
import { AgentFault, CommandError, type HostAgent } from './agent.js';

/** Properties of one managed object by path; what is unset or unreadable is missing. */
export interface ObjectProperties {
  readonly object: ManagedObjectReference;
  readonly values: ReadonlyMap<string, unknown>;
}

/** Reads properties of one object. */
export async function propertiesOf(
  agent: HostAgent,
  object: ManagedObjectReference,
  paths: readonly string[],
): Promise<ObjectProperties> {
  const propSet = { type: object.type, all: false, pathSet: [...paths] };
  const [found] = await retrieve(agent, propSet, { obj: object, skip: false });
  return found ?? { object, values: new Map() };
}

/** Every object of a type below the root folder, with some properties. */
export async function allOf(
  agent: HostAgent,
  type: string,
  paths: readonly string[],
): Promise<ObjectProperties[]> {
  const { rootFolder, viewManager } = agent.content;
  if (viewManager === undefined) throw new CommandError('NotAvailable', 'The host agent offers no views');
  const view = await agent.call(viewManager, 'CreateContainerView', {
    container: rootFolder,
    type: [type],
    recursive: true,
  });
  const start = reference(view);
  const members = {
    _type: 'TraversalSpec',
    name: 'members',
    type: 'ContainerView',
    path: 'view',
    skip: false,
  };
  try {
    return await retrieve(
      agent,
      { type, all: false, pathSet: [...paths] },
      { obj: start, skip: true, selectSet: [members] },
    );
  } finally {
    await agent.call(start, 'DestroyView', {});
  }
}

async function retrieve(
  agent: HostAgent,
  propSet: PropertySpec,
  objectSet: ObjectSpec,
): Promise<ObjectProperties[]> {
  const found = await agent.call(agent.content.propertyCollector, 'RetrieveProperties', {
    specSet: [{ propSet: [propSet], objectSet: [objectSet] }],
  });
  return ((found ?? []) as ObjectContent[]).map(({ obj, propSet: values = [] }) => ({
    object: obj,
    values: new Map(values.map(({ name, val }) => [name, untyped(val)])),
  }));
}

/** Waits until a task has ended. @returns its result @throws AgentFault why it failed */
export async function taskResult(agent: HostAgent, task: ManagedObjectReference): Promise<unknown> {
  const { propertyCollector } = agent.content;
  const filter = reference(
    await agent.call(propertyCollector, 'CreateFilter', {
      spec: {
        propSet: [{ type: 'Task', all: false, pathSet: ['info'] }],
        objectSet: [{ obj: task, skip: false }],
      },
      partialUpdates: false,
    }),
  );
  try {
    return resultOf(await endOf(agent, task));
  } finally {
    await agent.call(filter, 'DestroyPropertyFilter', {});
  }
}

async function endOf(agent: HostAgent, task: ManagedObjectReference): Promise<TaskInfo> {
  let version = '';
  for (;;) {
    const update = await agent.call(agent.content.propertyCollector, 'WaitForUpdates', { version });
    version = (update as UpdateSet).version;
    const { values } = await propertiesOf(agent, task, ['info']);
    const info = values.get('info') as TaskInfo | undefined;
    if (info === undefined) throw new CommandError('NotAvailable', 'The task is gone: its end is not known');
    if (info.state === 'success' || info.state === 'error') return info;
  }
}

function resultOf(info: TaskInfo): unknown {
  if (info.state === 'success') return untyped(info.result);
  const { error } = info;
  const fault: unknown = error?.fault ?? error;
  const type =
    typeof fault === 'object' && fault !== null && '_type' in fault ? String(fault._type) : 'MethodFault';
  throw new AgentFault(type, error?.localizedMessage ?? type, (fault ?? {}) as object);
}

export function reference(value: unknown): ManagedObjectReference {
  if (value instanceof ManagedObjectReference) return value;
  throw new CommandError('NotAvailable', 'The host agent answered without an object');
}
