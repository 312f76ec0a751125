import { randomBytes } from 'node:crypto';

/** A UUID as configuration files write it, `56 4d 12 ... 34-56 78 ...`, in the API's form; undefined for no UUID. */
export function uuidFromVmx(text: string | undefined): string | undefined {
  const hex = (text ?? '').replace(/[\s-]/g, '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function uuidToVmx(uuid: string): string {
  const bytes = uuid.replaceAll('-', '').toLowerCase().match(/../g) ?? [];
  return `${bytes.slice(0, 8).join(' ')}-${bytes.slice(8).join(' ')}`;
}

/** A new UUID for a virtual machine; the product's begin with 564d, "VM". */
export function newVmUuid(): string {
  const hex = `564d${randomBytes(14).toString('hex')}`;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
