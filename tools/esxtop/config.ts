import { completeFieldOrder, DEFAULT_FIELD_ORDER } from './fields.js';
import { DEFAULT_DELAY_MS, MAX_DELAY_SECONDS, MIN_DELAY_SECONDS } from './flags.js';

/**
 * The configuration file (~/.esxtop3rc): a line of field letters per panel, the CPU panel's first, and a last line
 * with the delay in seconds and the letter of the panel that was shown. Lines of panels that are not built are kept as
 * they are.
 */
export interface Config {
  readonly cpuFieldOrder: string;
  readonly otherPanels: readonly string[];
  readonly delayMs: number;
}

export const DEFAULT_CONFIG: Config = {
  cpuFieldOrder: DEFAULT_FIELD_ORDER,
  otherPanels: [],
  delayMs: DEFAULT_DELAY_MS,
};

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'BadConfig';
  constructor(
    /** 0: of the file itself. */
    readonly line: number,
    readonly reason: string,
    path = '',
  ) {
    super(`${path === '' ? '' : `${path}: `}${line === 0 ? '' : `line ${line}: `}${reason}`);
  }
}

/** @throws ConfigError */
export function parseConfig(text: string): Config {
  const lines = text.split('\n').map(line => line.trim());
  while (lines.at(-1) === '') lines.pop();
  const last = lines.pop() ?? '';
  const seconds = Number(/^(\d{1,9})[cmduvn]$/.exec(last)?.[1]);
  if (!(seconds >= MIN_DELAY_SECONDS && seconds <= MAX_DELAY_SECONDS))
    throw new ConfigError(lines.length + 1, 'is to be the delay and the panel, such as 5c');
  const [cpuFieldOrder = '', ...otherPanels] = lines;
  const complete = completeFieldOrder(cpuFieldOrder);
  if (complete === undefined)
    throw new ConfigError(1, `is to hold letters of ${DEFAULT_FIELD_ORDER} once each, upper case for shown`);
  return { cpuFieldOrder: complete, otherPanels, delayMs: seconds * 1000 };
}

export function formatConfig(config: Config): string {
  return `${[config.cpuFieldOrder, ...config.otherPanels, `${config.delayMs / 1000}c`].join('\n')}\n`;
}
