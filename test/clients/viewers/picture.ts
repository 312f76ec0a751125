import { runProgram } from '../../harness/index.js';

/** Pixels as 0xRRGGBB, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
}

/** Decodes a PNG, or X's window dumps, with netpbm. */
export async function decodePicture(bytes: Buffer, program: 'pngtopnm' | 'xwdtopnm'): Promise<Picture> {
  const { status, stdout, stderr } = await runProgram(`/usr/bin/${program}`, [], { input: bytes });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  const head = /^P6\n(\d+) (\d+)\n255\n/.exec(stdout.toString('latin1', 0, 40));
  if (head === null) throw new Error(`${program} gave no colour picture`);
  const [width, height] = [Number(head[1]), Number(head[2])];
  const pixels = Uint32Array.from({ length: width * height }, (_, i) =>
    stdout.readUIntBE(head[0].length + 3 * i, 3),
  );
  return { width, height, pixels };
}

/** Where in a picture a smaller one stands, exactly. @returns undefined when it does not */
export function findPicture(inside: Picture, wanted: Picture): { x: number; y: number } | undefined {
  for (let y = 0; y <= inside.height - wanted.height; y++)
    for (let x = 0; x <= inside.width - wanted.width; x++)
      if (standsAt(inside, wanted, x, y)) return { x, y };
  return undefined;
}

function standsAt(inside: Picture, wanted: Picture, x: number, y: number): boolean {
  for (let i = 0; i < wanted.pixels.length; i++) {
    const row = y + Math.floor(i / wanted.width);
    if (inside.pixels[row * inside.width + x + (i % wanted.width)] !== wanted.pixels[i]) return false;
  }
  return true;
}
