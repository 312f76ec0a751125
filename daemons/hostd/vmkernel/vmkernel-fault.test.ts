import { describe, expect, it } from 'vitest';
import { VmkernelError, type VmkernelErrorCode } from '../../../kernel/abi/index.js';
import { loadVimSchema, readReply, typeNameOf, writeFault } from '../../../lib/vim/index.js';
import { vmkernelFault } from './vmkernel-fault.js';

const schema = loadVimSchema();

const expected: Record<VmkernelErrorCode, string> = {
  AbiMismatch: 'SystemError',
  AlreadyExists: 'FileAlreadyExists',
  Busy: 'ResourceInUse',
  Cancelled: 'RequestCanceled',
  ConnectionLost: 'HostNotConnected',
  DeviceUnsupported: 'DeviceNotSupported',
  DiskMissing: 'FileNotFound',
  DiskTooShort: 'CannotAccessFile',
  FileLocked: 'FileLocked',
  GuestOs64NotSupported: 'UnsupportedGuest',
  InsufficientCpu: 'InsufficientCpuResourcesFault',
  InsufficientMemory: 'InsufficientMemoryResourcesFault',
  Internal: 'SystemError',
  InvalidArgument: 'InvalidArgument',
  InvalidDescriptor: 'InvalidDiskFormat',
  InvalidPowerState: 'InvalidPowerState',
  InvalidState: 'InvalidState',
  InvalidVmx: 'InvalidVmConfig',
  IoError: 'CannotAccessFile',
  LimitExceeded: 'InsufficientResourcesFault',
  MemorySizeNotSupported: 'MemorySizeNotSupported',
  NoSpace: 'NoDiskSpace',
  NotADirectory: 'CannotAccessFile',
  NotEmpty: 'CannotAccessFile',
  NotFound: 'FileNotFound',
  NotSupported: 'NotSupported',
  NumVirtualCpusNotSupported: 'NumVirtualCpusNotSupported',
  PermissionDenied: 'CannotAccessFile',
  ShmTooSmall: 'SystemError',
  TooManyVcpus: 'NotEnoughCpus',
  VmxDied: 'GenericVmConfigFault',
};

describe('vmkernelFault', () => {
  it.each(Object.entries(expected))(
    'tells %s as %s, complete even when the error has no details',
    (code, type) => {
      const fault = vmkernelFault(new VmkernelError(code as VmkernelErrorCode, 'the reason'));
      expect(typeNameOf(fault.detail)).toBe(type);
      const sent = { code: 'ServerFaultCode', message: fault.message, detail: fault.detail } as const;
      const text = writeFault(schema, sent, { namespace: 'urn:vim25', version: '2.5' });
      expect(readReply(schema, 'PowerOnVM_Task', '2.5', text)).toMatchObject({
        fault: { detail: { _type: type } },
      });
    },
  );

  it('carries the figures of the refusal', () => {
    const error = new VmkernelError('InsufficientMemory', 'no memory', { neededKb: 2048, availableKb: 1024 });
    expect(vmkernelFault(error).detail).toMatchObject({ requested: 2_097_152, unreserved: 1_048_576 });
  });
});
