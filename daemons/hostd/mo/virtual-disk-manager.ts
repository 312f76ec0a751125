import type { DiskAdapter, DiskFormat } from '../../../kernel/abi/index.js';
import {
  type DataObject,
  type ManagedObjectReference,
  type Methods,
  TypedValue,
  type VirtualDiskInfo,
  type VirtualDiskSpec,
} from '../../../lib/vim/index.js';
import {
  type CallContext,
  defineClass,
  invalidArgument,
  type ManagedObject,
  notSupported,
  type ObjectClass,
  vimFault,
} from '../../../lib/vim-server/index.js';
import type { DatastoreFile, DatastoreWork, KernelCalls } from '../storage/datastore-work.js';
import { moids } from './moids.js';

/** Disk types that the VMkernel makes. "thick" promises no zeros, which allows them. */
const formats: Readonly<Record<string, DiskFormat>> = {
  thin: 'thin',
  preallocated: 'zeroedthick',
  thick: 'zeroedthick',
  eagerZeroedThick: 'eagerzeroedthick',
};
const knownTypes = new Set(['raw', 'rdm', 'rdmp', 'sparse2Gb', 'thick2Gb', 'delta', 'seSparse']);
const knownMonolithic = new Set(['sparseMonolithic', 'flatMonolithic']);
const adapters: Readonly<Record<string, DiskAdapter>> = {
  ide: 'ide',
  buslogic: 'buslogic',
  lsilogic: 'lsilogic',
};
const flatTypes = new Set(['vmfs', 'monolithicFlat', 'twoGbMaxExtentFlat']);
const maxCapacityKb = 2 ** 31 - 1;

type Args<M extends keyof Methods> = Methods[M]['args'];

/** Makes and changes virtual disks that no machine uses: the work is the VMkernel's. */
export class VirtualDiskManager implements ManagedObject {
  readonly ref = moids.virtualDiskManager;
  readonly objectClass: ObjectClass = virtualDiskManagerClass;
  readonly #work: DatastoreWork;

  constructor(work: DatastoreWork) {
    this.#work = work;
  }

  create({ name, datacenter, spec }: Args<'CreateVirtualDisk_Task'>, call: CallContext) {
    const at = this.#work.locateFile(name, datacenter);
    const disk = { path: at.path, sizeBytes: capacityOf(spec), ...shapeOf(spec) };
    return this.#start('create', 'CreateVirtualDisk_Task', call, at, kernel =>
      kernel.call('diskCreate', disk),
    );
  }

  delete({ name, datacenter }: Args<'DeleteVirtualDisk_Task'>, call: CallContext) {
    const at = this.#work.locateFile(name, datacenter);
    return this.#start('delete', 'DeleteVirtualDisk_Task', call, at, kernel =>
      kernel.call('diskDelete', { path: at.path }),
    );
  }

  copy(args: Args<'CopyVirtualDisk_Task'>, call: CallContext) {
    const from = this.#work.locateFile(args.sourceName, args.sourceDatacenter);
    const to = this.#work.locateFile(args.destName, args.destDatacenter ?? args.sourceDatacenter);
    const shape = args.destSpec === undefined ? {} : shapeOf(args.destSpec);
    const copy = { from: from.path, to: to.path, overwrite: args.force === true, ...shape };
    return this.#start('copy', 'CopyVirtualDisk_Task', call, to, kernel => kernel.call('diskCopy', copy));
  }

  move(args: Args<'MoveVirtualDisk_Task'>, call: CallContext) {
    const from = this.#work.locateFile(args.sourceName, args.sourceDatacenter);
    const to = this.#work.locateFile(args.destName, args.destDatacenter ?? args.sourceDatacenter);
    const move = { from: from.path, to: to.path, overwrite: args.force === true };
    return this.#start('move', 'MoveVirtualDisk_Task', call, to, kernel => kernel.call('diskMove', move));
  }

  extend({ name, datacenter, newCapacityKb }: Args<'ExtendVirtualDisk_Task'>, call: CallContext) {
    const at = this.#work.locateFile(name, datacenter);
    const sizeBytes = bytesOf(newCapacityKb, 'newCapacityKb');
    return this.#start('extend', 'ExtendVirtualDisk_Task', call, at, async kernel => {
      const info = await kernel.call('diskInfo', { path: at.path });
      if (sizeBytes < info.sizeBytes) throw invalidArgument('newCapacityKb');
      if (sizeBytes > info.sizeBytes) await kernel.call('diskExtend', { path: at.path, sizeBytes });
    });
  }

  zero(
    { name, datacenter }: Args<'ZeroFillVirtualDisk_Task'>,
    call: CallContext,
    [method, operation, mode]: readonly [string, string, 'zeroFill' | 'eagerZero' | 'inflate'],
  ) {
    const at = this.#work.locateFile(name, datacenter);
    return this.#start(operation, method, call, at, kernel =>
      kernel.call('diskZero', { path: at.path, mode }),
    );
  }

  async uuid({ name, datacenter }: Args<'QueryVirtualDiskUuid'>): Promise<string> {
    const { at, info } = await this.#info(name, datacenter);
    if (info.uuid === undefined)
      throw vimFault('FileFault', { file: at.name }, `${at.name} has no identity (ddb.uuid).`);
    return info.uuid;
  }

  async setUuid({ name, datacenter, uuid }: Args<'SetVirtualDiskUuid'>): Promise<void> {
    const at = this.#work.locateFile(name, datacenter);
    if (!/^[0-9A-Fa-f]{2}( [0-9A-Fa-f]{2}){7}-[0-9A-Fa-f]{2}( [0-9A-Fa-f]{2}){7}$/.test(uuid))
      throw invalidArgument('uuid');
    await this.#work.runCall(at, 'diskSetUuid', { path: at.path, uuid });
  }

  async geometry({ name, datacenter }: Args<'QueryVirtualDiskGeometry'>) {
    const { at, info } = await this.#info(name, datacenter);
    if (info.geometry === undefined)
      throw vimFault('FileFault', { file: at.name }, `${at.name} states no geometry.`);
    const { cylinders, heads, sectors } = info.geometry;
    return { cylinder: cylinders, head: heads, sector: sectors };
  }

  queryInfo({ name, datacenter }: Args<'QueryVirtualDiskInfo_Task'>, call: CallContext) {
    const at = this.#work.locateFile(name, datacenter);
    const methodName = 'QueryVirtualDiskInfo_Task';
    const task = {
      methodName,
      descriptionId: 'VirtualDiskManager.queryVirtualDiskInfo',
      call,
      changes: false,
    };
    return this.#work.start(task, at, async kernel => {
      const { createType, thin } = await kernel.call('diskInfo', { path: at.path });
      // Of a disk with parents the chain would be told; flat disks have none.
      if (!flatTypes.has(createType)) throw notSupported();
      const info: VirtualDiskInfo = { unit: { name: at.name }, diskType: thin ? 'thin' : 'preallocated' };
      return new TypedValue('VirtualDiskInfo', true, [info]);
    });
  }

  async #info(name: string, datacenter: ManagedObjectReference | undefined) {
    const at = this.#work.locateFile(name, datacenter);
    return { at, info: await this.#work.runCall(at, 'diskInfo', { path: at.path }) };
  }

  #start(
    operation: string,
    methodName: string,
    call: CallContext,
    at: DatastoreFile,
    work: (kernel: KernelCalls) => Promise<unknown>,
  ): ManagedObjectReference {
    const task = {
      methodName,
      descriptionId: `VirtualDiskManager.${operation}VirtualDisk`,
      call,
      changes: true,
    };
    return this.#work.start(task, at, async kernel => {
      await work(kernel);
      return undefined;
    });
  }
}

