import type { VmxDocument } from '../../../../lib/vmx/index.js';
import { DeviceLines } from '../device-lines.js';
import { hardware4 } from '../hardware4.js';

/** Addresses that people may give: 00:50:56:00:00:00 to 00:50:56:3f:ff:ff. */
export function isManualMac(address: string): boolean {
  return /^00:50:56:[0-3][0-9a-f](:[0-9a-f]{2}){2}$/i.test(address);
}

/**
 * Gives adapters their generated addresses: 00:0c:29 and the end of the machine's UUID, ten further for each adapter.
 * One that has its address keeps it.
 */
export function generateAddresses(vmx: VmxDocument): void {
  const uuid = (vmx.get('uuid.bios') ?? '').replace(/[\s-]/g, '');
  if (!/^[0-9a-f]{32}$/i.test(uuid)) return;
  const base = Number.parseInt(uuid.slice(-6), 16);
  for (let number = 0; number < hardware4.ethernetCards; number += 1) {
    const lines = new DeviceLines(vmx, `ethernet${number}`);
    const isGenerated = ['', 'generated'].includes(lines.word('addressType'));
    if (!lines.isPresent || !isGenerated || lines.get('generatedAddress') !== undefined) continue;
    const offset = number * 10;
    const tail = ((base + offset) & 0xff_ffff).toString(16).padStart(6, '0').match(/../g) ?? [];
    lines.set('addressType', 'generated');
    lines.set('generatedAddress', ['00', '0c', '29', ...tail].join(':'));
    lines.set('generatedAddressOffset', offset);
  }
}
