import { createHash, randomBytes } from 'node:crypto';
import type { RunningConfig } from './running-config.js';

/** What the administrator says of a VM that is not where it was. */
export type WhereFrom = 'moved' | 'copied' | 'cancel';

/** The UUID of a place, as a .vmx writes it: another path or another volume has another one. */
export function locationUuid(vmxPath: string): string {
  return vmUuid(createHash('sha1').update(vmxPath).digest().subarray(0, 16));
}

/** The product's begin with 56 4d, "VM". */
function vmUuid(bytes: Uint8Array): string {
  bytes.set([0x56, 0x4d]);
  const hex = [...bytes].map(byte => byte.toString(16).padStart(2, '0'));
  return `${hex.slice(0, 8).join(' ')}-${hex.slice(8).join(' ')}`;
}

/**
 * At power-on: notes where the VM is, and gives it an identity of its own when it is new or a copy. `uuid.action` (keep,
 * create or change) answers beforehand. A uuid.location that equals uuid.bios was written when the VM was made.
 * @returns false when the power-on shall be given up
 */
export async function settleIdentity(
  config: RunningConfig,
  vmxPath: string,
  ask: () => Promise<WhereFrom>,
): Promise<boolean> {
  const here = locationUuid(vmxPath);
  const before = digits(config.get('uuid.location'));
  const identity = digits(config.get('uuid.bios'));
  if (before === digits(here)) return true;
  const isNew = before === '' || before === identity;
  const from = isNew ? 'moved' : (actionOf(config.get('uuid.action')) ?? (await ask()));
  if (from === 'cancel') return false;
  const needsOwn = from === 'copied' || identity === '';
  await config.changeOwn({
    'uuid.location': here,
    ...(needsOwn ? { 'uuid.bios': vmUuid(randomBytes(16)) } : {}),
  });
  return true;
}

function digits(uuid: string | undefined): string {
  return (uuid ?? '').replace(/[\s-]/g, '').toLowerCase();
}

function actionOf(setting: string | undefined): WhereFrom | undefined {
  const action = setting?.trim().toLowerCase();
  if (action === 'keep') return 'moved';
  return action === 'create' || action === 'change' ? 'copied' : undefined;
}
