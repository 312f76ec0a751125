import type { VirtualMachineConfigSpec } from '../../../../lib/vim/index.js';
import { applyAllocations } from './allocations.js';
import { applyCpuFeatureMask } from './cpu-feature-mask.js';
import { applyDeviceChanges } from './device-changes.js';
import { applyExtraConfig } from './extra-config.js';
import { applyGeneral } from './general-properties.js';
import { applySettings } from './settings.js';
import type { DiskEffects, SpecContext } from './spec-context.js';

/**
 * Writes what a spec asks for into a configuration file. What it does not name stays as it is, byte for byte.
 * @returns what is to happen to virtual disks before and after the file is replaced
 * @throws VimFault that names the property at fault; the document is then of no use
 */
export function applyConfigSpec(spec: VirtualMachineConfigSpec, context: SpecContext): DiskEffects {
  applyGeneral(spec, context);
  applySettings(spec, context);
  applyAllocations(spec, context);
  applyCpuFeatureMask(spec.cpuFeatureMask ?? [], context.vmx);
  const effects = applyDeviceChanges(spec.deviceChange ?? [], context);
  applyExtraConfig(context.vmx, spec.extraConfig ?? []);
  return effects;
}
