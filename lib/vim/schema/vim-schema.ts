import {
  type FieldDefinition,
  type MethodDefinition,
  primitiveTypes,
  type TypeDefinition,
} from './definitions.js';
import { parseMethod, parseType } from './table-format.js';

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The VIM schema over its table text. Only the places of the lines are held at first; a definition is parsed
 * when it is asked for and then kept.
 */
export class VimSchema {
  readonly #text: string;
  readonly #typeSpans = new Map<string, Span>();
  readonly #methodSpans = new Map<string, Span>();
  readonly #extended = new Set<string>();
  readonly #types = new Map<string, TypeDefinition>();
  readonly #methods = new Map<string, MethodDefinition>();
  readonly #fields = new Map<string, readonly FieldDefinition[]>();
  readonly #derived = new Map<string, unknown>();

  constructor(text: string) {
    this.#text = text;
    for (let start = 0; start < text.length; ) {
      const newline = text.indexOf('\n', start);
      const end = newline === -1 ? text.length : newline;
      this.#index({ start, end });
      start = end + 1;
    }
  }

  #index(span: Span): void {
    const nameEnd = this.#text.indexOf('\t', span.start + 2);
    const name = this.#text.slice(span.start + 2, nameEnd);
    const letter = this.#text[span.start];
    if (letter === 'F') {
      this.#methodSpans.set(name, span);
      return;
    }
    this.#typeSpans.set(name, span);
    if (letter === 'D' || letter === 'M') {
      this.#extended.add(this.#text.slice(nameEnd + 1, this.#text.indexOf('\t', nameEnd + 1)));
    }
  }

  type(name: string): TypeDefinition | undefined {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const span = this.#typeSpans.get(name);
    if (span === undefined) return undefined;
    const definition = parseType(this.#text.slice(span.start, span.end));
    this.#types.set(name, definition);
    return definition;
  }

  method(name: string): MethodDefinition | undefined {
    const known = this.#methods.get(name);
    if (known !== undefined) return known;
    const span = this.#methodSpans.get(name);
    if (span === undefined) return undefined;
    const definition = parseMethod(this.#text.slice(span.start, span.end));
    this.#methods.set(name, definition);
    return definition;
  }

  typeNames(): string[] {
    return [...this.#typeSpans.keys()];
  }

  methodNames(): string[] {
    return [...this.#methodSpans.keys()];
  }

  /** All fields of a data or managed type, the base's first, in schema order. Empty for anything else. */
  fields(name: string): readonly FieldDefinition[] {
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    const definition = this.type(name);
    if (definition === undefined || definition.kind === 'enum') return [];
    const inherited = definition.base === undefined ? [] : this.fields(definition.base);
    const fields = [...inherited, ...definition.own];
    this.#fields.set(name, fields);
    return fields;
  }

  field(typeName: string, fieldName: string): FieldDefinition | undefined {
    return this.fields(typeName).find(field => field.name === fieldName);
  }

  /** What is made of this schema once and kept with it. One key has one maker. */
  derived<T>(key: string, make: () => T): T {
    if (!this.#derived.has(key)) this.#derived.set(key, make());
    return this.#derived.get(key) as T;
  }

  baseOf(name: string): string | undefined {
    const definition = this.type(name);
    return definition === undefined || definition.kind === 'enum' ? undefined : definition.base;
  }

  /** Whether the type is the other one or extends it. */
  isA(name: string, ancestor: string): boolean {
    for (let at: string | undefined = name; at !== undefined; at = this.baseOf(at)) {
      if (at === ancestor) return true;
    }
    return false;
  }

  /** Whether some type extends this one, so that an element of it must name its actual type. */
  hasSubtypes(name: string): boolean {
    return this.#extended.has(name);
  }

  isManaged(name: string): boolean {
    return this.type(name)?.kind === 'managed';
  }

  isKnownTypeName(name: string): boolean {
    return this.#typeSpans.has(name) || name in primitiveTypes || name === 'anyType';
  }
}
