/** Largest configuration file that is read, in bytes. */
export const maxVmxBytes = 1 << 20;
