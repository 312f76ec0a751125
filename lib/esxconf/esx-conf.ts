/** An empty line or a comment. */
const SILENT = /^\s*(?:#|$)/;
const LINE = /^\s*(\/\S+)\s*=\s*"([^"]*)"\s*$/;
const KEY = /^(\/[\w.:+-]+(\[\d{1,6}\])?)+$/;
/** Also what one may be written with: a quote or a line's end would make other settings of it. */
const VALUE = /^[^"\p{Cc}]{0,4096}$/u;

interface Line {
  text: string;
  readonly key?: string;
  value?: string;
}

/** The lines of an esx.conf. */
export class EsxConf {
  readonly #lines: Set<Line>;
  /** The last line of each key. */
  readonly #settings = new Map<string, Line>();

  private constructor(texts: readonly string[]) {
    this.#lines = new Set(texts.map(parseLine));
    for (const line of this.#lines) if (line.key !== undefined) this.#settings.set(line.key, line);
  }

  static parse(text: string): EsxConf {
    return new EsxConf(text === '' ? [] : text.replace(/\n$/, '').split('\n'));
  }

  get(key: string): string | undefined {
    return this.#settings.get(key)?.value;
  }

  /** Lines that say nothing: no settings, not empty, no comments. They stay as they are. */
  get strayLines(): number {
    return [...this.#lines].filter(({ text, key }) => key === undefined && !SILENT.test(text)).length;
  }

  /** The settings whose keys begin with `prefix`. */
  below(prefix: string): Map<string, string> {
    const found = new Map<string, string>();
    for (const [key, { value }] of this.#settings)
      if (key.startsWith(prefix) && value !== undefined) found.set(key, value);
    return found;
  }

  /** @throws RangeError for a key or a value that cannot stand in such a file */
  set(key: string, value: string): void {
    const known = this.#settings.get(key);
    if (known?.value === value) return;
    if (!KEY.test(key)) throw new RangeError(`${key} is no key of esx.conf`);
    if (!VALUE.test(value)) throw new RangeError(`The value of ${key} has a quote or a control character`);
    if (known !== undefined) {
      known.text = lineOf(key, value);
      known.value = value;
      return;
    }
    const line = { text: lineOf(key, value), key, value };
    this.#lines.add(line);
    this.#settings.set(key, line);
  }

  /** Takes all lines of these keys away. */
  delete(keys: ReadonlySet<string>): void {
    for (const line of this.#lines)
      if (line.key !== undefined && keys.has(line.key)) this.#lines.delete(line);
    for (const key of keys) this.#settings.delete(key);
  }

  toString(): string {
    return [...this.#lines].map(({ text }) => `${text}\n`).join('');
  }
}

function parseLine(text: string): Line {
  const match = LINE.exec(text);
  return match?.[1] === undefined || match[2] === undefined
    ? { text }
    : { text, key: match[1], value: match[2] };
}

function lineOf(key: string, value: string): string {
  return `${key} = "${value}"`;
}
