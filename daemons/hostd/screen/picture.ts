import type { VmkernelLink } from '../vmkernel/vmkernel-link.js';
import { encodePng } from './png.js';

/** The longest side that a picture is scaled to. */
export const MAX_SIDE = 4096;

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 0x00RRGGBB, row by row. */
  readonly pixels: Uint32Array;
}

/** The part of a picture that is wanted, and the size to bring it to. What is left out is as the picture has it. */
export interface View {
  readonly left?: number | undefined;
  readonly top?: number | undefined;
  /** First column and row that are left out. */
  readonly right?: number | undefined;
  readonly bottom?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** What a machine shows now. @throws VmkernelError */
export async function takePicture(link: VmkernelLink, vmxPath: string): Promise<Picture> {
  const { result, body } = await link.callWithBody('readPicture', { vmxPath });
  const { width, height } = result;
  return { width, height, pixels: new Uint32Array(body.slice().buffer, 0, width * height) };
}

export function toPng(picture: Picture, view: View = {}): Promise<Buffer> {
  const seen = scale(cut(picture, view), view);
  return encodePng(seen.width, seen.height, seen.pixels);
}

function cut(picture: Picture, view: View): Picture {
  const left = Math.min(view.left ?? 0, picture.width - 1);
  const top = Math.min(view.top ?? 0, picture.height - 1);
  const right = Math.min(view.right ?? picture.width, picture.width);
  const bottom = Math.min(view.bottom ?? picture.height, picture.height);
  const width = Math.max(1, right - left);
  const height = Math.max(1, bottom - top);
  if (width === picture.width && height === picture.height) return picture;
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * picture.width + left;
    pixels.set(picture.pixels.subarray(from, from + width), y * width);
  }
  return { width, height, pixels };
}

const side = (wanted: number): number => Math.max(1, Math.min(MAX_SIDE, Math.round(wanted)));

/** Nearest pixels: text stays sharp where it grows. With one of the two sizes the other keeps the proportion. */
function scale(picture: Picture, view: View): Picture {
  const ratio = picture.height / picture.width;
  const wide = view.width ?? (view.height === undefined ? picture.width : view.height / ratio);
  const width = side(wide);
  const height = side(view.height ?? width * ratio);
  if (width === picture.width && height === picture.height) return picture;
  const pixels = new Uint32Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor((y * picture.height) / height) * picture.width;
    for (let x = 0; x < width; x++, at++)
      pixels[at] = picture.pixels[row + Math.floor((x * picture.width) / width)] ?? 0;
  }
  return { width, height, pixels };
}
