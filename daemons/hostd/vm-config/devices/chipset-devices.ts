import type { Description, VirtualController, VirtualDevice } from '../../../../lib/vim/index.js';
import { deviceKeys } from '../device-keys.js';

export function described(label: string, summary = label): Description {
  return { label, summary };
}

/** The devices that every machine of virtual hardware 4 has; `children` are the keys below each controller. */
export function chipsetDevices(
  children: (controllerKey: number) => number[],
  videoRamKb: number,
): VirtualDevice[] {
  const controller = (_type: string, key: number, busNumber: number, label: string): VirtualDevice => {
    const device: VirtualController & { _type: string } = {
      _type,
      key,
      busNumber,
      deviceInfo: described(label),
      device: children(key),
    };
    return device;
  };
  return [
    controller('VirtualIDEController', deviceKeys.ide, 0, 'IDE 0'),
    controller('VirtualIDEController', deviceKeys.ide + 1, 1, 'IDE 1'),
    controller('VirtualPS2Controller', deviceKeys.ps2, 0, 'PS2 controller 0'),
    controller('VirtualPCIController', deviceKeys.pci, 0, 'PCI controller 0'),
    controller('VirtualSIOController', deviceKeys.sio, 0, 'SIO controller 0'),
    ...inputDevices(),
    videoCard(videoRamKb),
  ];
}

function inputDevices(): VirtualDevice[] {
  const pointingBacking = {
    _type: 'VirtualPointingDeviceDeviceBackingInfo',
    deviceName: '',
    hostPointingDevice: 'autodetect',
  };
  return [
    {
      _type: 'VirtualKeyboard',
      key: deviceKeys.keyboard,
      deviceInfo: described('Keyboard ', 'Keyboard'),
      controllerKey: deviceKeys.ps2,
      unitNumber: 0,
    },
    {
      _type: 'VirtualPointingDevice',
      key: deviceKeys.pointing,
      deviceInfo: described('Pointing device', 'Pointing device; Device'),
      backing: pointingBacking,
      controllerKey: deviceKeys.ps2,
      unitNumber: 1,
    },
  ];
}

function videoCard(videoRamSizeInKB: number): VirtualDevice {
  const card: VirtualDevice & { videoRamSizeInKB: number } = {
    _type: 'VirtualMachineVideoCard',
    key: deviceKeys.video,
    deviceInfo: described('Video card ', 'Video card'),
    controllerKey: deviceKeys.pci,
    unitNumber: 0,
    videoRamSizeInKB,
  };
  return card;
}
