/** A named group of values and further groups. */
export interface Group {
  readonly name: string;
  readonly values?: readonly (readonly [key: string, value: string | number])[];
  readonly groups?: readonly Group[];
}

const INDENT = 3;
/** Values stand below each other from here on. */
const VALUE_COLUMN = 68;
const LEAST_DOTS = 3;

/** As the product prints it: `+Host : `, `   \==+Group : `, `      |----Key.....value`. */
export function formatTree(top: Group): string {
  return `${lines(top, 0, '+').join('\n')}\n`;
}

function lines({ name, values = [], groups = [] }: Group, depth: number, mark: string): string[] {
  const indent = ' '.repeat(depth);
  const inner = ' '.repeat(depth + INDENT);
  return [
    `${indent}${mark}${name} : `,
    ...values.map(([key, value]) => {
      const head = `${inner}|----${key}`;
      return `${head}${'.'.repeat(Math.max(LEAST_DOTS, VALUE_COLUMN - head.length))}${oneLine(value)}`;
    }),
    ...groups.flatMap(group => lines(group, depth + INDENT, '\\==+')),
  ];
}

function oneLine(value: string | number): string {
  return String(value).replace(/\p{Cc}/gu, '?');
}
