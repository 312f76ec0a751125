import type { CallName, Calls } from '../../../kernel/abi/index.js';
import { VmkernelError } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import {
  type CallContext,
  invalidArgument,
  type TaskManager,
  type TaskResult,
  VimFault,
  vimFault,
} from '../../../lib/vim-server/index.js';
import { formatDatastorePath, parseDatastoreLocation } from '../inventory/datastore-path.js';
import type { Datastore } from '../mo/datastore.js';
import { moids } from '../mo/moids.js';
import { vmkernelFault } from '../vmkernel/vmkernel-fault.js';
import type { DatastoreFileCalls, VmkernelLink } from '../vmkernel/vmkernel-link.js';

/** A file or folder that a client named. */
export interface DatastoreFile {
  readonly datastore: Datastore;
  /** Within the datastore, '' for itself. */
  readonly file: string;
  /** `[label] folder/file`, `[label]` */
  readonly name: string;
  /** `/vmfs/volumes/<volume>/folder/file` */
  readonly path: string;
}

export interface DatastoreWorkDependencies {
  readonly tasks: TaskManager;
  link(): VmkernelLink;
  /** By volume id or by label. */
  datastore(name: string): Datastore | undefined;
  /** Files have come or gone: free space is another. */
  spaceChanged(): void;
}

/** What a piece of work calls the VMkernel with. */
export interface KernelCalls {
  readonly files: DatastoreFileCalls;
  /** A long call: its progress becomes the task's, a cancelled task cancels it. */
  call<N extends CallName>(name: N, args: Calls[N]['args']): Promise<Calls[N]['result']>;
}

export interface DatastoreTask {
  readonly methodName: string;
  readonly descriptionId: string;
  readonly call: CallContext;
  /** Whether files come or go, and with them free space. */
  readonly changes: boolean;
}

/** Work on files of datastores that clients name: names to paths, tasks over calls of the VMkernel, its errors with names. */
export class DatastoreWork {
  readonly #dependencies: DatastoreWorkDependencies;

  constructor(dependencies: DatastoreWorkDependencies) {
    this.#dependencies = dependencies;
  }

  get files(): DatastoreFileCalls {
    return this.#dependencies.link().files;
  }

  /** @throws VimFault InvalidDatastorePath, InvalidDatastore, InvalidArgument for another datacenter */
  locate(text: string, datacenter?: ManagedObjectReference): DatastoreFile {
    if (datacenter !== undefined && datacenter.value !== moids.datacenter.value)
      throw invalidArgument('datacenter');
    const { datastore: label, file } = parseDatastoreLocation(text);
    const datastore = this.#dependencies.datastore(label);
    if (datastore === undefined)
      throw vimFault('InvalidDatastore', { name: label }, `There is no datastore ${label}.`);
    const path = file === '' ? datastore.volume.path : `${datastore.volume.path}/${file}`;
    return { datastore, file, path, name: formatDatastorePath(datastore.name, file).trimEnd() };
  }

  /** As locate, of something in a datastore. */
  locateFile(text: string, datacenter?: ManagedObjectReference): DatastoreFile {
    const found = this.locate(text, datacenter);
    if (found.file !== '') return found;
    const fields = { datastorePath: text };
    throw vimFault('InvalidDatastorePath', fields, `'${text}' names no file.`);
  }

  /** A task on a datastore that can be cancelled. */
  start(
    task: DatastoreTask,
    at: DatastoreFile,
    work: (kernel: KernelCalls, signal: AbortSignal) => Promise<TaskResult>,
  ): ManagedObjectReference {
    const { tasks, link } = this.#dependencies;
    return tasks.start({ ...task, entity: at.datastore }, async control => {
      control.allowCancel();
      const options = {
        signal: control.signal,
        onProgress: (fraction: number): void => control.progress(Math.floor(fraction * 100)),
      };
      const kernel: KernelCalls = {
        files: link().files,
        call: (name, args) => link().call(name, args, options),
      };
      try {
        return await this.run(at, () => work(kernel, control.signal));
      } finally {
        if (task.changes) this.#dependencies.spaceChanged();
      }
    });
  }

  /** A short call on a file. */
  runCall<N extends CallName>(
    at: DatastoreFile,
    name: N,
    args: Calls[N]['args'],
  ): Promise<Calls[N]['result']> {
    return this.run(at, () => this.#dependencies.link().call(name, args));
  }

  /** Errors name files as clients do. */
  async run<T>(at: DatastoreFile, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof VmkernelError) throw namedFault(error, at);
      throw error;
    }
  }
}

/** The VMkernel's error with the file it is about as clients name it, in the datastore of the work. */
function namedFault(error: VmkernelError, at: DatastoreFile): VimFault {
  const fault = vmkernelFault(error);
  const { detail } = fault;
  if (!('file' in detail) || typeof detail.file !== 'string') return fault;
  return new VimFault({ ...detail, file: nameOf(detail.file, at) } as VimFault['detail'], fault.message);
}

function nameOf(path: string, { datastore, name }: DatastoreFile): string {
  if (path === '') return name;
  const within = `${datastore.volume.path}/`;
  if (path.startsWith(within)) return formatDatastorePath(datastore.name, path.slice(within.length));
  return path.startsWith('/') ? path : formatDatastorePath(datastore.name, path);
}
