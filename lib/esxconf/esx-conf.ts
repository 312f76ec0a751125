const LINE = /^\s*(\/\S+)\s*=\s*"([^"]*)"\s*$/;
const KEY = /^(\/[\w.:+-]+(\[\d{1,6}\])?)+$/;
/** Also what one may be written with: a quote or a line's end would make other settings of it. */
const VALUE = /^[^"\p{Cc}]{0,4096}$/u;

/** The lines of an esx.conf. */
export class EsxConf {
  readonly #lines: string[];

  private constructor(lines: string[]) {
    this.#lines = lines;
  }

  static parse(text: string): EsxConf {
    return new EsxConf(text === '' ? [] : text.replace(/\n$/, '').split('\n'));
  }

  get(key: string): string | undefined {
    const line = this.#lines.findLast(one => LINE.exec(one)?.[1] === key);
    return line === undefined ? undefined : LINE.exec(line)?.[2];
  }

  /** @throws RangeError for a key or a value that cannot stand in such a file */
  set(key: string, value: string): void {
    if (!KEY.test(key)) throw new RangeError(`${key} is no key of esx.conf`);
    if (!VALUE.test(value)) throw new RangeError(`The value of ${key} has a quote or a control character`);
    const at = this.#lines.findLastIndex(one => LINE.exec(one)?.[1] === key);
    const line = `${key} = "${value}"`;
    if (at < 0) this.#lines.push(line);
    else this.#lines[at] = line;
  }

  toString(): string {
    return this.#lines.map(line => `${line}\n`).join('');
  }
}
