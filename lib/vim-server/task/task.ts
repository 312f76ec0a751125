import {
  type LocalizedMethodFault,
  ManagedObjectReference,
  type TaskInfo,
  type TaskReason,
} from '../../vim/index.js';
import { shortened } from '../history/shortened.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import { notSupported, requestCanceled, vimFault } from '../object/vim-fault.js';

/** How often at most the progress of a task is told. */
const progressIntervalMs = 200;

/** A long operation as clients follow it: queued, running, then success or error for good. */
export class Task implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = taskClass;
  readonly #onChange: (task: Task) => void;
  readonly #abort = new AbortController();
  #info: TaskInfo;
  #progressTimer: NodeJS.Timeout | undefined;
  #toldProgressMs = 0;

  /** @param onChange told after each change of {@link Task.info} */
  constructor(info: TaskInfo, onChange: (task: Task) => void) {
    this.ref = info.task;
    this.#info = info;
    this.#onChange = onChange;
  }

  get info(): TaskInfo {
    return this.#info;
  }

  get isOver(): boolean {
    return this.#info.state === 'success' || this.#info.state === 'error';
  }

  /** Aborted when a client cancels the task. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  started(): void {
    this.#update({ state: 'running', startTime: new Date(), progress: 0 });
  }

  progress(percent: number): void {
    const progress = Math.floor(Math.min(Math.max(percent, 0), 100));
    if (this.isOver || Number.isNaN(progress) || progress === this.#info.progress) return;
    this.#info = { ...this.#info, progress };
    if (this.#progressTimer !== undefined) return;
    const waitMs = this.#toldProgressMs + progressIntervalMs - Date.now();
    if (waitMs <= 0) this.#tellProgress();
    else this.#progressTimer = setTimeout(() => this.#tellProgress(), waitMs).unref();
  }

  setCancelable(cancelable: boolean): void {
    if (!this.isOver && this.#info.cancelable !== cancelable) this.#update({ cancelable });
  }

  succeeded(result: unknown): void {
    this.#end({ state: 'success', progress: 100, result });
  }

  failed(error: LocalizedMethodFault): void {
    this.#end({ state: 'error', error: shortened(error) });
  }

  /** @throws VimFault InvalidState when it is over, NotSupported when it cannot be canceled (now) */
  cancel(): void {
    if (this.isOver) throw invalidState();
    if (!this.#info.cancelable) throw notSupported();
    if (this.#info.cancelled) return;
    this.#update({ cancelled: true });
    this.#abort.abort(requestCanceled());
  }

  #tellProgress(): void {
    this.#progressTimer = undefined;
    this.#toldProgressMs = Date.now();
    this.#onChange(this);
  }

  #end(change: Partial<TaskInfo>): void {
    clearTimeout(this.#progressTimer);
    this.#progressTimer = undefined;
    this.#update({ ...change, cancelable: false, completeTime: new Date() });
  }

  #update(change: Partial<TaskInfo>): void {
    this.#info = { ...this.#info, ...change };
    this.#onChange(this);
  }
}

export interface TaskSpec {
  readonly key: string;
  readonly eventChainId: number;
  /** Method's WSDL name, such as PowerOnVM_Task. */
  readonly methodName: string;
  /** Such as VirtualMachine.powerOn. */
  readonly descriptionId: string;
  readonly entity: ManagedObjectReference | undefined;
  readonly entityName: string | undefined;
  /** Undefined: the host does it by itself. */
  readonly userName: string | undefined;
}

export function queuedTask(spec: TaskSpec): TaskInfo {
  const reason: TaskReason & { _type: string; userName?: string } =
    spec.userName === undefined
      ? { _type: 'TaskReasonSystem' }
      : { _type: 'TaskReasonUser', userName: spec.userName };
  return {
    key: spec.key,
    task: new ManagedObjectReference('Task', spec.key),
    name: spec.methodName,
    descriptionId: spec.descriptionId,
    entity: spec.entity,
    entityName: spec.entityName,
    state: 'queued',
    cancelled: false,
    cancelable: false,
    reason,
    queueTime: new Date(),
    eventChainId: spec.eventChainId,
  };
}

function invalidState(): Error {
  return vimFault('InvalidState', {}, 'The task is over.');
}

/** SetTaskState, SetTaskDescription and UpdateProgress are for the tasks of VirtualCenter's extensions. */
export const taskClass = defineClass<'Task', Task>('Task', {
  properties: { info: task => task.info },
  methods: { CancelTask: task => task.cancel() },
});
