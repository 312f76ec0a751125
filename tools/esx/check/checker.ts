import { checkGroups, checkWorlds, intervals, type WorldInterval } from './invariants.js';
import { LimitWindows } from './limit-windows.js';
import { checkPlaces } from './places.js';
import type { Snapshot } from './snapshot.js';
import type { Violation } from './violation.js';

export type { Violation } from './violation.js';

/** Identities are judged over so long: figures are published twice a second, and slices are counted at their end. */
const SPAN_US = 4_000_000;
/** More violations than anybody reads. */
const KEPT = 100;

/** Holds a stream of snapshots, one after each publication, against everything that is always true. */
export class Checker {
  readonly violations: Violation[] = [];
  readonly #limits = new LimitWindows();
  #first: Snapshot | undefined;
  #spanStart: Snapshot | undefined;
  #last: Snapshot | undefined;
  /** Worlds and groups judged, over all spans. */
  judged = 0;

  take(snapshot: Snapshot): void {
    const last = this.#last;
    this.#first ??= snapshot;
    this.#spanStart ??= snapshot;
    this.#last = snapshot;
    if (last === undefined) return;
    this.#keep(checkPlaces(last, snapshot));
    this.#keep(this.#limits.step(last, snapshot));
    if (snapshot.atUs - this.#spanStart.atUs >= SPAN_US) this.#judgeSpan(snapshot);
  }

  /** Judges what is left, and the whole. @returns what every world that lived throughout did */
  finish(): WorldInterval[] {
    const [first, start, last] = [this.#first, this.#spanStart, this.#last];
    if (first === undefined || start === undefined || last === undefined) return [];
    if (last.atUs - start.atUs >= SPAN_US / 2) this.#judgeSpan(last);
    const whole = intervals(first, last);
    this.judged += whole.length;
    this.#keep(checkWorlds(whole));
    return whole;
  }

  #judgeSpan(snapshot: Snapshot): void {
    const start = this.#spanStart;
    if (start === undefined) return;
    const found = intervals(start, snapshot);
    this.judged += found.length + snapshot.groups.size;
    this.#keep(checkWorlds(found));
    this.#keep(checkGroups(start, snapshot));
    this.#spanStart = snapshot;
  }

  #keep(found: readonly Violation[]): void {
    for (const violation of found) if (this.violations.length < KEPT) this.violations.push(violation);
  }
}
