/** Where a log's text goes: appends as one step, answers when done. */
export interface LogSink {
  append(text: string): Promise<void>;
}

const MAX_PENDING_CHARS = 256 * 1024;
const FLUSH_EVERY_MS = 200;
/** A guest can make its log grow (resets, its BIOS's port): so much at once, and so much a second in the long run. */
const BURST_CHARS = 256 * 1024;
const CHARS_PER_SECOND = 1024;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/**
 * vmware.log of one VM: lines in the product's form, appended in batches through the datastore. Bounded: while the
 * datastore does not answer, lines beyond 256 KiB are counted instead of kept. Logging never fails the VM.
 */
export class VmwareLog {
  readonly #sink: LogSink;
  readonly #now: () => Date;
  #pending = '';
  #lost = 0;
  #allowance = BURST_CHARS;
  #allowanceAtMs: number;
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(sink: LogSink, now: () => Date) {
    this.#sink = sink;
    this.#now = now;
    this.#allowanceAtMs = now().getTime();
  }

  write(thread: string, text: string): void {
    const printable = text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '.');
    const line = `${stamp(this.#now())}: ${thread}| ${printable}\n`;
    if (!this.#admits(line.length)) {
      this.#lost++;
      return;
    }
    this.#allowance -= line.length;
    this.#pending += line;
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_EVERY_MS);
  }

  #admits(length: number): boolean {
    const nowMs = this.#now().getTime();
    const earned = (Math.max(0, nowMs - this.#allowanceAtMs) / 1000) * CHARS_PER_SECOND;
    this.#allowance = Math.min(BURST_CHARS, this.#allowance + earned);
    this.#allowanceAtMs = nowMs;
    return length <= this.#allowance && this.#pending.length + length <= MAX_PENDING_CHARS;
  }

  /** Resolves when what was written before has been appended, or refused. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#pending === '') return;
    const text = this.#lost === 0 ? this.#pending : `${this.#pending}(${this.#lost} lines lost)\n`;
    this.#pending = '';
    this.#lost = 0;
    this.#flushing = this.#sink
      .append(text)
      .catch(() => {
        this.#lost += text.split('\n').length - 1;
      })
      .finally(() => {
        this.#flushing = undefined;
      });
    await this.#flushing;
  }
}

/** `Nov 21 14:16:27.123`, local time. */
function stamp(time: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  const ms = String(time.getMilliseconds()).padStart(3, '0');
  return `${MONTHS[time.getMonth()]} ${two(time.getDate())} ${clock}.${ms}`;
}
