import { escapeText, type ManagedObjectReference, type VimSchema } from '../../../lib/vim/index.js';

export type Random = (below: number) => number;

/** A generator whose sequence is the same in every run. */
export function makeRandom(seed: number): Random {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Slot {
  readonly name: string;
  readonly type: string;
  readonly array: boolean;
}

const texts = [
  '',
  'x',
  'linux',
  '[storage1] linux/linux.vmx',
  '[storage1] linux/linux.vmdk',
  '[storage1] ../../etc/passwd',
  '[storage1] linux/../../x.vmx',
  '[]',
  '[nowhere] a/b.vmx',
  '[storage1] new/new.vmx',
  '/vmfs/volumes/storage1/linux/linux.vmx',
  '/ha-datacenter/vm/linux',
  '564d0102-0304-0506-0708-090a0b0c0d0e',
  '../'.repeat(200),
  'A'.repeat(70_000),
  'root',
  '-1',
  '&%<>"\'\n\t\u{1F4A3}\u202e',
  '__proto__',
  'constructor',
  'config.hardware.device[2000].backing',
  'summary.runtime.powerState',
];
const numbers = ['0', '1', '-1', '2', '4', '32', '64', '2000', '3000', '65536', '2147483647', '-2147483648'];
const hostileNumbers = ['2147483648', '99999999999999999999', '1e9', 'NaN', '', ' 7 ', 'seven', '0x10'];
const dates = [
  '2026-11-21T16:00:00Z',
  '1970-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59+14:00',
  'yesterday',
  '',
];

const DEEP = 7;

/** Requests that follow the schema almost: a wrong value, type, name or reference here and there. */
export class RequestFuzzer {
  readonly #subtypes = new Map<string, string[]>();

  /** @param refs the objects there are when a reference is wanted */
  constructor(
    private readonly schema: VimSchema,
    private readonly random: Random,
    private readonly refs: () => readonly ManagedObjectReference[],
  ) {
    for (const name of schema.typeNames()) {
      if (schema.type(name)?.kind !== 'data') continue;
      for (let at: string | undefined = name; at !== undefined; at = schema.baseOf(at))
        this.#subtypes.set(at, [...(this.#subtypes.get(at) ?? []), name]);
    }
  }

  request(method: string, target: ManagedObjectReference): string {
    const parameters = this.schema.method(method)?.parameters ?? [];
    const body = this.#members(parameters, 0);
    const self = `<_this type="${target.type}">${escapeText(target.value)}</_this>`;
    return (
      '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:xsd="http://www.w3.org/2001/XMLSchema" ' +
      'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">' +
      `<soapenv:Body><${method} xmlns="urn:vim25">${self}${body}</${method}></soapenv:Body></soapenv:Envelope>`
    );
  }

  #members(slots: readonly (Slot & { readonly optional: boolean })[], depth: number): string {
    const members = slots.map(slot => {
      const leaveOut = slot.optional ? this.random(10) < 3 + depth * 2 : this.random(40) === 0;
      return leaveOut ? '' : this.#slot(slot, depth);
    });
    if (this.random(60) === 0) members.reverse();
    if (this.random(60) === 0) members.push('<noSuchField>1</noSuchField>');
    if (this.random(80) === 0) members.push(...members);
    return members.join('');
  }

  #slot(slot: Slot, depth: number): string {
    const many = this.random(100) === 0 && depth > 2 ? 500 : this.random(4);
    const count = slot.array ? many : 1;
    return Array.from({ length: count }, () => this.#element(slot, depth)).join('');
  }

  #element({ name, type }: Slot, depth: number): string {
    const declared = this.random(50) === 0 ? this.#pick(this.schema.typeNames()) : type;
    if (declared === 'anyType') return this.#any(name, depth);
    if (declared === 'ManagedObjectReference' || this.schema.isManaged(declared))
      return this.#reference(name, declared);
    const definition = this.schema.type(declared);
    if (definition === undefined) return `<${name}>${escapeText(this.#primitive(declared))}</${name}>`;
    if (definition.kind === 'enum') {
      const word = this.random(15) === 0 ? 'noSuchWord' : this.#pick(definition.values);
      return `<${name}>${word}</${name}>`;
    }
    return this.#object(name, declared, depth);
  }

  #object(name: string, declared: string, depth: number): string {
    const actual = this.random(3) === 0 ? declared : this.#pick(this.#subtypes.get(declared) ?? [declared]);
    const type = this.random(80) === 0 ? 'NoSuchType' : actual;
    const members = depth >= DEEP ? '' : this.#members(this.schema.fields(actual), depth + 1);
    return `<${name} xsi:type="${type}">${members}</${name}>`;
  }

  #any(name: string, depth: number): string {
    const type = this.#pick(['string', 'int', 'long', 'boolean', 'dateTime', 'object']);
    if (type === 'object') return this.#object(name, this.#pick([...this.#subtypes.keys()]), depth + 2);
    return `<${name} xsi:type="xsd:${type}">${escapeText(this.#primitive(type))}</${name}>`;
  }

  /** Mostly one of the right type, now and then any other or one that is not there. */
  #reference(name: string, type: string): string {
    const all = this.refs();
    const fitting = all.filter(ref => this.schema.isA(ref.type, type));
    const isRight = fitting.length > 0 && this.random(5) > 0;
    const ref = this.#pick(isRight ? fitting : all);
    const value = this.random(12) === 0 ? this.#pick(texts) : ref.value;
    return `<${name} type="${ref.type}">${escapeText(value)}</${name}>`;
  }

  #primitive(type: string): string {
    if (this.random(40) === 0) return this.#pick(texts);
    if (type === 'boolean') return this.#pick(['true', 'false', '1', '0', 'TRUE', 'maybe']);
    if (/^(byte|short|int|long|float|double)$/.test(type))
      return this.#pick(this.random(8) === 0 ? hostileNumbers : numbers);
    if (type === 'dateTime') return this.#pick(dates);
    return this.#pick(texts);
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[this.random(from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }
}
