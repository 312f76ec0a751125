export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: XmlElement[];
  /** The text directly inside, with CDATA sections. */
  text: string;
}

export interface XmlAttribute {
  readonly name: string;
  readonly namespace: string;
  readonly value: string;
}

export interface XmlLimits {
  readonly maxDepth: number;
  readonly maxElements: number;
  /** Of one element, declarations of namespaces among them. */
  readonly maxAttributes: number;
  /** Of an element or attribute, with its prefix. */
  readonly maxNameCharacters: number;
  readonly maxAttributeCharacters: number;
}

export function childNamed(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find(child => child.name === name);
}

/** An attribute by local name, in the given namespace or in none. */
export function attributeOf(element: XmlElement, name: string, namespace = ''): string | undefined {
  return element.attributes.find(a => a.name === name && a.namespace === namespace)?.value;
}
