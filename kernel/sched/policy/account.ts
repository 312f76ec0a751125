/** The proportional-share account of one entity: virtual time is CPU used ÷ entitlement. Pure. All times in µs. */
export interface Account {
  /** CPU used ÷ entitlement; who has least runs next. Overruns are debt by themselves. */
  virtualUs: number;
  /** Present entitlement in PCPUs. */
  entitled: number;
}

/** An entity without entitlement (zero shares) still advances, very fast. */
const LEAST_ENTITLED = 1e-6;

export function openAccount(): Account {
  return { virtualUs: 0, entitled: 1 };
}

export function charge(account: Account, cpuUs: number): void {
  account.virtualUs += virtualOf(account, cpuUs);
}

/** The virtual time that so much CPU is to it. */
export function virtualOf({ entitled }: Account, cpuUs: number): number {
  return cpuUs / Math.max(entitled, LEAST_ENTITLED);
}

/**
 * Changes the entitlement. What it is ahead of the floor, or behind, is CPU time that was used under the old one: it
 * stays the same amount of CPU, so that nobody is starved by a debt that a tiny entitlement blew up.
 */
export function entitle(
  account: Account,
  entitled: number,
  floorUs: number,
  bound: { readonly behindUs: number; readonly aheadUs: number },
): void {
  const old = Math.max(account.entitled, LEAST_ENTITLED);
  const lagUs = ((account.virtualUs - floorUs) * old) / Math.max(entitled, LEAST_ENTITLED);
  account.entitled = entitled;
  account.virtualUs = floorUs + Math.max(-bound.behindUs, Math.min(lagUs, bound.aheadUs));
}

/** A waker keeps a bounded credit for the time it slept. @param lagUs that much at full entitlement */
export function creditOnWake(account: Account, floorUs: number, lagUs: number): void {
  account.virtualUs = Math.max(account.virtualUs, floorUs - lagUs);
}
