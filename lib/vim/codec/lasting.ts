const TEXTS = Symbol('texts');

interface Lasting {
  readonly [TEXTS]?: Map<object, string>;
}

/** Says that a data object never changes: its text is made once for each version in which it is asked for. */
export function lasting<T extends object>(value: T): T {
  return Object.defineProperty(value, TEXTS, { value: new Map<object, string>() });
}

/** The texts of a lasting object, by what they were written with; undefined of any other. */
export function textsOf(value: object): Map<object, string> | undefined {
  return (value as Lasting)[TEXTS];
}
