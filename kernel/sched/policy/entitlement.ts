/** What a schedulable entity may claim, in PCPUs. */
export interface Claim {
  readonly shares: number;
  /** Reservation: it gets this much before shares count. */
  readonly min: number;
  /** Limit or what it can use at all; Infinity = none. */
  readonly max: number;
}

const ROUNDS = 48;

/**
 * Entitlement by water-filling: λ such that Σ clamp(λ·shares, min, max) = min(capacity, Σ max).
 * Source: reference scheduler.md 3.2 (its vectors V1–V5 and V10 are the tests).
 * @param out one value per claim, in PCPUs; a claim never gets more than `perClaimMax`
 */
export function entitle(
  claims: readonly Claim[],
  capacity: number,
  perClaimMax: number,
  out: Float64Array,
): void {
  const at = (claim: Claim, level: number): number =>
    Math.min(Math.max(level * claim.shares, Math.min(claim.min, claim.max)), claim.max, perClaimMax);
  const sum = (level: number): number => {
    let total = 0;
    for (const claim of claims) total += at(claim, level);
    return total;
  };
  let most = 0;
  for (const claim of claims) most += Math.min(claim.max, perClaimMax);
  const goal = Math.min(capacity, most);
  let low = 0;
  let high = 1 / 65_536;
  for (let doublings = 0; doublings < 64 && sum(high) < goal - 1e-9; doublings++) high *= 2;
  for (let round = 0; round < ROUNDS; round++) {
    const middle = (low + high) / 2;
    if (sum(middle) < goal) low = middle;
    else high = middle;
  }
  for (let i = 0; i < claims.length; i++) {
    const claim = claims[i];
    if (claim !== undefined) out[i] = at(claim, high);
  }
}
