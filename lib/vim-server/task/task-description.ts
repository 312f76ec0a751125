import type { ElementDescription, TaskDescription, VimSchema } from '../../vim/index.js';

/** Task methods whose description id is not their own name with a small first letter. */
const oddIds: ReadonlyMap<string, string> = new Map([
  ['AddHost_Task', 'addHost'],
  ['AddStandaloneHost_Task', 'addStandaloneHost'],
  ['CloneVM_Task', 'clone'],
  ['CreateVM_Task', 'createVm'],
  ['CustomizeVM_Task', 'customize'],
  ['Destroy_Task', 'destroy'],
  ['EstimateStorageForConsolidateSnapshots_Task', 'estimateStorageRequirementForConsolidate'],
  ['MigrateVM_Task', 'migrate'],
  ['MoveIntoFolder_Task', 'moveInto'],
  ['PowerOffVM_Task', 'powerOff'],
  ['PowerOnMultiVM_Task', 'powerOnVm'],
  ['PowerOnVM_Task', 'powerOn'],
  ['ReconfigVM_Task', 'reconfigure'],
  ['RebootHost_Task', 'reboot'],
  ['RegisterVM_Task', 'registerVm'],
  ['RelocateVM_Task', 'relocate'],
  ['RemoveAllSnapshots_Task', 'removeAllSnapshots'],
  ['RemoveSnapshot_Task', 'remove'],
  ['ResetVM_Task', 'reset'],
  ['RevertToCurrentSnapshot_Task', 'revertToCurrentSnapshot'],
  ['RevertToSnapshot_Task', 'revert'],
  ['SearchDatastoreSubFolders_Task', 'searchSubFolders'],
  ['SearchDatastore_Task', 'search'],
  ['ShutdownHost_Task', 'shutdown'],
  ['SuspendVM_Task', 'suspend'],
  ['UpgradeVM_Task', 'upgradeVirtualHardware'],
]);

/** The text key of the tasks that a method starts, such as VirtualMachine.powerOn of PowerOnVM_Task. */
export function taskDescriptionId(on: string, methodName: string): string {
  const odd = oddIds.get(methodName);
  const name = methodName.replace(/_Task$/, '');
  return `${on}.${odd ?? name.charAt(0).toLowerCase() + name.slice(1)}`;
}

/** What the ids and words of a TaskInfo mean: all methods of the schema that start tasks, states, reasons. */
export function taskDescription(schema: VimSchema): TaskDescription {
  const methodInfo: ElementDescription[] = [];
  for (const name of schema.methodNames()) {
    const on = schema.method(name)?.on;
    if (on === undefined || !name.endsWith('_Task')) continue;
    const label = methodLabel(name);
    methodInfo.push({ key: taskDescriptionId(on, name), label, summary: `${label} (${words(on)})` });
  }
  return { methodInfo, state: states(), reason: reasons() };
}

/** What a task of a description id is called; its id where the schema has no such method. */
export function taskLabels(schema: VimSchema): (descriptionId: string) => string {
  const labels = new Map(taskDescription(schema).methodInfo.map(({ key, label }) => [key, label]));
  return descriptionId => labels.get(descriptionId) ?? descriptionId;
}

/** `Reconfigure virtual machine` of ReconfigVM_Task. */
function methodLabel(name: string): string {
  return words(name.replace(/_Task$/, ''))
    .replace(/^Reconfig\b/, 'Reconfigure')
    .replace(/\bmulti vm\b/, 'several virtual machines')
    .replace(/\bvm\b/g, 'virtual machine');
}

function states(): ElementDescription[] {
  return [
    { key: 'queued', label: 'Queued', summary: 'The task waits to be begun' },
    { key: 'running', label: 'Running', summary: 'The task is being done' },
    { key: 'success', label: 'Completed', summary: 'The task is done' },
    { key: 'error', label: 'Failed', summary: 'The task has ended with an error' },
  ];
}

function reasons(): TaskDescription['reason'] {
  return [
    { key: 'TaskReasonUser', label: 'User', summary: 'A user asked for it' },
    { key: 'TaskReasonSystem', label: 'System', summary: 'The server does it by itself' },
    { key: 'TaskReasonAlarm', label: 'Alarm', summary: 'An alarm set it off' },
    { key: 'TaskReasonSchedule', label: 'Schedule', summary: 'It was due by a scheduled task' },
  ];
}

function words(name: string): string {
  const spaced = name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
