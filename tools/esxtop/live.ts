import type { Host } from './host.js';
import { type CpuSample, ratesBetween } from './rates.js';
import { type Screen, splitKeys } from './screen.js';
import type { Snapshot } from './snapshot.js';
import { type Effect, press, type View, viewText } from './view.js';

/** The terminal's keyboard: process.stdin. */
export interface KeySource {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  setEncoding(encoding: 'utf8'): unknown;
  on(event: 'data', listener: (text: string) => void): unknown;
  on(event: 'end' | 'error', listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface LiveParts {
  readonly host: Host;
  readonly screen: Screen;
  readonly keys: KeySource;
  /** Calls back when the terminal has another size. */
  onResize(listener: () => void): void;
  /** Writes the configuration. @returns what to tell */
  save(view: View): string;
}

/** The scheduler publishes twice a second: a first look after this time has something to show. */
const FIRST_LOOK_MS = 700;

/** The panel on a terminal, until a key, the count of looks, the host's end or `stop` ends it. */
export class LiveSession {
  readonly #parts: LiveParts;
  readonly #ended = new AbortController();
  #view: View;
  #looksLeft: number;
  #before: Snapshot;
  #sample: CpuSample | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: LiveParts, view: View, iterations: number | null) {
    this.#parts = parts;
    this.#view = view;
    this.#looksLeft = iterations ?? Number.POSITIVE_INFINITY;
    this.#before = parts.host.snapshot(null);
  }

  /** Resolves when the session is over; the terminal is as it was then. */
  async run(stop: AbortSignal): Promise<void> {
    const { host, screen, keys } = this.#parts;
    const over = AbortSignal.any([stop, host.gone, this.#ended.signal]);
    screen.enter();
    try {
      this.#listen();
      this.#draw();
      this.#lookIn(FIRST_LOOK_MS);
      await aborted(over);
    } finally {
      clearTimeout(this.#timer);
      if (keys.isTTY) keys.setRawMode?.(false);
      keys.pause();
      screen.leave();
    }
  }

  #listen(): void {
    const { keys, screen, onResize } = this.#parts;
    if (keys.isTTY) keys.setRawMode?.(true);
    keys.setEncoding('utf8');
    keys.on('data', text => {
      for (const key of splitKeys(text)) this.#press(key);
    });
    keys.on('end', () => this.#ended.abort());
    keys.on('error', () => this.#ended.abort());
    keys.resume();
    onResize(() => {
      screen.repaint();
      this.#draw();
    });
  }

  #press(key: string): void {
    const delayMs = this.#view.delayMs;
    const { view, effect } = press(this.#view, key);
    this.#view = view;
    this.#apply(effect);
    if (view.delayMs !== delayMs) this.#lookIn(view.delayMs);
    this.#draw();
  }

  #apply(effect: Effect): void {
    if (effect === 'quit') this.#ended.abort();
    else if (effect === 'repaint') this.#parts.screen.repaint();
    else if (effect === 'save') this.#view = { ...this.#view, message: this.#parts.save(this.#view) };
    else if (effect === 'refresh') {
      this.#look();
      this.#lookIn(this.#view.delayMs);
    }
  }

  #lookIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#lookIn(this.#view.delayMs);
      this.#countedLook();
    }, delayMs);
  }

  #countedLook(): void {
    this.#look();
    this.#draw();
    this.#looksLeft--;
    if (this.#looksLeft <= 0) this.#ended.abort();
  }

  /** Keeps what is shown when the scheduler published nothing since. */
  #look(): void {
    const after = this.#parts.host.snapshot(this.#before);
    if (after.publishedUs <= this.#before.publishedUs) return;
    this.#sample = ratesBetween(this.#before, after);
    this.#before = after;
  }

  #draw(): void {
    const { screen } = this.#parts;
    screen.draw(viewText(this.#view, this.#sample, screen.size));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
