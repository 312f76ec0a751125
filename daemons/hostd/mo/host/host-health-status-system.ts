import type { HealthSystemRuntime } from '../../../../lib/vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../../../../lib/vim-server/index.js';
import { moids } from '../moids.js';

/** Sensors of the machine: none are read. */
export class HostHealthStatusSystem implements ManagedObject {
  readonly ref = moids.healthStatusSystem;
  readonly objectClass: ObjectClass = hostHealthStatusSystemClass;
}

export const healthRuntime: HealthSystemRuntime = { systemHealthInfo: { numericSensorInfo: [] } };

export const hostHealthStatusSystemClass: ObjectClass = defineClass<
  'HostHealthStatusSystem',
  HostHealthStatusSystem
>('HostHealthStatusSystem', { properties: { runtime: () => healthRuntime }, methods: {} });
