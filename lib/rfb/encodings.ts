/** Encodings and pseudo-encodings: RFC 6143 7.7, 7.8 and the community's registry. */
export const Encoding = {
  raw: 0,
  copyRect: 1,
  hextile: 5,
  tight: 7,
  zrle: 16,
  desktopSize: -223,
  extendedKeyEvent: -258,
  pointerMotionChange: -257,
  ledState: -261,
  extendedDesktopSize: -308,
  /** "WMVh": VMware's keyboard lights. */
  vmwareLedState: 0x574d5668,
} as const;

/** Tight's compression levels 0 to 9 are the pseudo-encodings −256 to −247. */
const COMPRESS_LEVEL_0 = -256;
const COMPRESS_LEVEL_9 = -247;

export type PixelEncoding = 'raw' | 'hextile' | 'zrle' | 'tight';

const PIXEL_ENCODINGS: ReadonlyMap<number, PixelEncoding> = new Map([
  [Encoding.raw, 'raw'],
  [Encoding.hextile, 'hextile'],
  [Encoding.zrle, 'zrle'],
  [Encoding.tight, 'tight'],
]);

/** What a viewer said it understands by SetEncodings. */
export interface ViewerEncodings {
  /** The first of its list that this server has; Raw, which every viewer has to know, if none. */
  readonly pixels: PixelEncoding;
  /** Null: the viewer did not say. */
  readonly compressLevel: number | null;
  has(encoding: number): boolean;
}

export function viewerEncodings(list: readonly number[]): ViewerEncodings {
  const pixels = list.map(encoding => PIXEL_ENCODINGS.get(encoding)).find(name => name !== undefined);
  const level = list.find(encoding => encoding >= COMPRESS_LEVEL_0 && encoding <= COMPRESS_LEVEL_9);
  const known = new Set(list);
  return {
    pixels: pixels ?? 'raw',
    compressLevel: level === undefined ? null : level - COMPRESS_LEVEL_0,
    has: encoding => known.has(encoding),
  };
}
