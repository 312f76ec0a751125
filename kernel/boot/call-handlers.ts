import {
  type CallName,
  type HostInfo,
  type PoolCalls,
  type UserWorldInfo,
  VmkernelError,
} from '../abi/index.js';
import { overheadMb } from '../memory/index.js';
import type { JobCalls, StorageSystem } from '../storage/index.js';
import type { AdvancedOptions } from './advanced-options.js';
import type { ChangeFeed } from './change-feed.js';
import type { CallContext, CallHandlers } from './control-server.js';
import type { EsxConfFile } from './esx-conf-file.js';
import { readHardware } from './hardware.js';
import type { InitLink } from './init-link.js';
import type { Pools } from './pools/index.js';
import type { VmManager } from './vm-manager.js';

const BYTES_PER_MB = 2 ** 20;

export interface CallParts {
  readonly manager: VmManager;
  readonly storage: StorageSystem;
  readonly feed: ChangeFeed;
  readonly init: InitLink;
  readonly hostInfo: () => HostInfo;
  readonly esxConf: EsxConfFile;
  readonly options: AdvancedOptions;
  readonly pools: Pools;
  readonly injectFailures: boolean;
  readonly userWorlds: () => UserWorldInfo[];
}

/** Which part answers which call. */
export function callHandlers(parts: CallParts): CallHandlers {
  const { manager, storage, hostInfo, esxConf } = parts;
  const change: Change = async (paths, make) => {
    for (const path of paths) manager.refuseChange(path);
    return make();
  };
  return {
    hostInfo: async () => ({ result: hostInfo() }),
    hostPower: async request => {
      await parts.init.power(request);
      parts.feed.publish({ topic: 'host', object: 'host', event: request.action });
      return { result: {} };
    },
    service: async args => ({ result: await parts.init.service(args) }),
    hardwareInfo: async () => ({ result: await readHardware() }),
    getConfig: async ({ key }) => ({ result: { value: esxConf.get(key) ?? null } }),
    setConfig: async ({ key, value }) => {
      esxConf.set(key, value);
      return { result: {} };
    },
    listOptions: async () => ({ result: { options: parts.options.list() } }),
    setOptions: async ({ changes }) => {
      parts.options.set(changes);
      return { result: {} };
    },
    memoryOverhead: async args => ({ result: { overheadBytes: overheadMb(args) * BYTES_PER_MB } }),
    listVms: async () => ({ result: { vms: manager.list() } }),
    powerOn: async ({ vmxPath, failAfterStep }) => {
      if (failAfterStep !== undefined && !parts.injectFailures)
        throw new VmkernelError('NotSupported', 'This VMkernel injects no failures', {});
      return { result: await manager.powerOn(vmxPath, failAfterStep) };
    },
    powerOff: async args => {
      await manager.powerOff(args.vmxPath);
      return { result: {} };
    },
    reset: async args => {
      await manager.reset(args.vmxPath);
      return { result: {} };
    },
    reconfigure: async args => {
      await manager.reconfigure(args.vmxPath, args.changes);
      return { result: {} };
    },
    answer: async args => {
      await manager.answer(args.vmxPath, args.questionId, args.choice);
      return { result: {} };
    },
    readScreen: async args => ({ result: await manager.readScreen(args.vmxPath) }),
    readPicture: args => manager.readPicture(args.vmxPath),
    issueTicket: async args => ({ result: { ticket: manager.issueTicket(args) } }),
    checkTicket: async ({ ticket }) => ({ result: manager.checkTicket(ticket) }),
    listUserWorlds: async () => ({ result: { worlds: parts.userWorlds() } }),
    listDatastores: async () => ({ result: { datastores: await storage.listDatastores() } }),
    watch: async (args, context) => ({ result: watch(parts, args, context) }),
    fileRead: (args, { body }) => storage.files.call('fileRead', args, body),
    fileWrite: (args, { body }) => change([args.path], () => storage.files.call('fileWrite', args, body)),
    fileWriteAtomic: (args, { body }) =>
      change([args.path], () => storage.files.call('fileWriteAtomic', args, body)),
    fileAppend: (args, { body }) => change([args.path], () => storage.files.call('fileAppend', args, body)),
    fileStat: (args, { body }) => storage.files.call('fileStat', args, body),
    fileList: (args, { body }) => storage.files.call('fileList', args, body),
    fileMkdir: (args, { body }) => storage.files.call('fileMkdir', args, body),
    fileRename: (args, { body }) =>
      change([args.from, args.to], () => storage.files.call('fileRename', args, body)),
    fileRemove: (args, { body }) => change([args.path], () => storage.files.call('fileRemove', args, body)),
    ...jobHandlers(storage.jobs, change),
    ...poolHandlers(parts.pools),
    diskInfo: async ({ path }) => ({ result: await storage.diskInfo(path) }),
  };
}

