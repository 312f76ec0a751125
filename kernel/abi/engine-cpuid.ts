/**
 * What CPUID answers in a guest of engine 1 without masks: EAX, EBX, ECX, EDX of each leaf that has features; other
 * leaves are not masked up. A test of the engine asks its processor. Engine 2 will pass the machine's through.
 */
export const ENGINE_CPUID: ReadonlyMap<number, readonly [number, number, number, number]> = new Map([
  [0x1, [0x673, 0x10800, 0xc0800001, 0x0780ab79]],
  [0x7, [0, 0x200, 0, 0]],
]);
