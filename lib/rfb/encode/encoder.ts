import type { ByteWriter } from '../byte-writer.js';
import type { Rect } from '../display.js';
import type { Picture } from '../picture.js';
import type { PixelCodec } from '../pixel-codec.js';

/** One encoding for one viewer, with what it has to remember between rectangles. */
export interface RectEncoder {
  /** Its number in a rectangle's head. */
  readonly encoding: number;
  /**
   * Appends a rectangle's data, without its head.
   * @param rect one of `piecesOf`
   */
  encode(picture: Picture, rect: Rect, codec: PixelCodec, out: ByteWriter): void | Promise<void>;
  /** Frees what it holds outside of the heap; an `encode` that is under way fails. */
  close(): void;
}