function poolHandlers(pools: Pools): Pick<CallHandlers, keyof PoolCalls> {
  return {
    listPools: async () => ({ result: { pools: pools.list() } }),
    createPool: async args => ({ result: { poolId: pools.create(args) } }),
    updatePools: async args => {
      pools.update(args);
      return { result: {} };
    },
    moveIntoPool: async args => {
      pools.move(args);
      return { result: {} };
    },
    destroyPool: async args => {
      pools.destroy(args);
      return { result: {} };
    },
    forgetVm: async args => {
      pools.forgetVm(args);
      return { result: {} };
    },
  };
}

type Change = <T>(paths: readonly string[], make: () => Promise<T>) => Promise<T>;
type JobCallName = Extract<CallName, `disk${string}` | `upload${string}` | 'fileCopy' | 'fileMove'>;

function jobHandlers(jobs: JobCalls, change: Change): Pick<CallHandlers, Exclude<JobCallName, 'diskInfo'>> {
  const done = async (work: Promise<void>): Promise<{ result: Record<string, never> }> => {
    await work;
    return { result: {} };
  };
  return {
    uploadBegin: async (args, caller) => ({
      result: await change([args.path], () => jobs.beginUpload(args, caller)),
    }),
    uploadWrite: (args, { body }) => done(jobs.writeUpload(args, body)),
    uploadCommit: args => change([jobs.pathOf(args.upload)], () => done(jobs.commitUpload(args))),
    uploadAbort: args => done(jobs.abortUpload(args)),
    fileCopy: (args, caller) => change([args.to], () => done(jobs.copyFile(args, caller))),
    fileMove: (args, caller) => change([args.from, args.to], () => done(jobs.moveFile(args, caller))),
    diskCreate: (args, caller) => done(jobs.createDisk(args, caller)),
    diskDelete: (args, caller) => done(jobs.deleteDisk(args, caller)),
    diskCopy: (args, caller) => change([args.to], () => done(jobs.copyDisk(args, caller))),
    diskMove: (args, caller) => change([args.from, args.to], () => done(jobs.moveDisk(args, caller))),
    diskExtend: (args, caller) => done(jobs.extendDisk(args, caller)),
    diskZero: (args, caller) => done(jobs.zeroDisk(args, caller)),
    diskSetUuid: (args, caller) => done(jobs.setDiskUuid(args, caller)),
  };
}

function watch(
  parts: CallParts,
  args: { readonly bootId?: string; readonly after?: number },
  context: CallContext,
): { bootId: string; seq: number; gap: boolean } {
  const { bootId } = parts.hostInfo();
  const sameBoot = args.bootId === bootId;
  const { gap, stop } = parts.feed.follow(sameBoot ? args.after : undefined, change =>
    context.follow(change),
  );
  context.onClose(stop);
  return { bootId, seq: parts.feed.seq, gap: gap || (args.bootId !== undefined && !sameBoot) };
}
