/**
 * The one seam through which a guest meets anything that is not its own computation: time and chance. (Completions
 * and input enter through the engine's methods, always between slices.)
 */
export interface EngineSeam {
  /** Monotonic time as the guest is to see it, ms: TSC, PIT, PM timer and APIC derive from it. */
  nowMs(): number;
  /** Wall clock as the guest is to see it, ms since 1970: the RTC and the backdoor's time. */
  wallMs(): number;
  /** 32 random bits, signed. */
  randomInt(): number;
}

/** Real time, real chance. */
export function realSeam(): EngineSeam {
  const words = new Int32Array(256);
  let next = words.length;
  return {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    randomInt: () => {
      if (next === words.length) {
        crypto.getRandomValues(words);
        next = 0;
      }
      return words[next++] ?? 0;
    },
  };
}
