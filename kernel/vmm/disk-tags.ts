import type { DiskDone } from './disk-port.js';

/** Tags for aborts and resets, beside those of commands: they get through when every command is stuck. */
export const CONTROL_TAGS = 8;

/** What is outstanding on a disk ring, by tag. Tags below the depth are commands'. Nothing is allocated per request. */
export class DiskTags {
  readonly outBytes: Int32Array;
  readonly inBytes: Int32Array;
  readonly offsets: Int32Array;
  readonly #depth: number;
  readonly #done: (DiskDone | undefined)[];
  readonly #handles: Float64Array;
  readonly #commands: number[] = [];
  readonly #controls: number[] = [];

  constructor(depth: number) {
    const tags = depth + CONTROL_TAGS;
    this.#depth = depth;
    this.outBytes = new Int32Array(tags);
    this.inBytes = new Int32Array(tags);
    this.offsets = new Int32Array(tags);
    this.#handles = new Float64Array(tags);
    this.#done = new Array<DiskDone | undefined>(tags).fill(undefined);
    for (let tag = tags - 1; tag >= 0; tag--) this.#free(tag).push(tag);
  }

  get outstanding(): number {
    return this.#done.length - this.#commands.length - this.#controls.length;
  }

  available(control: boolean): boolean {
    return (control ? this.#controls : this.#commands).length > 0;
  }

  /** Call when one is available. */
  take(control: boolean, handle: number, done: DiskDone): number {
    const tag = (control ? this.#controls : this.#commands).pop() ?? 0;
    this.#handles[tag] = handle;
    this.#done[tag] = done;
    return tag;
  }

  /** @returns who waits for it; undefined when nobody does: it was not outstanding */
  give(tag: number): DiskDone | undefined {
    const done = this.#done[tag];
    if (done === undefined) return undefined;
    this.#done[tag] = undefined;
    this.#free(tag).push(tag);
    return done;
  }

  /** The tag of an outstanding command, or -1. */
  find(handle: number): number {
    for (let tag = 0; tag < this.#depth; tag++)
      if (this.#handles[tag] === handle && this.#done[tag] !== undefined) return tag;
    return -1;
  }

  #free(tag: number): number[] {
    return tag < this.#depth ? this.#commands : this.#controls;
  }
}
