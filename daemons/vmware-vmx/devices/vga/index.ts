/**
 * The picture that a VGA shows: pure functions of its registers and memory, whoever models the chip.
 *
 * Layers: registers < palette, dirty-grid < text, planar, linear < screen (which of the three, sizes, what changed).
 *
 * Invariants
 * - Pixels are 0x00RRGGBB. Nothing here writes the chip's registers or memory.
 * - A capture compares with what it drew last: its cost without changes is a comparison, its result the rectangles
 *   that differ.
 * - The picture is what stands: nothing blinks, the cursor is drawn.
 */
export { type Area, DirtyGrid } from './dirty-grid.js';
export type { LinearMode, VgaRegisters } from './registers.js';
export { type PictureChange, Screen } from './screen.js';
