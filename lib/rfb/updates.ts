import { ByteWriter } from './byte-writer.js';
import { type Clock, within } from './clock.js';
import { DirtyRegion } from './dirty-region.js';
import type { Display, Rect } from './display.js';
import { createEncoder, type RectEncoder } from './encode/index.js';
import { Encoding, type PixelEncoding, type ViewerEncodings, viewerEncodings } from './encodings.js';
import { Notices, sizeNotice } from './notices.js';
import { piecesOf } from './picture.js';
import { type PixelCodec, pixelCodec } from './pixel-codec.js';
import { type PixelFormat, RGB888 } from './pixel-format.js';
import type { RowMove } from './scroll.js';
import {
  type PseudoRect,
  putColourMap,
  putMove,
  putPseudoRect,
  putRectHead,
  putUpdateHead,
} from './server-messages.js';
import { ViewerPicture } from './viewer-picture.js';

/** 30 updates a second at most; a viewer whose updates are costly gets fewer: half of the thread's time is theirs. */
const MIN_INTERVAL_MS = 33;
const FLUSH_BYTES = 65_536;
/** A VM that gets no CPU draws nothing; a viewer then sees what was there before. */
export const CAPTURE_WAIT_MS = 500;
const DEFAULT_LEVEL = 2;

interface Plan {
  readonly notices: readonly PseudoRect[];
  readonly move: RowMove | null;
  readonly rects: readonly Rect[];
}

export interface UpdatesOptions {
  readonly display: Display;
  readonly clock: Clock;
  /** Resolves when the bytes have left this process; rejects when the viewer is gone. */
  readonly write: (bytes: Buffer) => Promise<void>;
  readonly failed: (error: unknown) => void;
  /** Whether the viewer shall send positions of the pointer; else motion. */
  readonly absolutePointer: () => boolean;
}

/**
 * What one viewer is sent after ServerInit: one update for each request, none before the former has left, none sooner
 * than the pace allows. While it waits changes are only noted.
 */
export class Updates {
  readonly #options: UpdatesOptions;
  readonly #notices = new Notices();
  readonly #out = new ByteWriter();
  readonly #encoders = new Map<PixelEncoding, RectEncoder>();
  #format: PixelFormat = RGB888;
  /** Of the format; null: not made yet. */
  #codec: PixelCodec | null = null;
  #colourMapDue = false;
  #encodings: ViewerEncodings = viewerEncodings([]);
  #picture: ViewerPicture;
  #dirty: DirtyRegion;
  /** What the viewer waits for; null: it has not asked. */
  #wanted: Rect | null = null;
  /** What is sent whether or not it differs from what was sent. */
  #whole: Rect | null;
  #sending = false;
  #closed = false;
  #nextAt = 0;
  #cancelTimer: (() => void) | null = null;
  #busyMs = 0;

  constructor(options: UpdatesOptions) {
    this.#options = options;
    const { width, height } = options.display;
    this.#picture = new ViewerPicture(width, height);
    this.#dirty = new DirtyRegion(width, height);
    this.#whole = this.#all;
  }

  /** The size that the viewer knows. */
  get width(): number {
    return this.#picture.width;
  }

  get height(): number {
    return this.#picture.height;
  }

  get understands(): ViewerEncodings {
    return this.#encodings;
  }

  setPixelFormat(format: PixelFormat): void {
    this.#format = format;
    this.#codec = null;
    this.#colourMapDue = !format.trueColour;
  }

  setEncodings(list: readonly number[]): void {
    this.#encodings = viewerEncodings(list);
    this.#notices.announce(this.#encodings);
    this.#advance();
  }

