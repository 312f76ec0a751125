/** One line per step with its time, on stderr: stdout belongs to what a command answers. */
export class Progress {
  readonly #write: (text: string) => void;
  readonly #nowMs: () => number;

  constructor(write: (text: string) => void, nowMs: () => number) {
    this.#write = write;
    this.#nowMs = nowMs;
  }

  /** Runs a step. `label` may be told by the result, for what is known only then. */
  async step<T>(name: string, work: () => Promise<T> | T, label?: (result: T) => string): Promise<T> {
    const startedMs = this.#nowMs();
    const result = await work();
    this.#line(label?.(result) ?? name, this.#nowMs() - startedMs);
    return result;
  }

  note(text: string): void {
    this.#write(`  ${text}\n`);
  }

  #line(text: string, tookMs: number): void {
    this.#write(`  ${text.padEnd(44)} ${(tookMs / 1000).toFixed(1).padStart(6)} s\n`);
  }
}
