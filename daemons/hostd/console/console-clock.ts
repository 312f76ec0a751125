import { readConsoleFile } from './console-files.js';

export interface TimeZone {
  /** Its name in the time zone database, such as Europe/Berlin. */
  readonly key: string;
  /** Seconds east of Greenwich at this moment. */
  readonly gmtOffsetSeconds: number;
}

const fallbackZone = 'UTC';

/** The zone of /etc/sysconfig/clock. */
export function consoleTimeZone(consoleRoot = '/'): TimeZone {
  const text = readConsoleFile(consoleRoot, 'etc/sysconfig/clock');
  const zone = /^ZONE=["']?([A-Za-z0-9_+/-]+)["']?\s*$/m.exec(text)?.[1] ?? fallbackZone;
  return timeZone(zone) ?? { key: fallbackZone, gmtOffsetSeconds: 0 };
}

export function timeZones(): TimeZone[] {
  const names = [...new Set([fallbackZone, ...Intl.supportedValuesOf('timeZone')])];
  return names.map(timeZone).filter(zone => zone !== undefined);
}

/** Undefined for a name that is no zone's. */
function timeZone(key: string): TimeZone | undefined {
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone: key, timeZoneName: 'longOffset' });
    const name = format.formatToParts().find(part => part.type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d+):(\d+)/.exec(name) ?? [];
    const seconds = Number(hours) * 3600 + Number(minutes) * 60;
    return { key, gmtOffsetSeconds: sign === '-' ? -seconds : seconds };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
