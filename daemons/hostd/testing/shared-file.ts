interface Stamped<T> {
  readonly SIZE_BYTES: number;
  stamp(memory: ArrayBuffer): void;
  new (memory: ArrayBuffer): T;
}

/** A file of the VMkernel's shared memory, as its writer and its readers have it. */
export function bothEnds<W, R>(writer: Stamped<W>, reader: new (memory: ArrayBuffer) => R): [W, R] {
  const memory = new ArrayBuffer(writer.SIZE_BYTES);
  writer.stamp(memory);
  return [new writer(memory), new reader(memory)];
}
