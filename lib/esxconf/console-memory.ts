import type { EsxConf } from './esx-conf.js';

/** Memory of the service console from the next boot on, MB. */
export const CONSOLE_MEMORY_KEY = '/boot/memSize';
export const DEFAULT_CONSOLE_MEMORY_MB = 272;
/** The most that the product gives. */
export const MAX_CONSOLE_MEMORY_MB = 800;

/** Undefined for what cannot be a size: no whole number, too little for the daemons, more than the product gives. */
export function parseConsoleMemory(value: string): number | undefined {
  const mb = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  return mb >= DEFAULT_CONSOLE_MEMORY_MB && mb <= MAX_CONSOLE_MEMORY_MB ? mb : undefined;
}

/** What the file asks for. `refused` is what stands there in vain; then it is the default. */
export function consoleMemoryOf(conf: EsxConf): { sizeMb: number; refused: string | undefined } {
  const value = conf.get(CONSOLE_MEMORY_KEY);
  const asked = value === undefined ? DEFAULT_CONSOLE_MEMORY_MB : parseConsoleMemory(value);
  return {
    sizeMb: asked ?? DEFAULT_CONSOLE_MEMORY_MB,
    refused: asked === undefined ? value : undefined,
  };
}