  request(area: Rect, incremental: boolean): void {
    const inside = intersection(area, this.#all);
    if (inside === null) return;
    this.#wanted = union(this.#wanted, inside);
    if (!incremental) this.#whole = union(this.#whole, inside);
    this.#advance();
  }

  sizeAsked(): void {
    this.#notices.sizeAsked(this.#encodings);
    this.#advance();
  }

  changed(rects: readonly Rect[]): void {
    for (const rect of rects) this.#dirty.add(rect);
    this.#advance();
  }

  resized(): void {
    this.#whole = this.#all;
    this.#advance();
  }

  lightsChanged(): void {
    this.#notices.lightsChanged(this.#encodings);
    this.#advance();
  }

  pointerChanged(): void {
    this.#notices.pointerChanged(this.#encodings);
    this.#advance();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    for (const encoder of this.#encoders.values()) encoder.close();
  }

  /** Does what can be done now; called whenever something has changed. */
  #advance(): void {
    if (this.#wanted === null || this.#sending || this.#closed || this.#cancelTimer !== null) return;
    const waitMs = this.#nextAt - this.#options.clock.now();
    if (waitMs > 0) {
      this.#cancelTimer = this.#options.clock.after(waitMs, () => {
        this.#cancelTimer = null;
        this.#advance();
      });
    } else if (this.#due(this.#wanted)) {
      this.#sending = true;
      void this.#update().catch(error => this.#options.failed(error));
    } else this.#options.display.request();
  }

  #due(wanted: Rect): boolean {
    if (this.#notices.pending || this.#resizeDue !== null || this.#dirty.intersects(wanted)) return true;
    return this.#whole !== null && intersection(this.#whole, wanted) !== null;
  }

  /** How the viewer is to be told of the picture's size; null: it knows, or could not be told. */
  get #resizeDue(): PseudoRect | null {
    const { width, height } = this.#options.display;
    if (width === this.width && height === this.height) return null;
    return sizeNotice(this.#encodings, width, height);
  }

  async #update(): Promise<void> {
    const { display, clock } = this.#options;
    // The picture is drawn on request: what a viewer is given whole must not be what was there some time ago.
    if (this.#whole !== null) await within(clock, CAPTURE_WAIT_MS, display.capture());
    const start = clock.now();
    this.#busyMs = 0;
    const plan = this.#timed(() => this.#plan());
    if (plan !== null) {
      await this.#send(plan);
      this.#nextAt = Math.max(start + MIN_INTERVAL_MS, start + 2 * this.#busyMs);
    }
    this.#sending = false;
    if (plan !== null) this.#advance();
    else display.request();
  }

  /** @returns null when nothing of what the viewer waits for has changed */
  #plan(): Plan | null {
    const wanted = this.#wanted;
    if (wanted === null) return null;
    const { display } = this.#options;
    const resize = this.#resizeDue;
    if (resize !== null) return this.#resize(resize);
    const whole = this.#whole === null ? null : intersection(this.#whole, wanted);
    const dirty = this.#dirty.take(wanted);
    const full = wanted.width === this.width && wanted.height === this.height;
    const scroll = whole === null && full && this.#encodings.has(Encoding.copyRect);
    const changes = this.#picture.update(display, dirty, scroll);
    if (whole !== null) {
      this.#picture.copy(display, whole);
      this.#whole = null;
    }
    const rects = whole === null ? changes.rects : [...changes.rects.filter(r => !contains(whole, r)), whole];
    const notices = this.#notices.take(this.#encodings, {
      width: this.width,
      height: this.height,
      lights: display.lights,
      absolutePointer: this.#options.absolutePointer(),
    });
    if (notices.length === 0 && rects.length === 0 && changes.move === null) return null;
    this.#wanted = null;
    return { notices, move: changes.move, rects: rects.flatMap(piecesOf) };
  }

  #resize(notice: PseudoRect): Plan {
    const { width, height } = this.#options.display;
    this.#picture = new ViewerPicture(width, height);
    this.#dirty = new DirtyRegion(width, height);
    this.#whole = this.#all;
    this.#wanted = null;
    return { notices: [notice], move: null, rects: [] };
  }

  async #send(plan: Plan): Promise<void> {
    const out = this.#out;
    const picture = this.#picture;
    this.#codec ??= pixelCodec(this.#format);
    const codec = this.#codec;
    const encoder = this.#encoder(this.#encodings.pixels);
    out.clear();
    if (this.#colourMapDue) putColourMap(out);
    this.#colourMapDue = false;
    putUpdateHead(out, plan.notices.length + plan.rects.length + (plan.move === null ? 0 : 1));
    for (const notice of plan.notices) putPseudoRect(out, notice);
    if (plan.move !== null) putMove(out, plan.move);
    for (const rect of plan.rects) {
      putRectHead(out, rect, encoder.encoding);
      const start = this.#options.clock.now();
      await encoder.encode(picture, rect, codec, out);
      this.#busyMs += this.#options.clock.now() - start;
      if (out.length >= FLUSH_BYTES) await this.#flush();
    }
    await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#out.length === 0) return;
    // A copy: who takes the bytes may keep them for longer than the next update waits.
    const bytes = Buffer.from(this.#out.view());
    this.#out.clear();
    await this.#options.write(bytes);
  }

  #encoder(name: PixelEncoding): RectEncoder {
    const known = this.#encoders.get(name);
    if (known !== undefined) return known;
    const encoder = createEncoder(name, this.#encodings.compressLevel ?? DEFAULT_LEVEL);
    this.#encoders.set(name, encoder);
    return encoder;
  }

  #timed<T>(work: () => T): T {
    const start = this.#options.clock.now();
    const result = work();
    this.#busyMs += this.#options.clock.now() - start;
    return result;
  }

  get #all(): Rect {
    return { x: 0, y: 0, width: this.#picture.width, height: this.#picture.height };
  }
}

function intersection(a: Rect, b: Rect): Rect | null {
  const [x, y] = [Math.max(a.x, b.x), Math.max(a.y, b.y)];
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** @returns the smallest rectangle around both */
function union(a: Rect | null, b: Rect): Rect {
  if (a === null) return b;
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  const width = Math.max(a.x + a.width, b.x + b.width) - x;
  return { x, y, width, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

function contains(outer: Rect, inner: Rect): boolean {
  const inside = intersection(outer, inner);
  return inside?.width === inner.width && inside.height === inner.height;
}
