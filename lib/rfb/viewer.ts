import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { ByteReader } from './byte-reader.js';
import { type ClientMessageHandler, ClientMessages } from './client-messages.js';
import { type Clock, SYSTEM_CLOCK, within } from './clock.js';
import type { Display, InputSink } from './display.js';
import { Encoding } from './encodings.js';
import { Handshake } from './handshake.js';
import { type RfbDefect, RfbError } from './rfb-error.js';
import { serverInit } from './server-messages.js';
import { CAPTURE_WAIT_MS, Updates } from './updates.js';
import { CHALLENGE_BYTES } from './vnc-auth.js';

const HANDSHAKE_MS = 15_000;
/** A viewer that took nothing of an update for so long is gone, or might as well be. */
const STALL_MS = 60_000;
/** More of one viewer wait for the next turn of the event loop: who floods does not keep others waiting. */
const MESSAGES_A_TURN = 128;
/** The zero of relative motion (QEMU's pointer motion change). */
const MOTION_ZERO = 0x7fff;

export interface ViewerOptions {
  /** Its bytes may be kept by the stream: they are not written again. */
  readonly stream: Duplex;
  /** Plain viewers begin with ProtocolVersion; who came by a ticket is identified and begins with ServerInit. */
  readonly entry: 'handshake' | 'serverInit';
  /** The VM's name, as the viewer's window shows it. */
  readonly name: string;
  /** For `handshake`; null: everybody is let in. */
  readonly password: string | null;
  readonly display: Display;
  readonly input: InputSink;
  /** Why no further viewer is let in; null: one is. */
  readonly refusal: () => string | null;
  /** The viewer is let in. @param shared whether it wants the others to stay */
  readonly started: (shared: boolean) => void;
  /** Called once. @param defect what the viewer did wrong; null: nothing */
  readonly ended: (reason: string, defect: RfbDefect | null) => void;
  readonly clock?: Clock;
}

/** One viewer's session, from its first byte to its end. */
export class Viewer implements ClientMessageHandler {
  readonly #options: ViewerOptions;
  readonly #clock: Clock;
  readonly #handshake: Handshake;
  readonly #reader = new ByteReader();
  readonly #messages = new ClientMessages(this);
  #updates: Updates | null = null;
  #cancelDeadline: () => void;
  #unsubscribe: () => void = () => undefined;
  #cancelRest: () => void = () => undefined;
  #starting = false;
  #ended = false;

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#cancelDeadline = this.#deadline(HANDSHAKE_MS, 'the handshake was not finished in time');
    this.#handshake = new Handshake({
      password: options.password,
      challenge: randomBytes(CHALLENGE_BYTES),
      refusal: options.refusal,
      send: bytes => void this.#write(bytes).catch(() => this.end('the connection broke')),
    });
    const { stream } = options;
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    stream.on('end', () => this.end('the viewer left'));
    stream.on('close', () => this.end('the viewer left'));
    stream.on('error', error => this.end(`the connection broke: ${error.message}`));
    if (options.entry === 'handshake') this.#handshake.start();
    else this.#identified(true);
  }

  /** @param reason for the log; the viewer sees its connection close */
  end(reason: string, defect: RfbDefect | null = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelDeadline();
    this.#unsubscribe();
    this.#cancelRest();
    this.#updates?.close();
    this.#options.stream.end();
    const cancel = this.#clock.after(1000, () => this.#options.stream.destroy());
    this.#options.stream.once('close', cancel);
    if (this.#updates !== null) this.#options.input.release();
    this.#options.ended(reason, defect);
  }

  #receive(bytes: Buffer): void {
    if (this.#ended) return;
    this.#try(() => {
      this.#reader.push(bytes);
      if (this.#updates === null) {
        if (!this.#starting && this.#handshake.advance(this.#reader))
          this.#identified(this.#handshake.shared);
      } else this.#readMessages();
    });
  }

  #readMessages(): void {
    if (this.#messages.read(this.#reader, MESSAGES_A_TURN) || this.#ended) return;
    this.#options.stream.pause();
    this.#cancelRest = this.#clock.after(0, () =>
      this.#try(() => {
        this.#options.stream.resume();
        this.#readMessages();
      }),
    );
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RfbError)) throw error;
      this.end(`${error.code}: ${error.message}`, error.code);
    }
  }

  /** What the viewer is to be shown may not have been looked at yet: ServerInit waits for the picture's size. */
  #identified(shared: boolean): void {
    const { display, stream } = this.#options;
    this.#starting = true;
    stream.pause();
    this.#unsubscribe = display.on({
      changed: rects => this.#updates?.changed(rects),
      resized: () => this.#updates?.resized(),
      leds: () => this.#updates?.lightsChanged(),
      pointerMode: () => this.#updates?.pointerChanged(),
    });
    within(this.#clock, CAPTURE_WAIT_MS, display.capture()).then(
      () => this.#try(() => this.#start(shared)),
      error => this.end(`the picture cannot be read: ${error}`),
    );
  }

  #start(shared: boolean): void {
    if (this.#ended) return;
    const { display, name, refusal, started, stream } = this.#options;
    const reason = refusal();
    if (reason !== null) throw new RfbError('Refused', reason);
    this.#cancelDeadline();
    const updates = new Updates({
      display,
      clock: this.#clock,
      write: bytes => this.#write(bytes),
      absolutePointer: () => this.#absolutePointer,
      failed: error => this.end(error instanceof Error ? error.message : String(error)),
    });
    this.#updates = updates;
    void this.#write(serverInit(updates.width, updates.height, name)).catch(() =>
      this.end('the connection broke'),
    );
    started(shared);
    stream.resume();
    this.#readMessages();
  }

  setPixelFormat(format: Parameters<ClientMessageHandler['setPixelFormat']>[0]): void {
    this.#updates?.setPixelFormat(format);
  }

  setEncodings(encodings: readonly number[]): void {
    this.#updates?.setEncodings(encodings);
  }

  updateRequest(...[area, incremental]: Parameters<ClientMessageHandler['updateRequest']>): void {
    this.#updates?.request(area, incremental);
  }

  key(keysym: number, down: boolean): void {
    if (!this.#ended) this.#options.input.key(keysym, down);
  }

  extendedKey(xtCode: number, _keysym: number, down: boolean): void {
    if (!this.#ended) this.#options.input.scancode(xtCode, down);
  }

  pointer(x: number, y: number, buttons: number): void {
    const { display, input } = this.#options;
    if (this.#ended) return;
    const told = this.#updates?.understands.has(Encoding.pointerMotionChange);
    if (told && !this.#absolutePointer) input.motion?.(x - MOTION_ZERO, y - MOTION_ZERO, buttons);
    else input.pointer(Math.min(x, display.width - 1), Math.min(y, display.height - 1), buttons);
  }

  get #absolutePointer(): boolean {
    const { display, input } = this.#options;
    return display.absolutePointer || input.motion === undefined;
  }

  setDesktopSize(): void {
    this.#updates?.sizeAsked();
  }

  #write(bytes: Buffer | Uint8Array): Promise<void> {
    const cancel = this.#deadline(STALL_MS, 'the viewer takes nothing');
    return new Promise((resolve, reject) => {
      this.#options.stream.write(bytes, error => {
        cancel();
        if (error) reject(error);
        else resolve();
      });
    });
  }

  #deadline(delayMs: number, reason: string): () => void {
    return this.#clock.after(delayMs, () => {
      this.#options.stream.destroy();
      this.end(reason);
    });
  }
}
