import type { VirtualSCSIController } from '../../../../lib/vim/index.js';
import { deviceKeys } from '../device-keys.js';
import { hardware4 } from '../hardware4.js';
import { described } from './chipset-devices.js';
import type { DeviceView } from './device-view.js';

const scsiTypes: Readonly<Record<string, readonly [string, string]>> = {
  lsilogic: ['VirtualLsiLogicController', 'LSI Logic'],
  lsisas1068: ['VirtualLsiLogicSASController', 'LSI Logic SAS'],
  pvscsi: ['ParaVirtualSCSIController', 'VMware paravirtual SCSI'],
};

export function scsiController({ lines, numbers: [bus = 0] }: DeviceView): VirtualSCSIController {
  const [_type, summary] = scsiTypes[lines.word('virtualDev')] ?? ['VirtualBusLogicController', 'BusLogic'];
  return {
    _type,
    key: deviceKeys.scsi + bus,
    deviceInfo: described(`SCSI controller ${bus}`, summary),
    controllerKey: deviceKeys.pci,
    unitNumber: 3 + bus,
    busNumber: bus,
    hotAddRemove: true,
    sharedBus: sharedBus(lines.word('sharedBus')),
    scsiCtlrUnitNumber: hardware4.scsiControllerUnit,
  };
}

function sharedBus(word: string): VirtualSCSIController['sharedBus'] {
  if (word === 'virtual') return 'virtualSharing';
  return word === 'physical' ? 'physicalSharing' : 'noSharing';
}