function shapeOf(spec: VirtualDiskSpec): { format: DiskFormat; adapterType: DiskAdapter } {
  const format = formats[spec.diskType];
  if (format === undefined) {
    if (knownTypes.has(spec.diskType) || knownMonolithic.has(spec.diskType)) throw notSupported();
    throw invalidArgument('spec.diskType');
  }
  const adapterType = adapters[spec.adapterType.toLowerCase()];
  if (adapterType === undefined) throw invalidArgument('spec.adapterType');
  return { format, adapterType };
}

function capacityOf(spec: VirtualDiskSpec & DataObject): number {
  if (spec._type === 'DeviceBackedVirtualDiskSpec') throw notSupported();
  const { capacityKb } = spec as { capacityKb?: number | bigint };
  if (capacityKb === undefined) throw invalidArgument('spec.capacityKb');
  return bytesOf(capacityKb, 'spec.capacityKb');
}

function bytesOf(capacityKb: number | bigint, argument: string): number {
  if (capacityKb < 1 || capacityKb > maxCapacityKb) throw invalidArgument(argument);
  return Number(capacityKb) * 1024;
}

export const virtualDiskManagerClass: ObjectClass = defineClass<'VirtualDiskManager', VirtualDiskManager>(
  'VirtualDiskManager',
  {
    properties: {},
    methods: {
      CreateVirtualDisk_Task: (manager, args, call) => manager.create(args, call),
      DeleteVirtualDisk_Task: (manager, args, call) => manager.delete(args, call),
      CopyVirtualDisk_Task: (manager, args, call) => manager.copy(args, call),
      MoveVirtualDisk_Task: (manager, args, call) => manager.move(args, call),
      ExtendVirtualDisk_Task: (manager, args, call) => manager.extend(args, call),
      ZeroFillVirtualDisk_Task: (manager, args, call) =>
        manager.zero(args, call, ['ZeroFillVirtualDisk_Task', 'zeroFill', 'zeroFill']),
      EagerZeroVirtualDisk_Task: (manager, args, call) =>
        manager.zero(args, call, ['EagerZeroVirtualDisk_Task', 'eagerZero', 'eagerZero']),
      InflateVirtualDisk_Task: (manager, args, call) =>
        manager.zero(args, call, ['InflateVirtualDisk_Task', 'inflate', 'inflate']),
      QueryVirtualDiskInfo_Task: (manager, args, call) => manager.queryInfo(args, call),
      QueryVirtualDiskUuid: (manager, args) => manager.uuid(args),
      SetVirtualDiskUuid: (manager, args) => manager.setUuid(args),
      QueryVirtualDiskGeometry: (manager, args) => manager.geometry(args),
    },
  },
);
