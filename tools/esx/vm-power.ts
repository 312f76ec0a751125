import { FrontDoorError } from './errors.js';
import type { InitStatus } from './init-client.js';

/** Registers VMs and powers them on, through SOAP. */
export class VmPower {
  static async login(_init: InitStatus, _password: string): Promise<VmPower> {
    throw new FrontDoorError('VmFailed', 'powering on through SOAP is not built yet');
  }

  async register(_path: string): Promise<string> {
    throw new FrontDoorError('VmFailed', 'powering on through SOAP is not built yet');
  }

  async on(_vm: string): Promise<void> {
    throw new FrontDoorError('VmFailed', 'powering on through SOAP is not built yet');
  }

  async logout(): Promise<void> {
    throw new FrontDoorError('VmFailed', 'powering on through SOAP is not built yet');
  }
}
