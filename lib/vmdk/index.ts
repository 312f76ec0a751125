/**
 * lib/vmdk: descriptors of virtual disks. Owns their text (parse, edit, write), geometry rules, the form of a new disk.
 *
 * Layers: line (one line: assignment, extent, space) < descriptor (order, lookups, verification) < geometry, create.
 * Bytes and values only, no I/O.
 *
 * Invariants
 * - What was not set or deleted is written back byte for byte: unknown keys, comments, order, line ends, bytes that
 *   are no UTF-8.
 * - A parsed descriptor has a version, a CID, a createType and at least one extent, within LIMITS. A defect names its
 *   line and a reason from `DescriptorDefect`.
 * - Whether a createType can be opened is the VMkernel's decision.
 */
export { type AdapterType, type FlatDisk, formatDiskUuid, newFlatDescriptor } from './create.js';
export { LIMITS, NO_PARENT, parseDescriptor, VmdkDescriptor } from './descriptor.js';
export { type DescriptorDefect, InvalidDescriptor } from './errors.js';
export { type Geometry, geometryFor, geometryOf } from './geometry.js';
export type { Extent } from './line.js';
