import type {
  ToolsConfigInfo,
  VirtualMachineBootOptions,
  VirtualMachineConsolePreferences,
  VirtualMachineDefaultPowerOpInfo,
  VirtualMachineFlagInfo,
} from '../../../lib/vim/index.js';
import type { VmxDocument } from '../../../lib/vmx/index.js';

export function flags(vmx: VmxDocument): VirtualMachineFlagInfo {
  return {
    disableAcceleration: isTrue(vmx, 'disable_acceleration', false),
    enableLogging: isTrue(vmx, 'logging', true),
    useToe: false,
    runWithDebugInfo: isTrue(vmx, 'vmx.debug', false),
    monitorType: oneOf(vmx, 'monitor', ['release', 'debug', 'stats'], 'release'),
    htSharing: oneOf(vmx, 'sched.cpu.htsharing', ['any', 'none', 'internal'], 'any'),
    snapshotDisabled: isTrue(vmx, 'snapshot.disabled', false),
    snapshotLocked: isTrue(vmx, 'snapshot.locked', false),
    diskUuidEnabled: isTrue(vmx, 'disk.EnableUUID', false),
    virtualMmuUsage: oneOf(vmx, 'monitor.virtual_mmu', ['automatic', 'on', 'off'], 'automatic'),
  };
}

/** `preset` takes the default, which the other fields name. */
export function defaultPowerOps(vmx: VmxDocument): VirtualMachineDefaultPowerOpInfo {
  const type = (key: string): string => {
    const word = vmx.get(key)?.trim().toLowerCase();
    return word === 'soft' || word === 'hard' ? word : 'preset';
  };
  return {
    powerOffType: type('powerType.powerOff'),
    suspendType: type('powerType.suspend'),
    resetType: type('powerType.reset'),
    defaultPowerOffType: 'soft',
    defaultSuspendType: 'hard',
    defaultResetType: 'soft',
    standbyAction: isTrue(vmx, 'chipset.onlineStandby', true) ? 'powerOnSuspend' : 'checkpoint',
  };
}

export function bootOptions(vmx: VmxDocument): VirtualMachineBootOptions {
  const delay = vmx.get('bios.bootDelay')?.trim() ?? '';
  return {
    bootDelay: /^\d{1,9}$/.test(delay) ? Number(delay) : 0,
    enterBIOSSetup: isTrue(vmx, 'bios.forceSetupOnce', false),
  };
}

export function toolsConfig(vmx: VmxDocument): ToolsConfigInfo {
  return {
    toolsVersion: 0,
    afterPowerOn: isTrue(vmx, 'toolScripts.afterPowerOn', true),
    afterResume: isTrue(vmx, 'toolScripts.afterResume', true),
    beforeGuestStandby: isTrue(vmx, 'toolScripts.beforeSuspend', true),
    beforeGuestShutdown: isTrue(vmx, 'toolScripts.beforePowerOff', true),
    toolsUpgradePolicy: oneOf(vmx, 'tools.upgrade.policy', ['manual', 'upgradeAtPowerCycle'], 'manual'),
    syncTimeWithHost: isTrue(vmx, 'tools.syncTime', false),
  };
}

export function consolePreferences(vmx: VmxDocument): VirtualMachineConsolePreferences {
  return {
    powerOnWhenOpened: isTrue(vmx, 'gui.powerOnAtStartup', false),
    enterFullScreenOnPowerOn: isTrue(vmx, 'gui.fullScreenAtPowerOn', false),
    closeOnPowerOffOrSuspend: isTrue(vmx, 'gui.exitAtPowerOff', false),
  };
}

/** What is neither true nor false is for power-on to refuse. */
function isTrue(vmx: VmxDocument, key: string, fallback: boolean): boolean {
  const word = vmx.get(key)?.trim().toLowerCase() ?? '';
  if (/^(true|t|yes|y|on|1)$/.test(word)) return true;
  return /^(false|f|no|n|off|0)$/.test(word) ? false : fallback;
}

function oneOf(vmx: VmxDocument, key: string, words: readonly string[], fallback: string): string {
  const word = vmx.get(key)?.trim().toLowerCase();
  return words.find(one => one.toLowerCase() === word) ?? fallback;
}
