import type { VgaRegisters } from './registers.js';

const COLOR_SELECT_ENABLE = 0x80;

/** The 16 colours of the text and 16-colour modes, through internal palette, colour select, PEL mask and DAC. */
export function sixteenColors(vga: VgaRegisters, into: Int32Array): void {
  const { dac, internalPalette, pelMask, attributeMode, colorPlaneEnable, colorSelect } = vga;
  const high = (colorSelect << 4) & 0xc0;
  const middle = (colorSelect << 4) & 0x30;
  const selects = (attributeMode & COLOR_SELECT_ENABLE) !== 0;
  for (let i = 0; i < 16; i++) {
    const entry = (internalPalette[i & colorPlaneEnable] ?? 0) & 0x3f;
    const index = selects ? (entry & 0x0f) | middle | high : entry | high;
    into[i] = (dac[index & pelMask] ?? 0) & 0xffffff;
  }
}

/** Copies what differs. @returns whether anything did */
export function refresh(kept: Int32Array, now: Int32Array): boolean {
  let differs = false;
  for (let i = 0; i < kept.length; i++) {
    if (kept[i] === now[i]) continue;
    kept[i] = now[i] ?? 0;
    differs = true;
  }
  return differs;
}
