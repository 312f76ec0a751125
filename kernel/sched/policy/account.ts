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
  account.virtualUs += cpuUs / Math.max(account.entitled, LEAST_ENTITLED);
}

/** A waker keeps a bounded credit for the time it slept. @param lagUs that much at full entitlement */
export function creditOnWake(account: Account, floorUs: number, lagUs: number): void {
  account.virtualUs = Math.max(account.virtualUs, floorUs - lagUs);
}
