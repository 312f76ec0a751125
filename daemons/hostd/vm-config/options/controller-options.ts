import type {
  VirtualControllerOption,
  VirtualIDEControllerOption,
  VirtualPCIControllerOption,
  VirtualPS2ControllerOption,
  VirtualSCSIControllerOption,
  VirtualSIOControllerOption,
} from '../../../../lib/vim/index.js';
import { hardware4 } from '../hardware4.js';
import { flag, none, whole } from './option-values.js';

type Typed<T> = T & { readonly _type: string };

const fixed = { deprecated: false, plugAndPlay: false, hotRemoveSupported: false };

export function controllerOptions(): VirtualControllerOption[] {
  const all = [ideOption(), pciOption(), ps2Option(), sioOption()];
  return [...all, scsiOption('VirtualBusLogicController'), scsiOption('VirtualLsiLogicController')];
}

function ideOption(): Typed<VirtualIDEControllerOption> {
  const units = whole(0, hardware4.ideUnits);
  return {
    _type: 'VirtualIDEControllerOption',
    type: 'VirtualIDEController',
    ...fixed,
    devices: units,
    supportedDevice: ['VirtualDisk', 'VirtualCdrom'],
    numIDEDisks: units,
    numIDECdroms: units,
  };
}

function scsiOption(type: 'VirtualBusLogicController' | 'VirtualLsiLogicController') {
  const option: Typed<VirtualSCSIControllerOption> = {
    _type: `${type}Option`,
    type,
    controllerType: 'VirtualPCIController',
    ...fixed,
    devices: whole(0, hardware4.scsiUnits),
    supportedDevice: ['VirtualDisk'],
    numSCSIDisks: whole(0, hardware4.scsiUnits),
    numSCSICdroms: none,
    numSCSIPassthrough: none,
    sharing: ['noSharing', 'virtualSharing', 'physicalSharing'],
    defaultSharedIndex: 0,
    hotAddRemove: flag(true, true),
    scsiCtlrUnitNumber: hardware4.scsiControllerUnit,
  };
  return option;
}

function pciOption(): Typed<VirtualPCIControllerOption> {
  return {
    _type: 'VirtualPCIControllerOption',
    type: 'VirtualPCIController',
    ...fixed,
    devices: whole(0, hardware4.pciSlots),
    supportedDevice: [
      'VirtualBusLogicController',
      'VirtualLsiLogicController',
      'VirtualPCNet32',
      'VirtualVmxnet',
      'VirtualVmxnet2',
      'VirtualE1000',
      'VirtualMachineVideoCard',
    ],
    numSCSIControllers: whole(0, hardware4.scsiControllers),
    numEthernetCards: whole(0, hardware4.ethernetCards),
    numVideoCards: whole(1, 1),
    numSoundCards: none,
    numVmiRoms: none,
    numVmciDevices: none,
    numPCIPassthroughDevices: none,
    numSasSCSIControllers: none,
    numVmxnet3EthernetCards: none,
    numParaVirtualSCSIControllers: none,
    numSATAControllers: none,
  };
}

function ps2Option(): Typed<VirtualPS2ControllerOption> {
  return {
    _type: 'VirtualPS2ControllerOption',
    type: 'VirtualPS2Controller',
    ...fixed,
    devices: whole(2, 2),
    supportedDevice: ['VirtualKeyboard', 'VirtualPointingDevice'],
    numKeyboards: whole(1, 1),
    numPointingDevices: whole(1, 1),
  };
}

function sioOption(): Typed<VirtualSIOControllerOption> {
  const { floppies, serialPorts, parallelPorts } = hardware4;
  return {
    _type: 'VirtualSIOControllerOption',
    type: 'VirtualSIOController',
    ...fixed,
    devices: whole(0, floppies + serialPorts + parallelPorts),
    supportedDevice: ['VirtualFloppy', 'VirtualSerialPort', 'VirtualParallelPort'],
    numFloppyDrives: whole(0, floppies),
    numSerialPorts: whole(0, serialPorts),
    numParallelPorts: whole(0, parallelPorts),
  };
}
