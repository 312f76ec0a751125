/**
 * A limit as a token bucket, one per VM and pool that has one: tokens are µs of CPU, they gather at the limit's rate and are paid for what
 * was measured. An overrun leaves it in debt, which is waited off. Pure. All times in µs.
 */
export interface Limit {
  /** In PCPUs. */
  max: number;
  tokensUs: number;
  tokensAtUs: number;
  /** The tokens are gone; it may run again when enough for a worthwhile burst has gathered. */
  dry: boolean;
}

/** Tokens gather for so long at most: a limit is never passed by more than this much of it. */
const GATHER_US = 100_000;
/** A burst is half a quantum; of a small limit so much of it, that a window of 10 s never holds 1 % more or less. */
const BURST_US = 50_000;
const SHORTEST_BURST_US = 1000;
const SHORTEST_GRANT_US = 200;
/** Timers fire a little early by the clock's grain. */
const LATE_US = 5;

export function openLimit(max: number, nowUs: number): Limit {
  return { max, tokensUs: 0, tokensAtUs: nowUs, dry: false };
}

/** A limit that was changed: what had gathered under the old one is void, debt is not. */
export function changeLimit(limit: Limit, max: number, nowUs: number): void {
  if (limit.max === max) return;
  limit.tokensUs = Math.min(limit.tokensUs + (nowUs - limit.tokensAtUs) * limit.max, 0);
  limit.tokensAtUs = nowUs;
  limit.max = max;
}

function burstUs({ max }: Limit, quantumUs: number): number {
  return Math.min(quantumUs / 2, Math.max(SHORTEST_BURST_US, max * BURST_US));
}

/** Pays for CPU that was used and gathers what time has brought. */
export function settle(limit: Limit, cpuUs: number, nowUs: number, quantumUs: number): void {
  const most = Math.max(limit.max * GATHER_US, burstUs(limit, quantumUs));
  const gathered = limit.tokensUs + (nowUs - limit.tokensAtUs) * limit.max;
  limit.tokensAtUs = nowUs;
  limit.tokensUs = Math.min(gathered - cpuUs, most);
  if (limit.tokensUs <= 0) limit.dry = true;
  else if (limit.tokensUs >= burstUs(limit, quantumUs)) limit.dry = false;
}

/** How long a grant may last: until the tokens, which gather meanwhile, are gone. @param running virtual CPUs at once */
export function grantSpanUs(limit: Limit, running: number, quantumUs: number): number {
  if (limit.max >= running) return quantumUs;
  return Math.min(quantumUs, Math.max(SHORTEST_GRANT_US, limit.tokensUs / (running - limit.max)));
}

/** When a dry limit lets it run again, unless it used more meanwhile. A limit of 0 never does. @param rate tokens per µs */
export function gatheredAtUs(limit: Limit, rate: number, quantumUs: number): number {
  if (rate <= 0) return Number.POSITIVE_INFINITY;
  return limit.tokensAtUs + (burstUs(limit, quantumUs) - limit.tokensUs) / rate + LATE_US;
}

/** How many bursts are there to be spent, at least 0. */
export function burstsOf(limit: Limit, quantumUs: number): number {
  return Math.max(0, Math.floor(limit.tokensUs / burstUs(limit, quantumUs)));
}
