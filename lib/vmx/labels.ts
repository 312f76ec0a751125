import type { VmConfig } from './config.js';

const SCSI_MODELS: Readonly<Record<string, string>> = {
  lsilogic: 'LSI Logic',
  lsisas1068: 'LSI Logic SAS',
  pvscsi: 'VMware paravirtual SCSI',
};

const KINDS: readonly (readonly [RegExp, (index: number, type: string) => string])[] = [
  [/^scsi(\d+)$/, (bus, type) => `SCSI controller ${bus} (${SCSI_MODELS[type.toLowerCase()] ?? 'BusLogic'})`],
  [/^ethernet(\d+)$/, index => `Network adapter ${index + 1}`],
  [/^floppy(\d+)$/, index => `Floppy drive ${index + 1}`],
  [/^serial(\d+)$/, index => `Serial port ${index + 1}`],
  [/^parallel(\d+)$/, index => `Parallel port ${index + 1}`],
  [/^sound()$/, () => 'Sound card'],
  [/^usb()$/, () => 'USB controller'],
];

/** What people call a device of the .vmx: "Network adapter 1", "SCSI controller 0 (LSI Logic)"; its name if nothing else. */
export function deviceLabel(config: VmConfig, name: string): string {
  const disk = inOrder(config.disks.map(({ node }) => node)).indexOf(name);
  if (disk >= 0) return `Hard disk ${disk + 1}`;
  const drive = inOrder(config.cdroms.map(({ node }) => node)).indexOf(name);
  if (drive >= 0) return `CD/DVD Drive ${drive + 1}`;
  const type = config.otherDevices.find(device => device.name === name)?.type ?? '';
  for (const [pattern, label] of KINDS) {
    const match = pattern.exec(name);
    if (match !== null) return label(Number(match[1]), type);
  }
  return name;
}

/** IDE first, then SCSI, by controller and unit: the order in which the product numbers drives. */
function inOrder(nodes: readonly string[]): string[] {
  const place = (node: string): number => {
    const match = /^(ide|scsi)(\d+):(\d+)$/.exec(node);
    return (match?.[1] === 'scsi' ? 1 << 20 : 0) + Number(match?.[2]) * 256 + Number(match?.[3]);
  };
  return [...nodes].sort((a, b) => place(a) - place(b));
}
