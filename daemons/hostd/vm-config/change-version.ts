import { createHash } from 'node:crypto';

/** Hexadecimal digest of a configuration file's bytes. */
export function vmxDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Names this content written at this time: two changes within a clock's tick have two versions. */
export function changeVersionOf(bytes: Uint8Array, modifiedMs: number): string {
  return `${new Date(modifiedMs).toISOString()}-${vmxDigest(bytes).slice(0, 12)}`;
}
