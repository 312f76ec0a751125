import type { ManagedObjectReference, Methods } from '../../../lib/vim/index.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../../../lib/vim-server/index.js';
import type { DatastoreFile, DatastoreWork, KernelCalls } from '../storage/datastore-work.js';
import { moids } from './moids.js';

type Args<M extends keyof Methods> = Methods[M]['args'];

/** Files and folders on datastores. */
export class FileManager implements ManagedObject {
  readonly ref = moids.fileManager;
  readonly objectClass: ObjectClass = fileManagerClass;
  readonly #work: DatastoreWork;

  constructor(work: DatastoreWork) {
    this.#work = work;
  }

  async makeDirectory({ name, datacenter, createParentDirectories }: Args<'MakeDirectory'>): Promise<void> {
    const at = this.#work.locateFile(name, datacenter);
    await this.#work.runCall(at, 'fileMkdir', { path: at.path, recursive: createParentDirectories === true });
  }

  delete({ name, datacenter }: Args<'DeleteDatastoreFile_Task'>, call: CallContext): ManagedObjectReference {
    const at = this.#work.locateFile(name, datacenter);
    return this.#start('deleteFile', 'DeleteDatastoreFile_Task', call, at, kernel =>
      kernel.call('fileRemove', { path: at.path, recursive: true }),
    );
  }

  move(args: Args<'MoveDatastoreFile_Task'>, call: CallContext): ManagedObjectReference {
    const { to, paths } = this.#fromTo(args);
    return this.#start('moveFile', 'MoveDatastoreFile_Task', call, to, kernel =>
      kernel.call('fileMove', paths),
    );
  }

  copy(args: Args<'CopyDatastoreFile_Task'>, call: CallContext): ManagedObjectReference {
    const { to, paths } = this.#fromTo(args);
    return this.#start('copyFile', 'CopyDatastoreFile_Task', call, to, kernel =>
      kernel.call('fileCopy', paths),
    );
  }

  #fromTo(args: Args<'CopyDatastoreFile_Task'>) {
    const from = this.#work.locateFile(args.sourceName, args.sourceDatacenter);
    const to = this.#work.locateFile(
      args.destinationName,
      args.destinationDatacenter ?? args.sourceDatacenter,
    );
    return { to, paths: { from: from.path, to: to.path, overwrite: args.force === true } };
  }

  #start(
    operation: string,
    methodName: string,
    call: CallContext,
    at: DatastoreFile,
    work: (kernel: KernelCalls) => Promise<unknown>,
  ): ManagedObjectReference {
    const task = { methodName, descriptionId: `FileManager.${operation}`, call, changes: true };
    return this.#work.start(task, at, async kernel => {
      await work(kernel);
      return undefined;
    });
  }
}

export const fileManagerClass: ObjectClass = defineClass<'FileManager', FileManager>('FileManager', {
  properties: {},
  methods: {
    MakeDirectory: (manager, args) => manager.makeDirectory(args),
    DeleteDatastoreFile_Task: (manager, args, call) => manager.delete(args, call),
    MoveDatastoreFile_Task: (manager, args, call) => manager.move(args, call),
    CopyDatastoreFile_Task: (manager, args, call) => manager.copy(args, call),
  },
});
