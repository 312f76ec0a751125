import { describe, expect, it } from 'vitest';
import { CodecError } from './values.js';
import { readXml } from './xml-reader.js';

const attributes = (count: number): string =>
  Array.from({ length: count }, (_, i) => ` a${i}="${i}"`).join('');

function codeOf(text: string): string {
  try {
    readXml(text);
    return 'no error';
  } catch (error) {
    return error instanceof CodecError ? error.code : String(error);
  }
}

describe('a tag', () => {
  it('holds up to 64 attributes of up to 4096 characters, names of up to 256', () => {
    const name = 'n'.repeat(256);
    const root = readXml(`<${name}${attributes(63)} ${name}="${'v'.repeat(4096)}"><b x="1"/></${name}>`);
    expect([root.attributes.length, root.attributes.at(-1)?.value.length]).toEqual([64, 4096]);
    expect(root.children[0]?.attributes).toEqual([{ name: 'x', namespace: '', value: '1' }]);
  });

  it.each([
    ['65 attributes', `<a${attributes(65)}/>`, 'TooManyAttributes'],
    ['65 namespaces', `<a${attributes(65).replaceAll(' a', ' xmlns:a')}/>`, 'TooManyAttributes'],
    ['a long name', `<${'n'.repeat(257)}/>`, 'TooLong'],
    ['a long attribute name', `<a ${'n'.repeat(257)}="1"/>`, 'TooLong'],
    ['a long attribute', `<a n="${'v'.repeat(4097)}"/>`, 'TooLong'],
  ])('with %s is refused', (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it('with two hundred thousand attributes is refused at the 65th, not when all have been read', () => {
    // What follows the 65th is never parsed: it would be BrokenXml.
    expect(codeOf(`<a${attributes(65)} <<< ${attributes(200_000)}/>`)).toBe('TooManyAttributes');
  });
});
