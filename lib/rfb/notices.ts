import type { KeyboardLights } from './display.js';
import { Encoding, type ViewerEncodings } from './encodings.js';
import {
  desktopSize,
  extendedDesktopSize,
  extendedKeysWork,
  keyboardLights,
  type PseudoRect,
  pointerMode,
} from './server-messages.js';

type Notice = 'extendedKeys' | 'pointerMode' | 'lights' | 'size' | 'sizeProhibited';

/** What notices tell of. */
export interface NoticeFacts {
  /** The size that the viewer knows. */
  readonly width: number;
  readonly height: number;
  readonly lights: KeyboardLights | null;
  readonly absolutePointer: boolean;
}

/** What a viewer is yet to be told beside the picture: each at most once, as it is when it is told. */
export class Notices {
  readonly #due = new Set<Notice>();

  /** A viewer said what it understands: it is told what of that this server does. */
  announce(encodings: ViewerEncodings): void {
    this.#due.clear();
    if (encodings.has(Encoding.extendedKeyEvent)) this.#due.add('extendedKeys');
    if (encodings.has(Encoding.extendedDesktopSize)) this.#due.add('size');
    this.lightsChanged(encodings);
    this.pointerChanged(encodings);
  }

  lightsChanged(encodings: ViewerEncodings): void {
    if (lightsEncoding(encodings) !== null) this.#due.add('lights');
  }

  pointerChanged(encodings: ViewerEncodings): void {
    if (encodings.has(Encoding.pointerMotionChange)) this.#due.add('pointerMode');
  }

  sizeAsked(encodings: ViewerEncodings): void {
    if (encodings.has(Encoding.extendedDesktopSize)) this.#due.add('sizeProhibited');
  }

  get pending(): boolean {
    return this.#due.size > 0;
  }

  /** @returns what is due; nothing is due after it */
  take(encodings: ViewerEncodings, facts: NoticeFacts): PseudoRect[] {
    const { width, height } = facts;
    const rects: PseudoRect[] = [];
    if (this.#due.has('extendedKeys')) rects.push(extendedKeysWork());
    if (this.#due.has('pointerMode')) rects.push(pointerMode(facts.absolutePointer, width, height));
    const lights = lightsEncoding(encodings);
    if (this.#due.has('lights') && facts.lights !== null && lights !== null)
      rects.push(keyboardLights(facts.lights, lights));
    if (this.#due.has('size')) rects.push(extendedDesktopSize(width, height, 'server'));
    if (this.#due.has('sizeProhibited')) rects.push(extendedDesktopSize(width, height, 'prohibited'));
    this.#due.clear();
    return rects;
  }
}

/** @returns how this viewer is told of another size of the picture; null: it cannot be */
export function sizeNotice(encodings: ViewerEncodings, width: number, height: number): PseudoRect | null {
  if (encodings.has(Encoding.extendedDesktopSize)) return extendedDesktopSize(width, height, 'server');
  return encodings.has(Encoding.desktopSize) ? desktopSize(width, height) : null;
}

function lightsEncoding(encodings: ViewerEncodings): number | null {
  if (encodings.has(Encoding.ledState)) return Encoding.ledState;
  return encodings.has(Encoding.vmwareLedState) ? Encoding.vmwareLedState : null;
}
