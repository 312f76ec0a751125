import type { XmlAttribute, XmlElement, XmlLimits } from './xml-element.js';

/** All that a plain document may hold; others have control characters, carriage returns or more than 16 bits. */
const unplainCharacter = /[^\t\n -\ud7ff\ue000-\ufffd]/;
const declaration = /^<\?xml version=(["'])1\.0\1(?: encoding=(["'])utf-8\2)?\s*\?>/i;
const startTag = /<(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)/y;
const attribute = /[ \n\t]+(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)=(?:"([^"<&\n\t]*)"|'([^'<&\n\t]*)')/y;
const tagEnd = /[ \n\t]*(\/?)>/y;
const endTag = /<\/([A-Za-z_][\w.:-]*)[ \n\t]*>/y;
const references = /&(amp|lt|gt|quot|apos);/g;
const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

type Namespaces = ReadonlyMap<string, string>;

interface Open {
  readonly element: XmlElement;
  /** With its prefix. */
  readonly tag: string;
  readonly namespaces: Namespaces;
}

/**
 * The tree of a document that has nothing but elements, attributes and text in ASCII names, as SOAP clients write
 * it. @returns undefined for every other document, good or bad: nothing is refused here
 */
export function readPlainXml(text: string, limits: XmlLimits): XmlElement | undefined {
  if (unplainCharacter.test(text)) return undefined;
  return new PlainReader(text, limits).read();
}

class PlainReader {
  readonly #text: string;
  readonly #limits: XmlLimits;
  readonly #open: Open[] = [];
  #root: XmlElement | undefined;
  #at = 0;
  #elements = 0;

  constructor(text: string, limits: XmlLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  read(): XmlElement | undefined {
    const text = this.#text;
    this.#at = declaration.exec(text)?.[0].length ?? 0;
    while (this.#at < text.length) {
      const next = text.indexOf('<', this.#at);
      const end = next < 0 ? text.length : next;
      if (end > this.#at && !this.#takeText(text.slice(this.#at, end))) return undefined;
      this.#at = end;
      if (next < 0) break;
      const isPlain = text.charCodeAt(next + 1) === 0x2f ? this.#takeEnd() : this.#takeStart();
      if (!isPlain) return undefined;
    }
    return this.#open.length === 0 ? this.#root : undefined;
  }

  #takeText(chunk: string): boolean {
    const element = this.#open.at(-1)?.element;
    if (element === undefined) return /^[ \n\t]*$/.test(chunk);
    if (chunk.includes(']]>')) return false;
    if (!chunk.includes('&')) {
      element.text += chunk;
      return true;
    }
    if (chunk.replace(references, '').includes('&')) return false;
    element.text += chunk.replace(references, (_, name: string) => characters[name] ?? '');
    return true;
  }

  #takeEnd(): boolean {
    const match = this.#match(endTag);
    return match !== null && this.#open.pop()?.tag === match[1];
  }

  #takeStart(): boolean {
    const { maxDepth, maxElements, maxNameCharacters } = this.#limits;
    const match = this.#match(startTag);
    if (match === null || match[0].length > maxNameCharacters) return false;
    if (++this.#elements > maxElements || this.#open.length >= maxDepth) return false;
    const found = this.#attributes();
    if (found === undefined) return false;
    const end = this.#match(tagEnd);
    const [, prefix = '', name = ''] = match;
    const namespace = found.namespaces.get(prefix);
    if (end === null || namespace === undefined) return false;
    const element = { name, namespace, attributes: found.attributes, children: [], text: '' };
    const parent = this.#open.at(-1)?.element;
    if (parent !== undefined) parent.children.push(element);
    else if (this.#root === undefined) this.#root = element;
    else return false;
    if (end[1] === '') this.#open.push({ element, tag: match[0].slice(1), namespaces: found.namespaces });
    return true;
  }

  #attributes(): { attributes: XmlAttribute[]; namespaces: Namespaces } | undefined {
    const { maxAttributes, maxNameCharacters, maxAttributeCharacters } = this.#limits;
    const around: Namespaces = this.#open.at(-1)?.namespaces ?? noNamespaces;
    if (this.#text.charCodeAt(this.#at) === 0x3e) return { attributes: [], namespaces: around };
    const found: [prefix: string, name: string, value: string][] = [];
    for (let match = this.#match(attribute); match !== null; match = this.#match(attribute)) {
      const [, prefix = '', name = '', inQuotes, inApostrophes = ''] = match;
      const value = inQuotes ?? inApostrophes;
      if (found.length >= maxAttributes || value.length > maxAttributeCharacters) return undefined;
      if (prefix.length + name.length >= maxNameCharacters) return undefined;
      found.push([prefix, name, value]);
    }
    return resolved(found, around);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }
}

const noNamespaces: Namespaces = new Map([['', '']]);
const reserved = /^(xml|xmlns)$/i;

function resolved(
  found: readonly (readonly [prefix: string, name: string, value: string])[],
  around: Namespaces,
): { attributes: XmlAttribute[]; namespaces: Namespaces } | undefined {
  const declared = found.filter(
    ([prefix, name]) => prefix === 'xmlns' || (prefix === '' && name === 'xmlns'),
  );
  const namespaces = declared.length === 0 ? around : new Map(around);
  const prefixes = new Set<string>();
  for (const [prefix, name, uri] of declared) {
    const declares = prefix === '' ? '' : name;
    const isOdd = reserved.test(declares) || (uri === '' && declares !== '') || uri.trim() !== uri;
    if (isOdd || prefixes.has(declares) || uri.startsWith('http://www.w3.org/XML/')) return undefined;
    if (uri.startsWith('http://www.w3.org/2000/xmlns')) return undefined;
    prefixes.add(declares);
    (namespaces as Map<string, string>).set(declares, uri);
  }
  const attributes: XmlAttribute[] = [];
  for (const [prefix, name, value] of found) {
    if (prefix === 'xmlns' || (prefix === '' && name === 'xmlns')) continue;
    const namespace = prefix === '' ? '' : namespaces.get(prefix);
    if (namespace === undefined) return undefined;
    if (attributes.some(other => other.name === name && other.namespace === namespace)) return undefined;
    attributes.push({ name, namespace, value });
  }
  return { attributes, namespaces };
}
