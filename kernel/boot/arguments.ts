import { z } from 'zod';
import { type CallName, MAX_POOLS, VmkernelError } from '../abi/index.js';

/** What comes over the control socket, checked once. */
const MAX_PATH = 4096;
/** What one read may bring: callers read longer files piece by piece. */
const MAX_READ_BYTES = 1 << 20;
/** What may be asked about; what can be powered on is less. */
const MAX_MEMORY_MB = 1 << 24;
const MAX_VCPUS = 128;
const path = z.string().min(1).max(MAX_PATH);
const nothing = z.object({});
const vm = z.object({ vmxPath: path });
const MAX_WORD = 64;
const MAX_RIGHTS = 64;
const MAX_OPTIONS = 1024;
/** A key or a value of a .vmx: its lines have a limit of their own. */
const MAX_VALUE = 32_768;
const key = z.string().min(1).max(MAX_VALUE);
const offset = z.number().int().min(0);
const upload = z.object({ upload: offset });
const fromTo = z.object({ from: path, to: path, overwrite: z.boolean() });
const format = z.enum(['thin', 'zeroedthick', 'eagerzeroedthick']);
const adapterType = z.enum(['buslogic', 'lsilogic', 'ide']);

const number = z.number();
/** What an amount may be is the pools' matter. */
const allocation = z.object({
  reservation: number,
  expandable: z.boolean(),
  limit: number.nullable(),
  shares: number,
  level: z.enum(['low', 'normal', 'high', 'custom']),
});
const poolId = z.number().int();
/** Longer names are refused as names. */
const poolName = z.string().max(MAX_PATH);
const MAX_VMS_MOVED = 1024;

const schemas: { readonly [N in CallName]: z.ZodType } = {
  hostInfo: nothing,
  hostPower: z.object({ action: z.enum(['reboot', 'shutdown']), by: z.string().max(MAX_WORD) }),
  service: z.object({
    service: z.enum(['hostd', 'authd', 'sshd', 'syslogd']),
    action: z.enum(['start', 'stop', 'restart', 'status']),
  }),
  hardwareInfo: nothing,
  getConfig: z.object({ key: path }),
  setConfig: z.object({ key: path, value: z.string().max(MAX_PATH) }),
  listOptions: nothing,
  setOptions: z.object({
    changes: z.array(z.object({ path, value: z.number().int() })).max(MAX_OPTIONS),
  }),
  memoryOverhead: z.object({
    memoryMb: z.number().min(0).max(MAX_MEMORY_MB),
    vcpus: z.number().int().min(1).max(MAX_VCPUS),
  }),
  listVms: nothing,
  powerOn: vm.extend({ failAfterStep: z.string().max(64).optional() }),
  powerOff: vm,
  reset: vm,
  reconfigure: vm.extend({
    changes: z.object({
      settings: z.record(key, z.string().max(MAX_VALUE).nullable()),
      connections: z.record(key, z.boolean()).optional(),
    }),
  }),
  answer: vm.extend({ questionId: z.string().max(MAX_WORD), choice: z.string().max(MAX_WORD) }),
  readScreen: vm,
  readPicture: vm,
  issueTicket: vm.extend({
    service: z.enum(['mks', 'vmctl']),
    user: z.string().min(1).max(MAX_WORD),
    rights: z.array(z.string().max(MAX_WORD)).max(MAX_RIGHTS),
  }),
  checkTicket: z.object({ ticket: z.string().max(MAX_WORD) }),
  listUserWorlds: nothing,
  listDatastores: nothing,
  listPools: nothing,
  createPool: z.object({ parentId: poolId, name: poolName, cpu: allocation, memory: allocation }),
  updatePools: z.object({
    changes: z
      .array(
        z.object({
          poolId,
          name: poolName.optional(),
          cpu: allocation.optional(),
          memory: allocation.optional(),
        }),
      )
      .max(MAX_POOLS),
  }),
  moveIntoPool: z.object({
    poolId,
    pools: z.array(poolId).max(MAX_POOLS),
    vms: z.array(path).max(MAX_VMS_MOVED),
  }),
  destroyPool: z.object({ poolId }),
  forgetVm: vm,
  watch: z.object({ bootId: z.string().max(64).optional(), after: z.number().int().min(0).optional() }),
  fileRead: z.object({ path, offsetBytes: offset, lengthBytes: offset.max(MAX_READ_BYTES) }),
  fileWrite: z.object({ path, offsetBytes: offset, create: z.boolean(), truncate: z.boolean() }),
  fileWriteAtomic: z.object({ path }),
  fileAppend: z.object({ path }),
  fileStat: z.object({ path }),
  fileList: z.object({ path }),
  fileMkdir: z.object({ path, recursive: z.boolean() }),
  fileRename: z.object({ from: path, to: path }),
  fileRemove: z.object({ path, recursive: z.boolean() }),
  uploadBegin: z.object({ path, sizeBytes: offset.optional() }),
  uploadWrite: upload,
  uploadCommit: upload,
  uploadAbort: upload,
  fileCopy: fromTo,
  fileMove: fromTo,
  diskCreate: z.object({ path, sizeBytes: offset, format, adapterType }),
  diskDelete: z.object({ path }),
  diskCopy: fromTo.extend({ format: format.optional(), adapterType: adapterType.optional() }),
  diskMove: fromTo,
  diskExtend: z.object({ path, sizeBytes: offset }),
  diskZero: z.object({ path, mode: z.enum(['zeroFill', 'eagerZero', 'inflate']) }),
  diskInfo: z.object({ path }),
  diskSetUuid: z.object({ path, uuid: z.string().max(64) }),
};

/** @throws VmkernelError NotSupported for an unknown call, InvalidArgument {path, expected} */
export function checkArguments(call: string, args: unknown): { call: CallName; args: unknown } {
  if (!Object.hasOwn(schemas, call))
    throw new VmkernelError('NotSupported', `There is no call ${call}`, { call });
  const name = call as CallName;
  const parsed = schemas[name].safeParse(args ?? {});
  if (parsed.success) return { call: name, args: parsed.data };
  const issue = parsed.error.issues[0];
  throw new VmkernelError(
    'InvalidArgument',
    `${call}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    {
      argument: issue?.path.join('.') ?? '',
    },
  );
}
