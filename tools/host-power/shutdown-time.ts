const MINUTE_MS = 60_000;
const MAX_MINUTES = 7 * 24 * 60;

/**
 * `now`, `+minutes` or `hh:mm`, the next time it is that late.
 * @returns milliseconds from `now`; undefined where it is none of them
 */
export function shutdownDelayMs(text: string, now: Date): number | undefined {
  if (text === 'now') return 0;
  const [, minutes] = /^\+(\d{1,5})$/.exec(text) ?? [];
  if (minutes !== undefined) return Number(minutes) > MAX_MINUTES ? undefined : Number(minutes) * MINUTE_MS;
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return undefined;
  const then = new Date(now);
  then.setHours(Number(hour), Number(minute), 0, 0);
  if (then <= now) then.setDate(then.getDate() + 1);
  return then.getTime() - now.getTime();
}
