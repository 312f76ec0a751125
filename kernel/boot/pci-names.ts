export interface PciNames {
  vendor(vendorId: number): string;
  device(vendorId: number, deviceId: number): string;
}

/** Names of PCI vendors and devices from a pci.ids list; '' for what it does not have. */
export function parsePciNames(text: string): PciNames {
  const names = new Map<string, string>();
  let vendor = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('C ')) break; // classes follow the vendors
    const found = /^(\t?)([0-9a-f]{4}) {2}(.*)$/.exec(line);
    if (found === null) continue;
    const [, indent = '', id = '', name = ''] = found;
    if (indent === '') vendor = id;
    names.set(indent === '' ? id : `${vendor}:${id}`, name);
  }
  const hex = (id: number): string => id.toString(16).padStart(4, '0');
  return {
    vendor: id => names.get(hex(id)) ?? '',
    device: (vendorId, deviceId) => names.get(`${hex(vendorId)}:${hex(deviceId)}`) ?? '',
  };
}
