import { SaxesParser } from 'saxes';
import { readPlainXml } from './plain-xml.js';
import { CodecError } from './values.js';
import type { XmlElement, XmlLimits } from './xml-element.js';

export {
  attributeOf,
  childNamed,
  type XmlAttribute,
  type XmlElement,
  type XmlLimits,
} from './xml-element.js';

export const defaultXmlLimits: XmlLimits = {
  maxDepth: 64,
  maxElements: 200_000,
  maxAttributes: 64,
  maxNameCharacters: 256,
  maxAttributeCharacters: 4096,
};

/**
 * Reads a small document into a tree. A document type declaration is refused, and with it every entity but
 * the five that XML predefines; depth, number of elements and what an element's tag may hold are bounded as they
 * are read, size is the caller's to bound.
 */
export function readXml(text: string, limits: XmlLimits = defaultXmlLimits): XmlElement {
  // What clients send is plain, and read in a tenth of the time; everything else, and every error, is the parser's.
  return readPlainXml(text, limits) ?? parseXml(text, limits);
}

/** As readXml, by the parser alone. */
export function parseXml(text: string, limits: XmlLimits = defaultXmlLimits): XmlElement {
  const reader = new TreeReader(limits);
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('error', error => {
    throw new CodecError('BrokenXml', '', error.message);
  });
  parser.on('doctype', () => {
    throw new CodecError('DoctypeRefused', '', 'a document type declaration is not allowed');
  });
  parser.on('opentagstart', tag => reader.openTag(tag.name));
  parser.on('attribute', ({ name, value }) => reader.attribute(name, value));
  parser.on('opentag', tag => {
    const attributes = Object.values(tag.attributes)
      .filter(attribute => attribute.prefix !== 'xmlns' && attribute.name !== 'xmlns')
      .map(attribute => ({ name: attribute.local, namespace: attribute.uri, value: attribute.value }));
    reader.open({ name: tag.local, namespace: tag.uri, attributes, children: [], text: '' });
  });
  parser.on('text', chunk => reader.append(chunk));
  parser.on('cdata', chunk => reader.append(chunk));
  parser.on('closetag', () => reader.close());
  parser.write(text).close();
  return reader.root();
}

class TreeReader {
  readonly #limits: XmlLimits;
  readonly #stack: XmlElement[] = [];
  #root: XmlElement | undefined;
  #elements = 0;
  #attributes = 0;

  constructor(limits: XmlLimits) {
    this.#limits = limits;
  }

  openTag(name: string): void {
    this.#attributes = 0;
    this.#checkLength('name', name, this.#limits.maxNameCharacters);
  }

  attribute(name: string, value: string): void {
    const { maxAttributes, maxNameCharacters, maxAttributeCharacters } = this.#limits;
    this.#attributes += 1;
    if (this.#attributes > maxAttributes) {
      throw new CodecError('TooManyAttributes', '', `an element with more than ${maxAttributes} attributes`);
    }
    this.#checkLength('name', name, maxNameCharacters);
    this.#checkLength('attribute', value, maxAttributeCharacters);
  }

  open(element: XmlElement): void {
    this.#elements += 1;
    if (this.#elements > this.#limits.maxElements) {
      throw new CodecError('TooManyElements', '', `more than ${this.#limits.maxElements} elements`);
    }
    if (this.#stack.length >= this.#limits.maxDepth) {
      throw new CodecError('TooDeep', '', `elements nested more than ${this.#limits.maxDepth} deep`);
    }
    const parent = this.#stack.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.children.push(element);
    this.#stack.push(element);
  }

  append(chunk: string): void {
    const element = this.#stack.at(-1);
    if (element !== undefined) element.text += chunk;
  }

  close(): void {
    this.#stack.pop();
  }

  root(): XmlElement {
    if (this.#root === undefined) throw new CodecError('BrokenXml', '', 'the document is empty');
    return this.#root;
  }

  #checkLength(what: string, text: string, maxCharacters: number): void {
    if (text.length <= maxCharacters) return;
    throw new CodecError(
      'TooLong',
      '',
      `the ${what} "${text.slice(0, 20)}…" has over ${maxCharacters} characters`,
    );
  }
}
