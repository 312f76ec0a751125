import type { VirtualMachineConfigSpec } from '../../../../lib/vim/index.js';
import { notSupported } from '../../../../lib/vim-server/index.js';
import type { VmxDocument } from '../../../../lib/vmx/index.js';
import type { SpecContext } from './spec-context.js';
import { invalidSpec } from './spec-fault.js';

/** Flags, power operations, boot, tools, console, files: a table of the spec's fields and their keys. */
export function applySettings(spec: VirtualMachineConfigSpec, context: SpecContext): void {
  const { vmx } = context;
  for (const [group, fields] of Object.entries(switches)) {
    const given = spec[group as keyof typeof switches] as Readonly<Record<string, unknown>> | undefined;
    for (const [field, key] of Object.entries(fields)) {
      const value = given?.[field];
      if (value !== undefined) vmx.set(key, value === true);
    }
  }
  for (const { group, field, key, words } of choices) {
    const given = (spec[group] as Readonly<Record<string, unknown>> | undefined)?.[field];
    if (given === undefined) continue;
    const word = words[String(given)];
    if (word === undefined) throw invalidSpec(`${group}.${field}`);
    vmx.set(key, word);
  }
  applyBoot(spec, vmx);
  applyFolders(spec, context);
  if (spec.flags?.useToe === true) throw notSupported();
  if (spec.swapPlacement !== undefined && spec.swapPlacement !== 'inherit')
    throw invalidSpec('swapPlacement');
}

const switches = {
  flags: {
    disableAcceleration: 'disable_acceleration',
    enableLogging: 'logging',
    runWithDebugInfo: 'vmx.debug',
    snapshotDisabled: 'snapshot.disabled',
    snapshotLocked: 'snapshot.locked',
    diskUuidEnabled: 'disk.EnableUUID',
  },
  tools: {
    afterPowerOn: 'toolScripts.afterPowerOn',
    afterResume: 'toolScripts.afterResume',
    beforeGuestStandby: 'toolScripts.beforeSuspend',
    beforeGuestShutdown: 'toolScripts.beforePowerOff',
    syncTimeWithHost: 'tools.syncTime',
  },
  consolePreferences: {
    powerOnWhenOpened: 'gui.powerOnAtStartup',
    enterFullScreenOnPowerOn: 'gui.fullScreenAtPowerOn',
    closeOnPowerOffOrSuspend: 'gui.exitAtPowerOff',
  },
} as const;

const same = (...words: string[]): Readonly<Record<string, string>> => {
  return Object.fromEntries(words.map(word => [word, word]));
};

const powerTypes = { soft: 'soft', hard: 'hard', preset: 'default' };

const choices: readonly {
  readonly group: 'flags' | 'powerOpInfo' | 'tools';
  readonly field: string;
  readonly key: string;
  /** The API's word to the file's. */
  readonly words: Readonly<Record<string, string>>;
}[] = [
  { group: 'flags', field: 'monitorType', key: 'monitor', words: same('release', 'debug', 'stats') },
  { group: 'flags', field: 'htSharing', key: 'sched.cpu.htsharing', words: same('any', 'none', 'internal') },
  {
    group: 'flags',
    field: 'virtualMmuUsage',
    key: 'monitor.virtual_mmu',
    words: same('automatic', 'on', 'off'),
  },
  { group: 'powerOpInfo', field: 'powerOffType', key: 'powerType.powerOff', words: powerTypes },
  { group: 'powerOpInfo', field: 'suspendType', key: 'powerType.suspend', words: powerTypes },
  { group: 'powerOpInfo', field: 'resetType', key: 'powerType.reset', words: powerTypes },
  {
    group: 'powerOpInfo',
    field: 'standbyAction',
    key: 'chipset.onlineStandby',
    words: { checkpoint: 'FALSE', powerOnSuspend: 'TRUE' },
  },
  {
    group: 'tools',
    field: 'toolsUpgradePolicy',
    key: 'tools.upgrade.policy',
    words: same('manual', 'upgradeAtPowerCycle'),
  },
];

/** Ten seconds: a longer delay is a mistake of units. */
const maxBootDelayMs = 10_000;

function applyBoot({ bootOptions }: VirtualMachineConfigSpec, vmx: VmxDocument): void {
  if (bootOptions?.bootDelay !== undefined) {
    const delayMs = Number(bootOptions.bootDelay);
    if (delayMs < 0 || delayMs > maxBootDelayMs) throw invalidSpec('bootOptions.bootDelay');
    vmx.set('bios.bootDelay', delayMs);
  }
  if (bootOptions?.enterBIOSSetup !== undefined) vmx.set('bios.forceSetupOnce', bootOptions.enterBIOSSetup);
}

/** The machine's own folder is where these are anyway. Its log is nowhere else. */
function applyFolders({ files }: VirtualMachineConfigSpec, { vmx, place }: SpecContext): void {
  const keys = [
    ['snapshotDirectory', 'workingDir'],
    ['suspendDirectory', 'suspend.directory'],
    ['logDirectory', undefined],
  ] as const;
  for (const [field, key] of keys) {
    const given = files?.[field];
    if (given === undefined || given === '') continue;
    const path = place.resolve(given);
    const isOwn = path === place.folderPath;
    if (key === undefined) {
      if (!isOwn) throw notSupported();
    } else if (isOwn) vmx.delete(key);
    else vmx.set(key, path);
  }
}
