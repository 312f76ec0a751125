import { LIMITS } from '../../../lib/vmx/index.js';

/** So much of a configuration file is read: one byte more than one can have, so that a longer one is noticed. */
export const vmxReadBytes: number = LIMITS.sizeBytes + 1;
