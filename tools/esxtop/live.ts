import { type CpuSample, ratesBetween } from './rates.js';
import { type Screen, splitKeys } from './screen.js';
import type { Snapshot } from './snapshot.js';
import type { SnapshotSource } from './source.js';
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
  readonly source: SnapshotSource;
  /** How long after the start to look first. */
  readonly firstLookMs: number;
  readonly screen: Screen;
  readonly keys: KeySource;
  /** Calls back when the terminal has another size. */
  onResize(listener: () => void): void;
  /** Writes the configuration. @returns what to tell */
  save(view: View): string;
}

/** The panel on a terminal, until a key, the count of looks, the host's end or `stop` ends it. */
export class LiveSession {
  readonly #parts: LiveParts;
  readonly #ended = new AbortController();
  #view: View;
  #looksLeft: number;
  #before: Snapshot;
  #sample: CpuSample | null = null;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;

  constructor(parts: LiveParts, view: View, iterations: number | null) {
    this.#parts = parts;
    this.#view = view;
    this.#looksLeft = iterations ?? Number.POSITIVE_INFINITY;
    this.#before = parts.source.snapshot(null);
  }

  /** Resolves when the session is over; the terminal is as it was then. */
  async run(stop: AbortSignal): Promise<void> {
    const { source, screen, keys, firstLookMs } = this.#parts;
    const over = AbortSignal.any([stop, source.over, this.#ended.signal]);
    screen.enter();
    try {
      this.#listen();
      this.#draw();
      this.#lookIn(firstLookMs);
      await aborted(over);
      if (this.#failure !== undefined) throw this.#failure;
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
    if (typeof effect !== 'string') this.#kill(effect.killWorld);
    else if (effect === 'quit') this.#ended.abort();
    else if (effect === 'repaint') this.#parts.screen.repaint();
    else if (effect === 'save') this.#view = { ...this.#view, message: this.#parts.save(this.#view) };
    else if (effect === 'refresh') {
      this.#look();
      this.#lookIn(this.#view.delayMs);
    }
  }

  /** A world of a VM goes with its VM. */
  #kill(worldId: number): void {
    const group = this.#sample?.groups.find(({ worlds }) => worlds.some(world => world.worldId === worldId));
    const worldIds = group?.worlds.map(world => world.worldId) ?? [worldId];
    void this.#parts.source.endVm(worldIds).then(message => {
      this.#view = { ...this.#view, message };
      this.#draw();
    }, this.#failed);
  }

  /** Ends the session, which then fails with it. */
  readonly #failed = (error: unknown): void => {
    this.#failure ??= error;
    this.#ended.abort();
  };

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
    try {
      this.#take();
    } catch (error) {
      this.#failed(error);
    }
  }

  #take(): void {
    const after = this.#parts.source.snapshot(this.#before);
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
