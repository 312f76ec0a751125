import { CONFIG_OPERATIONS } from './config-operations.js';
import { DEVICE_OPERATIONS } from './device-operations.js';
import type { Operation } from './operation.js';
import { POWER_OPERATIONS } from './power-operations.js';
import { PROCESS_OPERATIONS } from './process-operations.js';
import { STATE_OPERATIONS } from './state-operations.js';

export type { Dialogue, Operation } from './operation.js';

/** Everything that may be asked of one machine. */
export const OPERATIONS: readonly Operation[] = [
  ...POWER_OPERATIONS,
  ...CONFIG_OPERATIONS,
  ...DEVICE_OPERATIONS,
  ...PROCESS_OPERATIONS,
  ...STATE_OPERATIONS,
];
