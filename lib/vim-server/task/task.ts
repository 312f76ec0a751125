import {
  type LocalizedMethodFault,
  ManagedObjectReference,
  type TaskInfo,
  type TaskReason,
  type TypedValue,
} from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { vimFault } from '../object/vim-fault.js';

export interface TaskSpec {
  readonly key: string;
  readonly eventChainId: number;
  /** Method's WSDL name, such as PowerOnVM_Task. */
  readonly methodName: string;
  /** Such as VirtualMachine.powerOn. */
  readonly descriptionId: string;
  readonly entity: ManagedObjectReference | undefined;
  readonly entityName: string | undefined;
  readonly userName: string;
}

/** A long operation as clients follow it: queued, running, then success or error for good. */
export class Task implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = taskClass;
  readonly #registry: ObjectRegistry;
  #info: TaskInfo;

  constructor(spec: TaskSpec, registry: ObjectRegistry) {
    this.ref = new ManagedObjectReference('Task', spec.key);
    this.#registry = registry;
    this.#info = {
      key: spec.key,
      task: this.ref,
      name: spec.methodName,
      descriptionId: spec.descriptionId,
      entity: spec.entity,
      entityName: spec.entityName,
      state: 'queued',
      cancelled: false,
      cancelable: false,
      reason: { _type: 'TaskReasonUser', userName: spec.userName } as TaskReason,
      queueTime: new Date(),
      eventChainId: spec.eventChainId,
    };
  }

  get info(): TaskInfo {
    return this.#info;
  }

  get isOver(): boolean {
    return this.#info.state === 'success' || this.#info.state === 'error';
  }

  started(): void {
    this.#update({ state: 'running', startTime: new Date(), progress: 0 });
  }

  succeeded(result: TypedValue | ManagedObjectReference | undefined): void {
    this.#update({ state: 'success', completeTime: new Date(), progress: 100, result });
  }

  failed(error: LocalizedMethodFault): void {
    this.#update({ state: 'error', completeTime: new Date(), error });
  }

  cancel(): void {
    throw vimFault('NotSupported', {}, 'The task cannot be canceled.');
  }

  #update(change: Partial<TaskInfo>): void {
    this.#info = { ...this.#info, ...change };
    this.#registry.changed(this, 'info');
  }
}

export const taskClass = defineClass<'Task', Task>('Task', {
  properties: { info: task => task.info },
  methods: { CancelTask: task => task.cancel() },
});
