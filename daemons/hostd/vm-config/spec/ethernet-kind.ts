import type {
  VirtualDeviceDeviceBackingInfo,
  VirtualEthernetCard,
  VirtualEthernetCardNetworkBackingInfo,
} from '../../../../lib/vim/index.js';
import { deviceKeys } from '../device-keys.js';
import type { DeviceLines } from '../device-lines.js';
import { hardware4 } from '../hardware4.js';
import { type DeviceChange, type DeviceKind, writeConnectable } from './device-kinds.js';
import { isManualMac } from './mac-address.js';
import { invalidBacking, invalidDevice } from './spec-fault.js';

/** Virtual adapters by the API's class. Without a virtualDev an adapter is the AMD one. */
const virtualDevs: Readonly<Record<string, { readonly dev: string; readonly features?: string }>> = {
  VirtualPCNet32: { dev: 'vlance' },
  VirtualVmxnet: { dev: 'vmxnet' },
  VirtualVmxnet2: { dev: 'vmxnet', features: '15' },
  VirtualE1000: { dev: 'e1000' },
};

export const ethernetKind: DeviceKind = {
  types: Object.keys(virtualDevs),
  place: ({ device, index, slots }) => {
    slots.requireFixedController(device, index, deviceKeys.pci);
    const node = slots.firstFree('ethernet', hardware4.ethernetCards);
    slots.requirePciSlot();
    return node;
  },
  add: (lines, change) => {
    const { device, index } = change;
    if (device.backing === undefined) throw invalidBacking(index);
    lines.set('present', true);
    const model = virtualDevs[device._type ?? ''];
    lines.set('virtualDev', model?.dev);
    lines.set('features', model?.features);
    lines.set('addressType', 'generated');
    write(lines, change);
  },
  edit: write,
};

function write(lines: DeviceLines, change: DeviceChange): void {
  const { device, index } = change;
  const card = device as VirtualEthernetCard;
  writeConnectable(lines, card.connectable);
  const { wakeOnLanEnabled = lines.flag('wakeOnPcktRcv', true) } = card;
  if (lines.flag('wakeOnPcktRcv', true) !== wakeOnLanEnabled) lines.set('wakeOnPcktRcv', wakeOnLanEnabled);
  writeAddress(lines, card, index);
  const { backing } = card;
  if (backing === undefined) return;
  const networks = ['VirtualEthernetCardNetworkBackingInfo', 'VirtualEthernetCardLegacyNetworkBackingInfo'];
  if (!networks.includes(backing._type ?? '')) throw invalidBacking(index);
  const { deviceName } = backing as VirtualDeviceDeviceBackingInfo & VirtualEthernetCardNetworkBackingInfo;
  if (deviceName === '') throw invalidBacking(index, 'backing.deviceName');
  lines.set('networkName', deviceName);
}

function writeAddress(
  lines: DeviceLines,
  { addressType, macAddress }: VirtualEthernetCard,
  index: number,
): void {
  const type = addressType?.toLowerCase();
  if (type !== undefined && type !== '' && !['generated', 'manual', 'assigned'].includes(type)) {
    throw invalidDevice(index, 'addressType');
  }
  const isManual = type === 'manual' || (!type && macAddress && macAddress !== shownAddress(lines));
  if (isManual) {
    if (macAddress === undefined || !isManualMac(macAddress)) throw invalidDevice(index, 'macAddress');
    for (const name of ['generatedAddress', 'generatedAddressOffset']) lines.set(name, undefined);
    lines.set('addressType', 'static');
    lines.set('address', macAddress.toLowerCase());
    return;
  }
  if (type === 'generated' && lines.word('addressType') !== 'generated') {
    lines.set('address', undefined);
    lines.set('addressType', 'generated');
  }
  if (type === 'assigned' && macAddress) {
    // VirtualCenter's own range, kept as it was given.
    if (!/^00:50:56:[89ab][0-9a-f](:[0-9a-f]{2}){2}$/i.test(macAddress))
      throw invalidDevice(index, 'macAddress');
    lines.set('addressType', 'vpx');
    lines.set('generatedAddress', macAddress.toLowerCase());
  }
}

function shownAddress(lines: DeviceLines): string | undefined {
  return lines.get('generatedAddress') ?? lines.get('address');
}
