/**
 * The proportional-share account of one entity: virtual time (CPU used ÷ entitlement) and, under a limit, a token
 * bucket. Pure: the caller brings clocks. All times in µs.
 */
export interface Account {
  /** CPU used ÷ entitlement; who has least runs next. Overruns are debt by themselves. */
  virtualUs: number;
  /** Present entitlement in PCPUs. */
  entitled: number;
  /** Limit in PCPUs; Infinity = none. */
  max: number;
  tokensUs: number;
  tokensAtUs: number;
  /** The limit's tokens are gone; it may run again when half a quantum has gathered. */
  dry: boolean;
}

export function openAccount(virtualUs: number, nowUs: number, max: number): Account {
  return { virtualUs, entitled: 1, max, tokensUs: 0, tokensAtUs: nowUs, dry: false };
}

/** Charges CPU time that was measured, whoever of the entity's threads used it. */
export function charge(account: Account, cpuUs: number, nowUs: number, quantumUs: number): void {
  account.virtualUs += cpuUs / account.entitled;
  if (account.max === Number.POSITIVE_INFINITY) return;
  const refill = (nowUs - account.tokensAtUs) * account.max;
  account.tokensAtUs = nowUs;
  account.tokensUs = Math.min(account.tokensUs + refill - cpuUs, quantumUs);
  if (account.tokensUs <= 0) account.dry = true;
  else if (account.tokensUs >= quantumUs / 2) account.dry = false;
}

/** How long a grant may last: a limited entity runs until its tokens, which refill meanwhile, are gone. */
export function grantSpanUs(account: Account, quantumUs: number): number {
  if (account.max >= 1) return quantumUs;
  return Math.min(quantumUs, Math.max(200, account.tokensUs / (1 - account.max)));
}

/** When a dry entity has gathered half a quantum again. */
export function refilledAtUs(account: Account, nowUs: number, quantumUs: number): number {
  return nowUs + (quantumUs / 2 - account.tokensUs) / account.max + 5;
}

/** A waker keeps a bounded credit for the time it slept: two quanta at full entitlement. */
export function creditOnWake(account: Account, floorUs: number, quantumUs: number): void {
  account.virtualUs = Math.max(account.virtualUs, floorUs - quantumUs * 2);
}
