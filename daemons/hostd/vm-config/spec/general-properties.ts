import type { VirtualMachineConfigSpec } from '../../../../lib/vim/index.js';
import { notSupported, vimFault } from '../../../../lib/vim-server/index.js';
import { guestOsSpelling } from '../guest-os.js';
import { hardware4 } from '../hardware4.js';
import { uuidToVmx } from '../uuid.js';
import type { SpecContext } from './spec-context.js';
import { invalidSpec } from './spec-fault.js';

const uuidForm = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Name, guest, identity, size: what has a key of its own in the configuration file. */
export function applyGeneral(spec: VirtualMachineConfigSpec, context: SpecContext): void {
  refuseUnbuilt(spec);
  const { vmx } = context;
  if (spec.name !== undefined) vmx.set('displayName', checkedName(spec.name));
  if (spec.version !== undefined && spec.version !== hardware4.key) throw invalidSpec('version');
  applyGuest(spec, context);
  applyIdentity(spec, context);
  if (spec.numCPUs !== undefined) {
    if (!(hardware4.vcpuCounts as readonly number[]).includes(spec.numCPUs)) throw invalidSpec('numCPUs');
    vmx.set('numvcpus', spec.numCPUs);
  }
  if (spec.memoryMB !== undefined) {
    const memoryMb = Number(spec.memoryMB);
    const { min, max, step } = hardware4.memoryMb;
    if (memoryMb < min || memoryMb > max || memoryMb % step !== 0) throw invalidSpec('memoryMB');
    vmx.set('memsize', memoryMb);
  }
  if (spec.annotation !== undefined) {
    if (spec.annotation.length > hardware4.annotationLength) throw invalidSpec('annotation');
    vmx.set('annotation', spec.annotation);
  }
}

/**
 * A machine's name as it is kept: what would separate paths is escaped.
 * @throws VimFault InvalidName
 */
export function checkedName(name: string): string {
  const escaped = name
    .replace(/%(?![0-9a-f]{2})/gi, '%25')
    .replaceAll('/', '%2f')
    .replaceAll('\\', '%5c');
  if (name.trim() === '' || escaped.length > hardware4.nameLength) {
    throw vimFault('InvalidName', { name: name.slice(0, 200) }, 'The name is not valid.');
  }
  return escaped;
}

function applyGuest(spec: VirtualMachineConfigSpec, { vmx, schema }: SpecContext): void {
  if (spec.guestId !== undefined) {
    const spelling = guestOsSpelling(schema, spec.guestId);
    if (spelling === undefined) throw invalidSpec('guestId');
    vmx.set('guestOS', spelling);
  }
  if (spec.alternateGuestName === undefined) return;
  if (spec.alternateGuestName === '') vmx.delete('guestOSAltName');
  else vmx.set('guestOSAltName', spec.alternateGuestName);
}

function applyIdentity(spec: VirtualMachineConfigSpec, { vmx }: SpecContext): void {
  const uuids = [
    ['uuid', spec.uuid, 'uuid.bios'],
    ['instanceUuid', spec.instanceUuid, 'vc.uuid'],
    ['locationId', spec.locationId, 'uuid.location'],
  ] as const;
  for (const [property, value, key] of uuids) {
    if (value === undefined) continue;
    if (!uuidForm.test(value)) throw invalidSpec(property);
    vmx.set(key, uuidToVmx(value));
  }
}

/** Asking for what this host cannot do is refused, not forgotten. */
function refuseUnbuilt(spec: VirtualMachineConfigSpec): void {
  const asked = [
    spec.memoryHotAddEnabled,
    spec.cpuHotAddEnabled,
    spec.cpuHotRemoveEnabled,
    spec.virtualICH7MPresent,
    spec.virtualSMCPresent,
    spec.changeTrackingEnabled,
    spec.vAssertsEnabled,
    spec.nestedHVEnabled,
    spec.vPMCEnabled,
    spec.networkShaper?.enabled,
    spec.guestAutoLockEnabled,
    spec.memoryReservationLockedToMax,
  ].includes(true);
  const given = [
    spec.npivNodeWorldWideName?.[0],
    spec.npivPortWorldWideName?.[0],
    spec.npivWorldWideNameOp,
    spec.vAppConfig,
    spec.ftInfo,
    spec.managedBy,
    spec.scheduledHardwareUpgradeInfo,
  ].some(value => value !== undefined);
  const otherFirmware = spec.firmware !== undefined && spec.firmware !== 'bios';
  const cores = spec.numCoresPerSocket !== undefined && spec.numCoresPerSocket !== 1;
  if (asked || given || otherFirmware || cores) throw notSupported();
}
