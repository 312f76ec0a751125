import type { HostCpuIdInfo, VirtualMachineCpuIdInfoSpec } from '../../../../lib/vim/index.js';
import type { VmxDocument } from '../../../../lib/vmx/index.js';
import { invalidSpec } from './spec-fault.js';

const registers = ['eax', 'ebx', 'ecx', 'edx'] as const;
/** 32 letters, in groups of four as clients write them. */
const maskForm = /^(?:[01xXtTHhrRF-]:?){32}$/;

/** Keys `cpuid.<level>.<register>[.<vendor>]`. */
export function applyCpuFeatureMask(specs: readonly VirtualMachineCpuIdInfoSpec[], vmx: VmxDocument): void {
  for (const { operation, info, removeKey } of specs) {
    if (operation === 'remove') writeMasks(vmx, { level: Number(removeKey ?? info?.level ?? 0) }, true);
    else if (info === undefined) throw invalidSpec('cpuFeatureMask');
    else writeMasks(vmx, info, false);
  }
}

function writeMasks(vmx: VmxDocument, info: HostCpuIdInfo, isRemoval: boolean): void {
  const vendor = info.vendor === undefined || info.vendor === '' ? '' : `.${info.vendor.toLowerCase()}`;
  if (!/^(\.(intel|amd))?$/.test(vendor)) throw invalidSpec('cpuFeatureMask');
  for (const register of registers) {
    const key = `cpuid.${(info.level >>> 0).toString(16)}.${register}${vendor}`;
    const mask = info[register];
    if (isRemoval || mask === '') vmx.delete(key);
    else if (mask !== undefined) {
      if (!maskForm.test(mask)) throw invalidSpec('cpuFeatureMask');
      vmx.set(key, mask);
    }
  }
}
